"""What records of several nouns have in common."""

from __future__ import annotations

from storetwin.mapping.models import Field, Kind, Part, Reference

META = Field(
    "meta",
    Kind.JSON,
    "Custom fields",
    "meta_data",
    about="As the store lists them: id, key and value of each.",
    is_personal=True,
    is_mapped=False,
)
CUSTOM = Field(
    "custom",
    Kind.JSON,
    "Own fields",
    about="What an import mapping made of the record beyond the columns, by name.",
    is_mapped=False,
)

SNAPSHOT_TELLS = "when the store last wrote it: its snapshot says so; every save moves it"
KEPT_NOWHERE = {"id": "its link has it", "_links": "addresses of the store's own API"}
FOLLOWS = "follows from other members"
COUNTED = "counts other records"

LINE_META = Field(
    "meta",
    Kind.JSON,
    "Custom fields",
    "meta_data",
    about="As the store lists them, with the names and values that it shows.",
)
TAXES = Field(
    "taxes",
    Kind.JSON,
    "Taxes",
    "taxes",
    about="By tax rate of the store: its id, the tax of the total and of the subtotal.",
)
MONEY_OF_LINE = (
    Field("total", Kind.MONEY, "Total", "total", about="After discounts, without tax."),
    Field("total_tax", Kind.MONEY, "Tax", "total_tax", about="Of the total."),
    TAXES,
)
LINE_IGNORED = {
    "image": "a picture of the product, whose own record has it",
    "parent_name": "the name of the product, of which a variation is one",
}


_REFUNDED = (
    Field(
        "order_line_key",
        Kind.TEXT,
        "Line of the order",
        "meta:_refunded_item_id",
        about="The key of what is refunded within the order.",
    ),
)


def lines_of(prefix: str) -> tuple[Part, ...]:
    """Return the lines that orders and refunds have; a refund's amounts and quantities are negative."""
    more = _REFUNDED if prefix == "refund" else ()
    return (
        _product_lines(prefix, more),
        _shipping_lines(prefix, more),
        _fee_lines(prefix, more),
        _tax_lines(prefix),
    )


def _product_lines(prefix: str, more: tuple[Field, ...]) -> Part:
    return Part(
        table=f"{prefix}_lines",
        source="line_items",
        about="What was given back, product by product; quantities and amounts are negative."
        if more
        else "What was sold, product by product.",
        fields=(
            Field("name", Kind.TEXT, "Name", "name", about="As it was when it was sold."),
            Field("sku", Kind.TEXT, "SKU", "sku"),
            Field("gtin", Kind.TEXT, "GTIN", "global_unique_id"),
            Field("quantity", Kind.NUMBER, "Quantity", "quantity"),
            Field("price", Kind.NUMBER, "Price", "price", about="Of one, after discounts."),
            Field("tax_class", Kind.TEXT, "Tax class", "tax_class"),
            Field("subtotal", Kind.MONEY, "Subtotal", "subtotal", about="Before discounts."),
            Field("subtotal_tax", Kind.MONEY, "Tax of the subtotal", "subtotal_tax"),
            *MONEY_OF_LINE,
            LINE_META,
            *more,
        ),
        references=(
            Reference("product_id", "products", "product_id", "Product"),
            Reference("variation_id", "variations", "variation_id", "Variation"),
        ),
        ignored=LINE_IGNORED,
    )


def _shipping_lines(prefix: str, more: tuple[Field, ...]) -> Part:
    return Part(
        table=f"{prefix}_shipping_lines",
        source="shipping_lines",
        about="What of the shipping was given back."
        if more
        else "How it is shipped, and what that costs.",
        fields=(
            Field("title", Kind.TEXT, "Title", "method_title"),
            Field("method", Kind.TEXT, "Method", "method_id"),
            Field("zone_method", Kind.TEXT, "Method of a zone", "instance_id"),
            Field("tax_status", Kind.TEXT, "Taxed", "tax_status"),
            *MONEY_OF_LINE,
            LINE_META,
            *more,
        ),
    )


