"""Which record of the store under test stands for a recorded one.

The recordings ask for particular records (order 4100, product 481). Another store has others, so
each recorded id is written down with the kind of record it was, and a record of that kind is
found by asking the store through its own lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from conformance.woocommerce.store_under_test import StoreUnderTest

# Which recorded id, SKU or address is what kind of record; ``?name`` is a parameter of the query.
# A recording that is not here asks for nothing particular.
_NOTED = {"11486": "an order with notes"}
_REFUNDED = {"11486": "an order with refunds"}
_ON_PAGE = {"4122": "the 5th order of page 20"}
_VARIABLE = {"481": "a variable product"}
_VARIATION = {**_VARIABLE, "482": "a variation of it"}
_TERMS = {"1": "an attribute with terms"}
_METHODS = {"2": "a zone with methods"}

SUBJECTS: Mapping[str, Mapping[str, str]] = {
    "batch_customers": {"52": "a customer"},
    "batch_orders": {"4100": "an order"},
    "batch_products_stock": {"12": "a simple product that manages its stock"},
    "batch_variations": {**_VARIATION, "3911": "a variation of another product"},
    "error_customer_trash_501": {"60": "a customer"},
    "error_dup_email": {"cust3@example.test": "the address of a customer"},
    "error_dup_sku": {"12": "a product with a SKU", "SKU-00001": "its SKU"},
    "error_refund_wrong_order": {"4100": "an order", "17501": "a refund of another order"},
    "error_type_error": {"12": "a simple product that manages its stock"},
    "error_variation_404": _VARIABLE,
    "fault_die_order_page": _ON_PAGE,
    "fault_exit_order_page": _ON_PAGE,
    "fault_fatal_order_accept_json": {"?include": "an order"},
    "fault_fatal_order_page": _ON_PAGE,
    "fault_oom_order_page": _ON_PAGE,
    "fault_perpage_fatal": _ON_PAGE,
    "fault_typeerror_order_page": _ON_PAGE,
    "lifecycle_order_delete_trash": {"35754": "an order that was just created"},
    "list_attribute_terms_p1": _TERMS,
    "list_attribute_terms_p2": _TERMS,
    "list_order_notes_p1": _NOTED,
    "list_order_notes_p2": _NOTED,
    "list_order_refunds_p1": _REFUNDED,
    "list_order_refunds_p2": _REFUNDED,
    "list_products_p2": {"?page": "the last page but one of products"},
    "list_variations_of_481_p1": _VARIABLE,
    "list_variations_of_481_p2": _VARIABLE,
    "list_zone_locations_p1": {"4": "a zone with locations"},
    "list_zone_locations_p2": {"4": "a zone with locations"},
    "list_zone_methods_p1": _METHODS,
    "list_zone_methods_p2": _METHODS,
    "single_attribute": _TERMS,
    "single_category": {"23": "a category"},
    "single_coupon": {"3280": "a coupon"},
    "single_customer": {"52": "a customer"},
    "single_order": {"4100": "an order"},
    "single_order_odd_meta": {"5211": "an order with meta"},
    "single_order_trashed": {"20945": "a trashed order"},
    "single_product_simple": {"12": "a simple product that manages its stock"},
    "single_product_variable": _VARIABLE,
    "single_refund": {**_REFUNDED, "11488": "a refund of it"},
    "single_review": {"27": "a review"},
    "single_tag": {"60": "a tag"},
    "single_tax": {"2": "a tax rate"},
    "single_term": {**_TERMS, "96": "a term of it"},
    "single_variation": _VARIATION,
    "single_variation_as_product": {"482": "a variation of it"},
    "single_webhook": {"2": "a webhook"},
    "single_zone": {"1": "a zone with locations"},
    "single_zone_method": {**_METHODS, "3": "a method of it"},
}  # fmt: skip

Finder = Callable[[StoreUnderTest], object]
Rows = list[dict[str, Any]]


def subjects_of(recording: str, store: StoreUnderTest) -> dict[str, str]:
    """Return recorded id (or ``?name`` of a parameter) → what stands for it in this store."""
    kinds = SUBJECTS.get(recording, {})
    return {recorded: str(found(store, kind)) for recorded, kind in kinds.items()}


@cache
def found(store: StoreUnderTest, kind: str) -> object:
    """Return what names a record of a kind: its id, or its SKU or address."""
    return _FINDERS[kind](store)


def _rows(store: StoreUnderTest, path: str, **query: object) -> Rows:
    rows: Rows = store.get(path, **{"per_page": 100, "orderby": "id", "order": "asc", **query})
    return rows


def _first(store: StoreUnderTest, rows: Iterable[dict[str, Any]], what: str) -> dict[str, Any]:
    row = next(iter(rows), None)
    if row is None:
        store.lacks(what)
    assert row is not None
    return row


def _one_of(path: str, **query: object) -> Finder:
    """Find the first record of a list."""

    def find(store: StoreUnderTest) -> object:
        rows = _rows(store, path, **{"per_page": 1, **query})
        return _first(store, rows, f"anything in {path} {query}")["id"]

    return find


def _with(rows: Rows, **wanted: object) -> Rows:
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def _an_order_with_notes(store: StoreUnderTest) -> object:
    orders = _rows(store, "orders", _fields="id")
    noted = (row for row in orders if store.get(f"orders/{row['id']}/notes"))
    return _first(store, noted, "an order with notes among its first hundred")["id"]


def _refund(store: StoreUnderTest) -> dict[str, Any]:
    return _first(store, _rows(store, "refunds"), "an order with refunds")


def _refund_of_another(store: StoreUnderTest) -> object:
    order = found(store, "an order")
    others = (row for row in _rows(store, "refunds") if row["parent_id"] != order)
    return _first(store, others, "orders with refunds")["id"]


def _fifth_on_page_20(store: StoreUnderTest) -> object:
    page = _rows(store, "orders", per_page=10, page=20, _fields="id")
    return _first(store, page[4:], "twenty pages of orders")["id"]


def _order_with_meta(store: StoreUnderTest) -> object:
    orders = _rows(store, "orders", status="completed")
    return _first(store, (row for row in orders if row["meta_data"]), "an order with meta")["id"]


def _stocked_product(store: StoreUnderTest) -> object:
    rows = _rows(store, "products", type="simple", status="publish")
    return _first(store, _with(rows, manage_stock=True), "a simple product with stock")["id"]


def _product_with_sku(store: StoreUnderTest) -> dict[str, Any]:
    rows = _rows(store, "products", type="simple", status="publish")
    return _first(store, (row for row in rows if row["sku"]), "a product with a SKU")


def _variable(store: StoreUnderTest, nth: int = 0) -> dict[str, Any]:
    rows = _rows(store, "products", type="variable", status="publish")
    rows.sort(key=lambda row: -len(row["variations"]))
    return _first(store, (row for row in rows[nth:] if row["variations"]), "a variable product")


def _variation(store: StoreUnderTest, nth: int = 0) -> object:
    return min(_variable(store, nth)["variations"])


def _customer_address(store: StoreUnderTest) -> object:
    rows = _rows(store, "customers")
    return _first(store, (row for row in rows if row["email"]), "a customer")["email"]


def _attribute(store: StoreUnderTest) -> object:
    rows = store.get("products/attributes")
    filled = sorted(rows, key=lambda row: -store.total(f"products/attributes/{row['id']}/terms"))
    return _first(store, filled, "an attribute")["id"]


def _term(store: StoreUnderTest) -> object:
    path = f"products/attributes/{found(store, 'an attribute with terms')}/terms"
    return _one_of(path)(store)


def _zone(store: StoreUnderTest, below: str) -> object:
    zones = (row for row in store.get("shipping/zones") if row["id"])
    filled = (row for row in zones if store.get(f"shipping/zones/{row['id']}/{below}"))
    return _first(store, filled, f"a shipping zone with {below}")["id"]


def _method(store: StoreUnderTest) -> object:
    zone = found(store, "a zone with methods")
    return store.get(f"shipping/zones/{zone}/methods")[0]["id"]


def _last_page_but_one(store: StoreUnderTest) -> object:
    return max(2, store.total("products") // 5)


_FINDERS: Mapping[str, Finder] = {
    "a category": _one_of("products/categories"),
    "a coupon": _one_of("coupons"),
    "a customer": _one_of("customers"),
    "a method of it": _method,
    "a product with a SKU": lambda store: _product_with_sku(store)["id"],
    "a refund of another order": _refund_of_another,
    "a refund of it": lambda store: _refund(store)["id"],
    "a review": _one_of("products/reviews"),
    "a simple product that manages its stock": _stocked_product,
    "a tag": _one_of("products/tags"),
    "a tax rate": _one_of("taxes"),
    "a term of it": _term,
    "a trashed order": _one_of("orders", status="trash"),
    "a variable product": lambda store: _variable(store)["id"],
    "a variation of another product": lambda store: _variation(store, 1),
    "a variation of it": _variation,
    "a webhook": _one_of("webhooks"),
    "a zone with locations": lambda store: _zone(store, "locations"),
    "a zone with methods": lambda store: _zone(store, "methods"),
    "an attribute with terms": _attribute,
    "an order": _one_of("orders", status="completed"),
    "an order with meta": _order_with_meta,
    "an order that was just created": lambda store: store.post("orders", {})["id"],
    "an order with notes": _an_order_with_notes,
    "an order with refunds": lambda store: _refund(store)["parent_id"],
    "its SKU": lambda store: _product_with_sku(store)["sku"],
    "the 5th order of page 20": _fifth_on_page_20,
    "the address of a customer": _customer_address,
    "the last page but one of products": _last_page_but_one,
}
