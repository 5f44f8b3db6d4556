"""Every resource, in the order in which it is pulled: containers before what they contain.

The parameters of the lists and what each route takes were measured on WooCommerce 10.5
(docs/explanation/how-a-store-behaves.md).
"""

from __future__ import annotations

from collections.abc import Iterable

from storetwin.kernel.errors import UnknownNameError
from storetwin.resources.declaration import Counted, Lists, Resource

_ANY_AND_TRASH = Lists(
    fixed=({"status": "any"}, {"status": "trash"}),
    preferred=("include_status", {"include_status": "any,trash"}),
)
_ORDER_POSTS = ("shop_order_placehold", "shop_order", "shop_order_refund")

ORDERS = Resource(
    name="orders",
    path="orders",
    single="orders/{id}",
    lists=Lists(
        fixed=({"status": "any"}, {"status": "trash"}),
        every_status_but=frozenset({"any", "auto-draft"}),
    ),
    light="id,date_modified_gmt",
    has_modified=True,
    counted=Counted(post_types=_ORDER_POSTS, together_with=("refunds",)),
    volatile=("_links", "payment_url"),
    search=("number", "billing.email", "billing.first_name", "billing.last_name"),
)
REFUNDS = Resource(
    name="refunds",
    path="refunds",
    single="orders/{parent}/refunds/{id}",
    volatile=("_links", "parent_id"),  # below its order a refund is shown without its parent_id
    search=("reason",),
    fallback="orders/{parent}/refunds",
    fallback_parent="orders",
    fallback_member="refunds",
)
PRODUCTS = Resource(
    name="products",
    path="products",
    single="products/{id}",
    lists=_ANY_AND_TRASH,
    has_modified=True,
    counted=Counted(post_types=("product",)),
    volatile=("_links", "related_ids", "permalink"),
    search=("name", "sku"),
)
VARIATIONS = Resource(
    name="variations",
    path="variations",
    single="products/{parent}/variations/{id}",
    lists=_ANY_AND_TRASH,
    has_modified=True,
    counted=Counted(post_types=("product_variation",)),
    volatile=("_links", "permalink"),
    search=("name", "sku"),
    fallback="products/{parent}/variations",
    fallback_parent="products",
    fallback_member="variations",
)
CUSTOMERS = Resource(
    name="customers",
    path="customers",
    single="customers/{id}",
    lists=Lists(fixed=({"role": "all"},)),
    has_modified=True,
    search=("email", "username", "first_name", "last_name"),
)
CATEGORIES = Resource(
    name="categories",
    path="products/categories",
    single="products/categories/{id}",
    search=("name",),
)
TAGS = Resource(name="tags", path="products/tags", single="products/tags/{id}", search=("name",))
ATTRIBUTES = Resource(
    name="attributes",
    path="products/attributes",
    single="products/attributes/{id}",
    is_paged=False,
    can_include=False,
    search=("name",),
)
TERMS = Resource(
    name="terms",
    path="products/attributes/{parent}/terms",
    parent="attributes",
    single="products/attributes/{parent}/terms/{id}",
    search=("name",),
)
COUPONS = Resource(
    name="coupons",
    path="coupons",
    single="coupons/{id}",
    lists=Lists(fixed=({"status": "publish,trash"},)),
    has_modified=True,
    counted=Counted(post_types=("shop_coupon",)),
    search=("code",),
)
TAXES = Resource(
    name="taxes", path="taxes", single="taxes/{id}", can_include=False, search=("name",)
)
TAX_CLASSES = Resource(
    name="tax_classes",
    path="taxes/classes",
    single=None,
    key="slug",
    is_paged=False,
    can_include=False,
    search=("name",),
)

RESOURCES: tuple[Resource, ...] = (
    TAX_CLASSES,
    TAXES,
    CATEGORIES,
    TAGS,
    ATTRIBUTES,
    TERMS,
    PRODUCTS,
    VARIATIONS,
    CUSTOMERS,
    COUPONS,
    ORDERS,
    REFUNDS,
)
_BY_NAME = {resource.name: resource for resource in RESOURCES}


def named(name: str) -> Resource:
    """Return the resource called ``name``.

    Raises:
        UnknownNameError: there is none; names those that exist.
    """
    try:
        return _BY_NAME[name.replace("-", "_")]
    except KeyError:
        raise UnknownNameError(
            f"There is no resource {name!r}.",
            remedy=f"Choose from: {', '.join(sorted(_BY_NAME))}.",
        ) from None


def ordered(names: Iterable[str]) -> tuple[Resource, ...]:
    """Return the named resources in pull order, with the containers they are listed in.

    No names means all of them.

    Raises:
        UnknownNameError: a name is unknown.
    """
    wanted = {named(name).name for name in names}
    if not wanted:
        return RESOURCES
    wanted |= {parent for name in wanted if (parent := _BY_NAME[name].parent)}
    return tuple(resource for resource in RESOURCES if resource.name in wanted)
