"""What a store sells: products and their variations."""

from __future__ import annotations

from storetwin.mapping.models import Field, Kind, Lookup, Match, Noun, Part, Reference
from storetwin.mapping.nouns.shapes import (
    COUNTED,
    CUSTOM,
    FOLLOWS,
    IMAGE_IGNORED,
    KEPT_NOWHERE,
    META,
    SNAPSHOT_TELLS,
    downloads_of,
    image,
)

_PRICES = (
    Field("price", Kind.MONEY, "Price", "price", about="What it costs now, sale or not."),
    Field("regular_price", Kind.MONEY, "Regular price", "regular_price"),
    Field("sale_price", Kind.MONEY, "Sale price", "sale_price"),
    Field(
        "sale_starts_at",
        Kind.TIME,
        "Sale starts",
        "date_on_sale_from_gmt",
        local="date_on_sale_from",
    ),
    Field("sale_ends_at", Kind.TIME, "Sale ends", "date_on_sale_to_gmt", local="date_on_sale_to"),
    Field("is_on_sale", Kind.BOOLEAN, "On sale", "on_sale"),
    Field(
        "currency",
        Kind.TEXT,
        "Currency",
        site="currency",
        about="Of the prices: the store's.",
        is_mapped=False,
    ),
)
_GOODS = (
    Field("sku", Kind.TEXT, "SKU", "sku"),
    Field("gtin", Kind.TEXT, "GTIN", "global_unique_id", about="Or UPC, EAN, ISBN."),
    Field("status", Kind.TEXT, "Status", "status", is_short=True),
    Field("permalink", Kind.TEXT, "Address", "permalink", about="Of its page in the store."),
    *_PRICES,
    Field("is_purchasable", Kind.BOOLEAN, "Can be bought", "purchasable"),
    Field("is_virtual", Kind.BOOLEAN, "Virtual", "virtual", about="Nothing is shipped."),
    Field("is_downloadable", Kind.BOOLEAN, "Downloadable", "downloadable"),
    Field(
        "download_limit",
        Kind.INTEGER,
        "Download limit",
        "download_limit",
        about="Times; -1 is no limit.",
    ),
    Field(
        "download_expiry",
        Kind.INTEGER,
        "Download expiry",
        "download_expiry",
        about="Days; -1 is never.",
    ),
    Field("tax_status", Kind.TEXT, "Taxed", "tax_status"),
    Field("tax_class", Kind.TEXT, "Tax class", "tax_class", about="Empty is the standard one."),
    Field("weight", Kind.NUMBER, "Weight", "weight"),
    Field("weight_unit", Kind.TEXT, "Unit of weight", site="weight_unit"),
    Field("length", Kind.NUMBER, "Length", "dimensions.length"),
    Field("width", Kind.NUMBER, "Width", "dimensions.width"),
    Field("height", Kind.NUMBER, "Height", "dimensions.height"),
    Field("dimension_unit", Kind.TEXT, "Unit of length", site="dimension_unit"),
    Field("menu_order", Kind.INTEGER, "Place", "menu_order", about="Where it stands in lists."),
    Field(
        "listed_at",
        Kind.TIME,
        "Listed",
        "date_created_gmt",
        local="date_created",
        about="When the store made it.",
    ),
    META,
    CUSTOM,
)
_LEVELS = (
    Field(
        "manage_stock",
        Kind.TEXT,
        "Stock is counted",
        "manage_stock",
        about="true, false, or parent: of a variation that shares its product's stock.",
        is_mapped=False,
    ),
    Field("quantity", Kind.NUMBER, "Stock", "stock_quantity", is_mapped=False),
    Field("status", Kind.TEXT, "Stock status", "stock_status", is_mapped=False),
    Field("backorders", Kind.TEXT, "Backorders", "backorders", is_mapped=False),
    Field(
        "low_quantity",
        Kind.NUMBER,
        "Low stock",
        "low_stock_amount",
        about="From here on it is low.",
        is_mapped=False,
    ),
)
_LOOKUPS = (Lookup("sku_key", "sku"),)
_IGNORED = {
    **KEPT_NOWHERE,
    "date_modified": SNAPSHOT_TELLS,
    "date_modified_gmt": SNAPSHOT_TELLS,
    "backorders_allowed": FOLLOWS,
    "backordered": FOLLOWS,
    "price_html": "the price as the store's theme writes it",
}
_SHIPPING_CLASS = Reference(
    "shipping_class_id", "shipping_classes", "shipping_class_id", "Shipping class", comes_along=True
)


def _assigned(noun: str, singular: str, label: str) -> Part:
    """Return the rows that say which categories, tags or brands a product has."""
    return Part(
        table=f"product_{noun}",
        source=noun,
        about=f"The {noun} of a product.",
        references=(Reference(f"{singular}_id", noun, "id", label, comes_along=True),),
        ignored=dict.fromkeys(("name", "slug"), "its own record says it"),
    )


def _related(source: str, kind: str) -> Part:
    return Part(
        table="product_relations",
        source=source,
        about="Products that go with a product: sold beside it, instead of it, or grouped in it.",
        key="",
        constants={"kind": kind},
        references=(Reference("related_product_id", "products", "", "Product"),),
    )


