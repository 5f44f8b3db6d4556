"""What a store sells: products, their variations, what sorts them, and what customers say of them.

The parameters of the lists and what each route takes were measured on WooCommerce 10.5
(docs/explanation/how-a-store-behaves.md).
"""

from __future__ import annotations

from storetwin.resources.declaration import Columns, Counted, Lists, Resource

_ANY_AND_TRASH = Lists(
    fixed=({"status": "any"}, {"status": "trash"}),
    preferred=("include_status", {"include_status": "any,trash"}),
)

CATEGORIES = Resource(
    name="categories",
    path="products/categories",
    single="products/categories/{id}",
    is_translated=True,
    search=("name",),
    columns=Columns(name=("name",)),
)
TAGS = Resource(
    name="tags",
    path="products/tags",
    single="products/tags/{id}",
    is_translated=True,
    search=("name",),
    columns=Columns(name=("name",)),
)
BRANDS = Resource(  # in WooCommerce itself since 9.6
    name="brands",
    path="products/brands",
    single="products/brands/{id}",
    is_translated=True,
    search=("name",),
    columns=Columns(name=("name",)),
)
SHIPPING_CLASSES = Resource(
    name="shipping_classes",
    path="products/shipping_classes",
    single="products/shipping_classes/{id}",
    is_translated=True,
    search=("name",),
    columns=Columns(name=("name",)),
)
ATTRIBUTES = Resource(
    name="attributes",
    path="products/attributes",
    single="products/attributes/{id}",
    is_paged=False,
    can_include=False,
    search=("name",),
    columns=Columns(name=("name",)),
)
TERMS = Resource(
    name="terms",
    path="products/attributes/{parent}/terms",
    parent="attributes",
    single="products/attributes/{parent}/terms/{id}",
    is_translated=True,
    search=("name",),
    columns=Columns(name=("name",)),
)
PRODUCTS = Resource(
    name="products",
    path="products",
    single="products/{id}",
    foreign=("type", "variation"),
    is_translated=True,
    lists=_ANY_AND_TRASH,
    has_modified=True,
    counted=Counted(post_types=("product",)),
    volatile=("_links", "related_ids", "permalink"),
    search=("name", "sku"),
    columns=Columns(name=("name",), sku="sku"),
)
VARIATIONS = Resource(  # the top-level list since 10.3
    name="variations",
    path="variations",
    single="products/{parent}/variations/{id}",
    is_translated=True,
    lists=_ANY_AND_TRASH,
    has_modified=True,
    counted=Counted(post_types=("product_variation",)),
    volatile=("_links", "permalink"),
    search=("name", "sku"),
    columns=Columns(name=("name",), sku="sku"),
    fallback="products/{parent}/variations",
    fallback_parent="products",
    fallback_member="variations",
)
REVIEWS = Resource(
    name="reviews",
    path="products/reviews",
    single="products/reviews/{id}",
    lists=Lists(fixed=({"status": "all"}, {"status": "spam"}, {"status": "trash"})),
    volatile=("_links", "product_permalink"),
    search=("reviewer", "reviewer_email"),
)
