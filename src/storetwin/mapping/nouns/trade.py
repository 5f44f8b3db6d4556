"""What a store sold, and to whom: customers, orders, refunds."""

from __future__ import annotations

from storetwin.mapping.models import Field, Kind, Lookup, Match, Noun, Part, Reference
from storetwin.mapping.nouns.shapes import (
    COUNTED,
    CUSTOM,
    FOLLOWS,
    KEPT_NOWHERE,
    META,
    SNAPSHOT_TELLS,
    addresses_of,
    lines_of,
)
from storetwin.mapping.totals import derive_totals

CUSTOMERS = Noun(
    name="customers",
    resource="customers",
    label="Customer",
    about="Who buys, with an account or without: who has none is known by the e-mail of his orders.",
    fields=(
        Field("email", Kind.TEXT, "E-mail", "email", is_personal=True),
        Field("first_name", Kind.TEXT, "First name", "first_name", is_personal=True),
        Field("last_name", Kind.TEXT, "Last name", "last_name", is_personal=True),
        Field("username", Kind.TEXT, "Username", "username", is_personal=True),
        Field("role", Kind.TEXT, "Role", "role"),
        Field(
            "is_paying",
            Kind.BOOLEAN,
            "Has paid",
            "is_paying_customer",
            about="The store says that an order was paid.",
        ),
        Field(
            "is_guest",
            Kind.BOOLEAN,
            "Guest",
            about="No store knows an account with this e-mail; core found it on orders.",
            is_mapped=False,
        ),
        Field("registered_at", Kind.TIME, "Registered", "date_created_gmt", local="date_created"),
        META,
        CUSTOM,
    ),
    parts=addresses_of("customer"),
    lookups=(Lookup("email_lower", "email"), Lookup("last_name_key", "last_name")),
    match=Match.EMAIL,
    is_shared=True,
    ignored={
        **KEPT_NOWHERE,
        "date_modified": SNAPSHOT_TELLS,
        "date_modified_gmt": SNAPSHOT_TELLS,
        "avatar_url": "a picture at gravatar.com, by the e-mail",
    },
)
ORDERS = Noun(
    name="orders",
    resource="orders",
    label="Order",
    about="What somebody bought at once. All amounts of an order and its lines are in its currency.",
    fields=(
        Field("number", Kind.TEXT, "Number", "number", about="What people call it by."),
        Field("status", Kind.TEXT, "Status", "status", is_short=True),
        Field("currency", Kind.TEXT, "Currency", "currency"),
        Field(
            "total", Kind.MONEY, "Total", "total", about="With taxes; refunds are not taken off."
        ),
        Field("total_tax", Kind.MONEY, "Tax", "total_tax"),
        Field("cart_tax", Kind.MONEY, "Tax of lines and fees", "cart_tax"),
        Field("shipping_total", Kind.MONEY, "Shipping", "shipping_total"),
        Field("shipping_tax", Kind.MONEY, "Tax of shipping", "shipping_tax"),
        Field("discount_total", Kind.MONEY, "Discount", "discount_total"),
        Field("discount_tax", Kind.MONEY, "Tax of the discount", "discount_tax"),
        Field(
            "are_taxes_included",
            Kind.BOOLEAN,
            "Prices with tax",
            "prices_include_tax",
            about="Whether taxes were part of the prices that were entered; lines never contain them.",
        ),
        Field(
            "email",
            Kind.TEXT,
            "E-mail",
            "billing.email",
            about="Of whom it is billed to; without an account he is a guest by it.",
            is_personal=True,
        ),
        Field("placed_at", Kind.TIME, "Placed", "date_created_gmt", local="date_created"),
        Field("paid_at", Kind.TIME, "Paid", "date_paid_gmt", local="date_paid"),
        Field("completed_at", Kind.TIME, "Completed", "date_completed_gmt", local="date_completed"),
        Field("payment_method", Kind.TEXT, "Payment method", "payment_method"),
        Field("payment_title", Kind.TEXT, "Payment", "payment_method_title"),
        Field("transaction_id", Kind.TEXT, "Transaction", "transaction_id", is_personal=True),
        Field("created_via", Kind.TEXT, "Made by", "created_via", about="checkout, admin, …"),
        Field("customer_note", Kind.TEXT, "Customer's note", "customer_note", is_personal=True),
        Field("ip_address", Kind.TEXT, "IP address", "customer_ip_address", is_personal=True),
        Field("user_agent", Kind.TEXT, "Browser", "customer_user_agent", is_personal=True),
        Field(
            "store_version", Kind.TEXT, "Version of WooCommerce", "version", about="Which made it."
        ),
        Field("order_key", Kind.TEXT, "Key", "order_key", is_personal=True),
        Field("cart_hash", Kind.TEXT, "Hash of the cart", "cart_hash"),
        Field(
            "gift_cards",
            Kind.JSON,
            "Gift cards",
            "gift_cards",
            about="What they paid, as plugins for gift cards list it; the total is without it.",
            is_mapped=False,
        ),
        Field(
            "subtotal",
            Kind.MONEY,
            "Subtotal",
            about="Of the lines, before discounts and taxes.",
            is_mapped=False,
        ),
        Field("fee_total", Kind.MONEY, "Fees", about="Without taxes.", is_mapped=False),
        Field(
            "refunded_total",
            Kind.MONEY,
            "Refunded",
            about="What of the total was given back.",
            is_mapped=False,
        ),
        Field(
            "total_minor",
            Kind.INTEGER,
            "Total in cents",
            about="Or what else the smallest unit of the currency is; absent where there is no amount.",
            is_mapped=False,
        ),
        Field(
            "refunded_minor",
            Kind.INTEGER,
            "Refunded in cents",
            about="As the total.",
            is_mapped=False,
        ),
        Field("item_count", Kind.NUMBER, "Pieces", about="Of all lines together.", is_mapped=False),
        Field(
            "totals_difference",
            Kind.MONEY,
            "Difference",
            about="The total less what lines, shipping, fees and taxes add up to; 0 where they agree.",
            is_mapped=False,
        ),
        Field(
            "totals_note",
            Kind.TEXT,
            "Why they differ",
            about="In words; where they agree, what is odd all the same.",
            is_mapped=False,
        ),
        META,
        CUSTOM,
    ),
    parts=(
        *lines_of("order"),
        Part(
            table="order_coupon_lines",
            source="coupon_lines",
            about="The coupons of an order; what they take off is taken off its lines already.",
            fields=(
                Field("code", Kind.TEXT, "Code", "code", is_escaped=True),
                Field("discount", Kind.MONEY, "Discount", "discount"),
                Field("discount_tax", Kind.MONEY, "Tax of the discount", "discount_tax"),
                Field("discount_type", Kind.TEXT, "Type", "discount_type"),
                Field("nominal_amount", Kind.NUMBER, "Amount or percent", "nominal_amount"),
                Field("is_free_shipping", Kind.BOOLEAN, "Free shipping", "free_shipping"),
                META,
            ),
        ),
        Part(
            table="order_refunds",
            source="refunds",
            about="What an order says of its refunds; refunds has them whole.",
            fields=(
                Field("reason", Kind.TEXT, "Reason", "reason"),
                Field("total", Kind.MONEY, "Total", "total", about="Negative."),
            ),
        ),
        *addresses_of("order"),
    ),
    references=(
        Reference("customer_id", "customers", "customer_id", "Customer", comes_along=True),
        Reference("parent_order_id", "orders", "parent_id", "Belongs to"),
    ),
    lookups=(Lookup("email_lower", "email"), Lookup("number_key", "number")),
    ignored={
        **KEPT_NOWHERE,
        "date_modified": SNAPSHOT_TELLS,
        "date_modified_gmt": SNAPSHOT_TELLS,
        "payment_url": "an address with the host of the request; it follows from id and key",
        "currency_symbol": FOLLOWS,
        "is_editable": FOLLOWS,
        "needs_payment": FOLLOWS,
        "needs_processing": FOLLOWS,
    },
    derive=derive_totals,
)
REFUNDS = Noun(
    name="refunds",
    resource="refunds",
    label="Refund",
    about="What of an order was given back, in the currency of the order.",
    fields=(
        Field("amount", Kind.MONEY, "Amount", "amount", about="Positive; its lines are negative."),
        Field("reason", Kind.TEXT, "Reason", "reason"),
        Field("refunded_at", Kind.TIME, "Refunded", "date_created_gmt", local="date_created"),
        Field("refunded_by", Kind.TEXT, "By", "refunded_by", about="Id of the user in the store."),
        Field(
            "is_paid_back",
            Kind.BOOLEAN,
            "Paid back",
            "refunded_payment",
            about="The payment gateway gave the money back.",
        ),
        META,
        CUSTOM,
    ),
    parts=lines_of("refund"),
    references=(
        Reference("order_id", "orders", "parent_id", "Order", is_container=True, comes_along=True),
    ),
    ignored=KEPT_NOWHERE,
)
ORDER_NOTES = Noun(
    name="order_notes",
    resource="order_notes",
    label="Order note",
    about="What people and the store wrote down about an order.",
    fields=(
        Field("note", Kind.TEXT, "Note", "note", is_personal=True),
        Field("author", Kind.TEXT, "Author", "author", is_personal=True),
        Field("is_for_customer", Kind.BOOLEAN, "For the customer", "customer_note"),
        Field("written_at", Kind.TIME, "Written", "date_created_gmt", local="date_created"),
        META,
        CUSTOM,
    ),
    references=(
        Reference("order_id", "orders", "order_id", "Order", is_container=True, comes_along=True),
    ),
    ignored=KEPT_NOWHERE,
)