PRODUCTS = Noun(
    name="products",
    resource="products",
    label="Product",
    about="What is sold; one that comes in variations has them in variations.",
    fields=(
        Field("name", Kind.TEXT, "Name", "name"),
        Field("slug", Kind.TEXT, "Slug", "slug"),
        Field(
            "type", Kind.TEXT, "Type", "type", about="simple, variable, grouped, external, or more."
        ),
        Field("is_featured", Kind.BOOLEAN, "Featured", "featured"),
        Field("visibility", Kind.TEXT, "Visibility", "catalog_visibility"),
        Field("description", Kind.TEXT, "Description", "description", about="HTML."),
        Field(
            "short_description",
            Kind.TEXT,
            "Short description",
            "short_description",
            about="HTML.",
        ),
        Field("external_url", Kind.TEXT, "Sold at", "external_url", about="By somebody else."),
        Field("button_text", Kind.TEXT, "Text of its button", "button_text"),
        Field("is_sold_individually", Kind.BOOLEAN, "One an order", "sold_individually"),
        Field("are_reviews_allowed", Kind.BOOLEAN, "Takes reviews", "reviews_allowed"),
        Field("purchase_note", Kind.TEXT, "Note for buyers", "purchase_note"),
        Field(
            "default_attributes",
            Kind.JSON,
            "Default attributes",
            "default_attributes",
            about="The variation that is shown first.",
            is_mapped=False,
        ),
        *_GOODS,
    ),
    parts=(
        _assigned("categories", "category", "Category"),
        _assigned("tags", "tag", "Tag"),
        _assigned("brands", "brand", "Brand"),
        Part(
            table="product_attributes",
            source="attributes",
            about="The attributes of a product, each with what can be chosen.",
            key="name",
            fields=(
                Field("name", Kind.TEXT, "Name", "name"),
                Field("slug", Kind.TEXT, "Slug", "slug"),
                Field("is_visible", Kind.BOOLEAN, "Shown", "visible"),
                Field("is_for_variations", Kind.BOOLEAN, "Makes variations", "variation"),
                Field("options", Kind.TEXTS, "Options", "options"),
                Field(
                    "place",
                    Kind.INTEGER,
                    "Place",
                    "position",
                    about="As the store counts them.",
                ),
            ),
            references=(
                Reference("attribute_id", "attributes", "id", "Attribute", comes_along=True),
            ),
        ),
        Part(
            table="product_media",
            source="images",
            about="The pictures of a product, in their order; the first stands for it.",
            fields=(
                Field("source", Kind.TEXT, "Address", "src"),
                Field("name", Kind.TEXT, "Name", "name"),
                Field("alt", Kind.TEXT, "Text", "alt", about="Read out instead of it."),
                Field(
                    "uploaded_at",
                    Kind.TIME,
                    "Uploaded",
                    "date_created_gmt",
                    local="date_created",
                ),
            ),
            ignored={
                "date_modified": "when the picture last changed",
                "date_modified_gmt": "when the picture last changed",
            },
        ),
        downloads_of("product"),
        _related("upsell_ids", "upsell"),
        _related("cross_sell_ids", "cross_sell"),
        _related("grouped_products", "grouped"),
    ),
    references=(
        _SHIPPING_CLASS,
        Reference("parent_product_id", "products", "parent_id", "Belongs to"),
    ),
    levels=_LEVELS,
    lookups=(*_LOOKUPS, Lookup("name_key", "name")),
    match=Match.SKU,
    is_shared=True,
    ignored={
        **_IGNORED,
        "total_sales": "a counter of the store; orders tell what was sold",
        "average_rating": COUNTED,
        "rating_count": COUNTED,
        "related_ids": "others, drawn anew for each request",
        "variations": "each variation names its product",
        "has_options": FOLLOWS,
        "shipping_required": FOLLOWS,
        "shipping_taxable": FOLLOWS,
        "shipping_class": "the slug of its shipping class, whose own record has it",
    },
)
VARIATIONS = Noun(
    name="variations",
    resource="variations",
    label="Variation",
    about="What a product comes in: the red one, the large one.",
    fields=(
        Field("name", Kind.TEXT, "Name", "name"),
        Field("description", Kind.TEXT, "Description", "description", about="HTML."),
        *_GOODS,
        *image("Picture"),
    ),
    parts=(
        Part(
            table="variation_attributes",
            source="attributes",
            about="What of its product's attributes a variation is.",
            key="name",
            fields=(
                Field("name", Kind.TEXT, "Name", "name"),
                Field("slug", Kind.TEXT, "Slug", "slug"),
                Field("option", Kind.TEXT, "Option", "option"),
            ),
            references=(
                Reference("attribute_id", "attributes", "id", "Attribute", comes_along=True),
            ),
        ),
        downloads_of("variation"),
    ),
    references=(
        Reference(
            "product_id",
            "products",
            "parent_id",
            "Product",
            is_container=True,
            comes_along=True,
        ),
        _SHIPPING_CLASS,
    ),
    levels=_LEVELS,
    lookups=_LOOKUPS,
    match=Match.SKU,
    is_shared=True,
    ignored={
        **_IGNORED,
        **IMAGE_IGNORED,
        "type": "that it is a variation",
        "shipping_class": "the slug of its shipping class, whose own record has it",
    },
)
