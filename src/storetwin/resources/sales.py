"""What a store sold, and to whom: orders, their refunds and notes, customers, coupons.

The parameters of the lists and what each route takes were measured on WooCommerce 10.5
(docs/explanation/how-a-store-behaves.md).
"""

from __future__ import annotations

from storetwin.resources.declaration import Columns, Counted, Lists, Resource

_ORDER_POSTS = ("shop_order_placehold", "shop_order", "shop_order_refund")

CUSTOMERS = Resource(
    name="customers",
    path="customers",
    single="customers/{id}",
    lists=Lists(fixed=({"role": "all"},)),
    has_modified=True,
    search=("email", "username", "first_name", "last_name"),
    columns=Columns(name=("first_name", "last_name")),
)
COUPONS = Resource(
    name="coupons",
    path="coupons",
    single="coupons/{id}",
    lists=Lists(fixed=({"status": "publish,trash"},)),
    has_modified=True,
    counted=Counted(post_types=("shop_coupon",)),
    search=("code",),
    columns=Columns(name=("code",)),
)
ORDER_STATUSES = Resource(  # a list of its own in newer versions; the totals name them in all
    name="order_statuses",
    path="orders/statuses",
    single=None,
    key="slug",
    has_numeric_key=False,
    is_paged=False,
    can_include=False,
    volatile=("_links", "total"),
    search=("name",),
    fallback="reports/orders/totals",
)
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
    columns=Columns(
        number="number",
        name=("billing.first_name", "billing.last_name"),
        currency="currency",
        total="total",
        refunds="refunds",
        items="line_items",
    ),
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
ORDER_NOTES = Resource(  # a request an order: only where a person wants them
    name="order_notes",
    path="orders/{parent}/notes",
    parent="orders",
    single="orders/{parent}/notes/{id}",
    is_paged=False,
    can_include=False,
    is_extra=True,
    search=("author",),
)
