"""What kind of record a route answers with, and what is known of such records beforehand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storetwin.testing.conformance.exchange import Json

# Records that are named by words instead of numbers.
_NAMED = re.compile(r"^(payment_gateways|shipping_methods|data/countries|settings/\w+)/\w+$")

# Lists whose members are the same in every store of this version, with the key that names them.
IDENTITIES = {
    "data": "slug",
    "data/countries": "code",
    "orders/statuses": "slug",
    "payment_gateways": "id",
    "reports": "slug",
    "reports/orders/totals": "slug",
    "settings": "id",
    "settings/general": "id",
    "shipping_methods": "id",
    "system_status/tools": "id",
}

# Values that hold whatever somebody stored there.
ANYTHING = re.compile(r"\.meta_data\[\]\.(value|display_value)$")

# Objects whose keys are data: a list of choices, a class of shipping, a day, a database table.
MAPS = re.compile(
    r"^(payment_gateways|shipping/zones/#/methods)\.settings$"
    r"|\.options(\.\*)?$"
    r"|^reports/sales\.totals$"
    r"|^system_status\.database\.database_tables\.\w+$"
)

# Texts that come as somebody entered them, however alike the recorded ones look.
AS_ENTERED = re.compile(r"(^|/)(products|variations)\.(price|regular_price|sale_price)$")

# Optional keys: which links a record has depends on what it is linked to.
OPTIONAL_KEYS = re.compile(r"\._links$")

# Types that another real store of the same version shows where the recordings hold fewer.
# Each pattern is searched for in the path of a value.
ALSO = (
    (re.compile(r"\.date_\w+$"), {"null", "str"}),
    (re.compile(r"\.(image|parent)$"), {"null", "object"}),
    (re.compile(r"\.image\.id$"), {"int", "str"}),
    (re.compile(r"\.(sku|parent_name|global_unique_id)$"), {"null", "str"}),
    (re.compile(r"\.(stock_quantity|low_stock_amount)$"), {"null", "int"}),
    (re.compile(r"\.(usage_limit\w*|limit_usage_to_x_items)$"), {"null", "int"}),
    (re.compile(r"\.(price|rate_percent|nominal_amount)$"), {"int", "float"}),
    (re.compile(r"^(products|variations|products/#/variations)\.manage_stock$"), {"bool", "str"}),
    (re.compile(r"\.environment\.remote_\w+_response$"), {"bool", "int", "str"}),
)

# Members of lists that are empty in every recording, as another real store of 10.5 holds them.
TAUGHT: tuple[tuple[str, Json], ...] = (
    ("coupons.used_by[]", "1105"),
    ("orders.refunds[]", {"id": 10080, "reason": "Order fully refunded.", "total": "-2574.66"}),
    ("orders/#/refunds.meta_data[]", {"id": 101255, "key": "_refund_type", "value": "full"}),
    ("products.brands[]", {"id": 123, "name": "Acme", "slug": "acme"}),
    ("products.cross_sell_ids[]", 15),
    ("products.grouped_products[]", 174),
    ("products.upsell_ids[]", 13),
    ("refunds.meta_data[]", {"id": 101255, "key": "_refund_type", "value": "full"}),
)


def kind_of(route: str) -> str:
    """Return what a route answers with, ids left out.

    ``orders``, ``orders/4100`` and ``orders/batch`` all speak of ``orders``;
    ``products/481/variations/482`` of ``products/#/variations``.
    """
    route = route.removesuffix("/batch")
    if _NAMED.match(route) and route != "data/currencies/current":
        return route.rpartition("/")[0]
    return re.sub(r"(?<=/)\d+", "#", route).removesuffix("/#")


@dataclass(frozen=True, slots=True)
class Located:
    """One record of an answer: where it stands, and the record."""

    where: str
    record: Json


def records_in(route: str, document: Json) -> Iterator[Located]:
    """Return the records of an answer, whatever they are wrapped in.

    A list holds them one by one, a batch by verb, a single answer is one itself.
    """
    if route.endswith("/batch") and isinstance(document, dict):
        for verb, members in document.items():
            for number, member in enumerate(members if isinstance(members, list) else []):
                yield Located(f"body.{verb}[{number}]", member)
    elif isinstance(document, list):
        for number, member in enumerate(document):
            yield Located(f"body[{number}]", member)
    else:
        yield Located("body", document)