def _scope(
    table: str, noun: str, singular: str, label: str, sources: dict[str, str]
) -> tuple[Part, ...]:
    return tuple(
        Part(
            table=table,
            source=source,
            about=f"For which {noun} a coupon holds, and for which it does not.",
            key="",
            constants={"kind": kind},
            references=(Reference(f"{singular}_id", noun, "", label),),
        )
        for source, kind in sources.items()
    )


COUPONS = Noun(
    name="coupons",
    resource="coupons",
    label="Coupon",
    about="Codes that take something off an order.",
    fields=(
        Field("code", Kind.TEXT, "Code", "code", is_escaped=True),
        Field("description", Kind.TEXT, "Description", "description"),
        Field("status", Kind.TEXT, "Status", "status", is_short=True),
        Field("discount_type", Kind.TEXT, "Type", "discount_type"),
        Field("amount", Kind.MONEY, "Amount or percent", "amount"),
        Field(
            "currency",
            Kind.TEXT,
            "Currency",
            site="currency",
            about="Of the amounts: the store's.",
            is_mapped=False,
        ),
        Field("expires_at", Kind.TIME, "Expires", "date_expires_gmt", local="date_expires"),
        Field("issued_at", Kind.TIME, "Made", "date_created_gmt", local="date_created"),
        Field("is_individual", Kind.BOOLEAN, "Alone only", "individual_use"),
        Field("is_free_shipping", Kind.BOOLEAN, "Free shipping", "free_shipping"),
        Field("is_without_sale", Kind.BOOLEAN, "Not for what is on sale", "exclude_sale_items"),
        Field("minimum_amount", Kind.MONEY, "From", "minimum_amount"),
        Field("maximum_amount", Kind.MONEY, "Up to", "maximum_amount"),
        Field("usage_limit", Kind.INTEGER, "Uses", "usage_limit"),
        Field("usage_limit_per_user", Kind.INTEGER, "Uses a customer", "usage_limit_per_user"),
        Field("item_limit", Kind.INTEGER, "Pieces", "limit_usage_to_x_items"),
        Field("emails", Kind.TEXTS, "For e-mails", "email_restrictions", is_personal=True),
        META,
        CUSTOM,
    ),
    parts=(
        *_scope(
            "coupon_products",
            "products",
            "product",
            "Product",
            {"product_ids": "included", "excluded_product_ids": "excluded"},
        ),
        *_scope(
            "coupon_categories",
            "categories",
            "category",
            "Category",
            {"product_categories": "included", "excluded_product_categories": "excluded"},
        ),
        *_scope(
            "coupon_brands",
            "brands",
            "brand",
            "Brand",
            {"product_brands": "included", "excluded_product_brands": "excluded"},
        ),
    ),
    lookups=(Lookup("code_key", "code"),),
    ignored={
        **KEPT_NOWHERE,
        "date_modified": SNAPSHOT_TELLS,
        "date_modified_gmt": SNAPSHOT_TELLS,
        "usage_count": COUNTED,
        "used_by": "who used it: orders with its code say so",
    },
)
REVIEWS = Noun(
    name="reviews",
    resource="reviews",
    label="Review",
    about="What customers say of a product.",
    fields=(
        Field("status", Kind.TEXT, "Status", "status", is_short=True),
        Field("rating", Kind.INTEGER, "Rating", "rating", about="Stars, from 1 to 5; 0 is none."),
        Field("review", Kind.TEXT, "Review", "review", about="HTML.", is_personal=True),
        Field("reviewer", Kind.TEXT, "Reviewer", "reviewer", is_personal=True),
        Field("email", Kind.TEXT, "E-mail", "reviewer_email", is_personal=True),
        Field("is_verified", Kind.BOOLEAN, "Bought it", "verified"),
        Field("written_at", Kind.TIME, "Written", "date_created_gmt", local="date_created"),
        META,
        CUSTOM,
    ),
    references=(Reference("product_id", "products", "product_id", "Product", comes_along=True),),
    lookups=(Lookup("email_lower", "email"),),
    ignored={
        **KEPT_NOWHERE,
        "product_name": "the product's own record says it",
        "product_permalink": "the product's own record says it",
        "reviewer_avatar_urls": "pictures at gravatar.com, by the e-mail",
    },
)