def _fee_lines(prefix: str, more: tuple[Field, ...]) -> Part:
    return Part(
        table=f"{prefix}_fee_lines",
        source="fee_lines",
        about="What of the fees was given back."
        if more
        else "Fees, and what is taken off beside coupons: that is a negative fee.",
        fields=(
            Field("name", Kind.TEXT, "Name", "name"),
            Field("tax_class", Kind.TEXT, "Tax class", "tax_class"),
            Field("tax_status", Kind.TEXT, "Taxed", "tax_status"),
            Field("amount", Kind.MONEY, "Amount", "amount", about="As somebody entered it."),
            *MONEY_OF_LINE,
            LINE_META,
            *more,
        ),
    )


def _tax_lines(prefix: str) -> Part:
    return Part(
        table=f"{prefix}_tax_lines",
        source="tax_lines",
        about="What of each tax was given back."
        if prefix == "refund"
        else "The taxes in it, by rate.",
        fields=(
            Field("code", Kind.TEXT, "Code", "rate_code"),
            Field("label", Kind.TEXT, "Label", "label"),
            Field("percent", Kind.NUMBER, "Percent", "rate_percent"),
            Field(
                "is_compound",
                Kind.BOOLEAN,
                "Compound",
                "compound",
                about="It is reckoned on top of the other taxes.",
            ),
            Field("tax_total", Kind.MONEY, "Tax", "tax_total", about="But that of shipping."),
            Field("shipping_tax_total", Kind.MONEY, "Tax of shipping", "shipping_tax_total"),
            LINE_META,
        ),
        references=(Reference("tax_rate_id", "tax_rates", "rate_id", "Tax rate"),),
    )


def addresses_of(noun: str) -> tuple[Part, ...]:
    """Return the billing and the shipping address; one that says nothing is no row."""
    return tuple(
        Part(
            table=f"{noun}_addresses",
            source=kind,
            about="Where it is billed and shipped to."
            if noun == "order"
            else "Where the customer is billed and shipped to.",
            fields=tuple(
                Field(name, Kind.TEXT, label, source, is_personal=True)
                for name, label, source in (
                    ("first_name", "First name", "first_name"),
                    ("last_name", "Last name", "last_name"),
                    ("company", "Company", "company"),
                    ("street", "Street", "address_1"),
                    ("street_2", "Street, second line", "address_2"),
                    ("postcode", "Postcode", "postcode"),
                    ("city", "City", "city"),
                    ("state", "State", "state"),
                    ("country", "Country", "country"),
                    ("email", "E-mail", "email"),
                    ("phone", "Phone", "phone"),
                )
            ),
            key=None,
            is_object=True,
            constants={"kind": kind},
        )
        for kind in ("billing", "shipping")
    )


def image(label: str) -> tuple[Field, ...]:
    """Return the columns of a record's one picture."""
    return (
        Field("image_id", Kind.TEXT, f"{label}: id", "image.id", about="In the store's library."),
        Field("image_source", Kind.TEXT, label, "image.src", about="Its address."),
        Field("image_name", Kind.TEXT, f"{label}: name", "image.name"),
        Field("image_alt", Kind.TEXT, f"{label}: text", "image.alt", about="Read out instead."),
    )


IMAGE_IGNORED = dict.fromkeys(
    (
        "image.date_created",
        "image.date_created_gmt",
        "image.date_modified",
        "image.date_modified_gmt",
    ),
    "when the picture was uploaded",
)


def downloads_of(noun: str) -> Part:
    """Return the files that a buyer may download."""
    return Part(
        table=f"{noun}_downloads",
        source="downloads",
        about="Files that whoever buys it may download.",
        fields=(
            Field("name", Kind.TEXT, "Name", "name"),
            Field("file", Kind.TEXT, "File", "file", about="Its address."),
        ),
    )
