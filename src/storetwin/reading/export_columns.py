"""What an export has in columns: flat, typed, and the same for every store. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storetwin.reading.fields import COLUMNS, Field, read_field
from storetwin.reading.fields import Kind as ColumnKind


class Kind(StrEnum):
    """What a column of an export holds."""

    TEXT = "text"
    INTEGER = "integer"
    MONEY = "money"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """A column of an export.

    Args:
        field: where its value stands; lists on the way give a list.
    """

    name: str
    kind: Kind
    field: Field


_ADDRESS = "first_name last_name company address_1 address_2 city state postcode country phone"
_DATES = "date_created_gmt:time date_modified_gmt:time"
_DECLARED: Mapping[str, str] = {
    "orders": "id:integer number connection status currency total:money total_tax:money "
    "shipping_total:money discount_total:money cart_tax:money customer_id:integer "
    f"{_DATES} date_paid_gmt:time date_completed_gmt:time payment_method payment_method_title "
    f"transaction_id created_via billing.email {{billing}} {{shipping}} customer_note "
    "line_items[].sku line_items[].quantity coupon_lines[].code",
    "customers": f"id:integer connection email username first_name last_name role "
    f"is_paying_customer:boolean {_DATES} billing.email {{billing}} {{shipping}}",
    "products": f"id:integer connection name slug sku type status catalog_visibility price:money "
    f"regular_price:money sale_price:money stock_status stock_quantity:integer "
    f"manage_stock:boolean total_sales:integer weight parent_id:integer tax_status tax_class "
    f"categories[].name tags[].name permalink {_DATES}",
    "variations": f"id:integer connection parent sku status price:money regular_price:money "
    f"sale_price:money stock_status stock_quantity:integer attributes[].name attributes[].option "
    f"weight permalink {_DATES}",
    "coupons": f"id:integer connection code status discount_type amount:money usage_count:integer "
    f"usage_limit:integer individual_use:boolean free_shipping:boolean minimum_amount:money "
    f"maximum_amount:money date_expires_gmt:time {_DATES}",
    "refunds": "id:integer connection parent amount:money reason refunded_by:integer "
    "date_created_gmt:time",
    "reviews": "id:integer connection product_id:integer product_name status reviewer "
    "reviewer_email review rating:integer verified:boolean date_created_gmt:time",
}
DECLARED_RESOURCES = tuple(_DECLARED)
_GENERIC = "connection remote_id parent state status created_at modified_at"
DOCUMENT = ExportColumn("document", Kind.TEXT, Field("document"))


def columns_of(resource: str) -> tuple[ExportColumn, ...]:
    """Return the columns in which a resource is exported; where none are declared, its document."""
    declared = _DECLARED.get(resource)
    if declared is None:
        return (*chosen_columns(_GENERIC.split(), resource), DOCUMENT)
    for name in ("billing", "shipping"):
        own = " ".join(f"{name}.{part}" for part in _ADDRESS.split())
        declared = declared.replace(f"{{{name}}}", own)
    return tuple(_column(text) for text in declared.split())


def chosen_columns(names: Sequence[str], resource: str) -> tuple[ExportColumn, ...]:
    """Return columns of fields that somebody names; what has a type by declaration keeps it.

    Raises:
        FieldError: one cannot be a field.
    """
    declared = {}
    if resource in _DECLARED:
        declared = {column.name: column for column in columns_of(resource)}
    return tuple(declared.get(name) or _column(name) for name in dict.fromkeys(names))


def _column(text: str) -> ExportColumn:
    name, _, kind = text.partition(":")
    field = read_field(name)
    if field.column and COLUMNS[field.column] is not ColumnKind.TEXT:
        kind = "time" if COLUMNS[field.column] is ColumnKind.TIME else "integer"
    return ExportColumn(name, Kind(kind or "text"), field)
