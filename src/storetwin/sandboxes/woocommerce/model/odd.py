"""What odd things real stores hold: put into a store on purpose, always the same for one seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storetwin.sandboxes.woocommerce.generate.plan import NOW
from storetwin.sandboxes.woocommerce.generate.small import ROLES
from storetwin.sandboxes.woocommerce.model.changes import Changes
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.site_time import NEVER

Found = dict[str, list[int]]
ZERO_DATE = b'"-0001-11-30T00:00:00"'
"""How PHP writes 0000-00-00 00:00:00, which imports leave in wp_comments."""
_GONE_STATUS = "packed-away"
_MEGABYTE = 1_000_000
_LINES = 250


def make_odd(store: Store) -> Found:
    """Put odd records into a store, as if they had been there from the start.

    Returns:
        What is odd → the ids of those records, of the resource that its name begins with.
    """
    before, store.now = store.now, lambda: NOW
    try:
        found = {name: make(store) for name, make in _ODD.items()}
    finally:
        store.now = before
    store.changes = Changes()
    return found


def _some(store: Store, resource: str, count: int, *statuses: str) -> list[int]:
    """Return records spread over a resource that have one of these statuses."""
    wanted = statuses or ("publish", "completed", "customer")
    known = [n for n in store.ids(resource) if store.status_of(resource, n) in wanted]
    step = max(1, len(known) // (count + 1))
    return known[step::step][:count]


def _meta(store: Store, resource: str, entries: list[dict[str, Any]], count: int = 1) -> list[int]:
    chosen = _some(store, resource, count)
    for number in chosen:
        store.edit(resource, number, {"meta_data": entries})
    return chosen


def _unregistered(store: Store) -> list[int]:
    store.register_status(_GONE_STATUS, "Packed away")
    made = [store.create_order({"status": _GONE_STATUS}) for _ in range(4)]
    store.unregister_status(_GONE_STATUS)
    return made


def _auto_drafts(store: Store) -> list[int]:
    return [store.create_order({"status": "auto-draft"}) for _ in range(3)]


def _guests(store: Store) -> list[int]:
    """Guests with the address of a customer, with one in capitals, and with none."""
    known = store.draft("customers", _some(store, "customers", 1)[0])["email"]
    emails = (known, str(known).upper(), "")
    return [store.create_order({"customer_id": 0, "billing": {"email": e}}) for e in emails]


def _gone_customer(store: Store) -> list[int]:
    number = 9_999_999
    return [store.create_order({"customer_id": number, "status": "completed"})]


def _many_lines(store: Store) -> list[int]:
    product = _some(store, "products", 1)[0]
    lines = [{"product_id": product, "quantity": 1 + at % 3} for at in range(_LINES)]
    return [store.create_order({"status": "processing", "line_items": lines})]


def _no_dates(store: Store, resource: str, count: int) -> list[int]:
    chosen = _some(store, resource, count, "publish", "completed", "draft")
    table = store.tables[resource]
    for number in chosen:
        draft = store.draft(resource, number)
        draft.clear_moment("date_modified")
        at = table.position(number)
        assert at is not None
        table.modified[at] = NEVER
        store.rewrite(resource, number, draft, bump=False)
    return chosen


def _zero_dates(store: Store) -> list[int]:
    chosen = _some(store, "reviews", 2, "approved")
    for number in chosen:
        draft = store.draft("reviews", number)
        draft.set_raw("date_created", ZERO_DATE)
        draft.set_raw("date_created_gmt", ZERO_DATE)
        store.rewrite("reviews", number, draft, bump=False)
    return chosen


def _trashed_parents(store: Store) -> list[int]:
    """Parents in the trash, of which one still has variations that are not."""
    variable = [
        n for n in _some(store, "products", 400) if store.draft("products", n)["type"] == "variable"
    ][:2]
    for number in variable:
        store.trash("products", number)
    if variable:
        for number in store.tables["variations"].owned(variable[0])[:1]:
            store.restore("variations", number)
        store.trash("products", variable[0])
    return variable


def _orphaned_variations(store: Store) -> list[int]:
    """Variations whose parent is gone from the database, as plugins leave them."""
    parents = set(store.ids("products"))
    table = store.tables["variations"]
    owner = next(n for n in reversed(table.owner) if n in parents)
    chosen = table.owned(owner)[:2]
    for number in chosen:
        at = table.position(number)
        assert at is not None
        table.owner[at] = 8_888_888
    return chosen


def _same_sku(store: Store) -> list[int]:
    chosen = _some(store, "products", 3)
    for number in chosen:
        store.edit("products", number, {"sku": "TWICE-1"})
    return chosen


def _roles(store: Store) -> list[int]:
    made = []
    for role in ROLES:
        number = store.create("customers", {"email": f"{role}@example.test", "username": role})
        draft = store.draft("customers", number)
        draft["role"] = role
        store.rewrite("customers", number, draft, bump=False)
        made.append(number)
    return made


def _lost_coupon(store: Store) -> list[int]:
    return [store.create("coupons", {"code": "lost", "status": "bogus"})]


_NUL: list[dict[str, Any]] = [
    {"key": "k\0x", "value": "a\0b"},
    {"key": "plain", "value": {"in\0side": ["\0"]}},
]
_INFINITE: list[dict[str, Any]] = [{"key": "_ratio", "value": {"now": float("inf")}}]
_LARGE: list[dict[str, Any]] = [{"key": "_builder_data", "value": "x" * _MEGABYTE}]
_ODD: dict[str, Callable[[Store], list[int]]] = {
    "orders of a status that is gone": _unregistered,
    "orders that are auto-drafts": _auto_drafts,
    "orders of guests": _guests,
    "orders of a customer who is gone": _gone_customer,
    "orders of 250 lines": _many_lines,
    "orders with INF in their meta": lambda store: _meta(store, "orders", _INFINITE),
    "orders with NUL in their meta": lambda store: _meta(store, "orders", _NUL, 2),
    "products with NUL in their meta": lambda store: _meta(store, "products", _NUL, 2),
    "products with a megabyte of meta": lambda store: _meta(store, "products", _LARGE),
    "products of the same SKU": _same_sku,
    "products in the trash that have variations": _trashed_parents,
    "variations without a parent": _orphaned_variations,
    "reviews with a date of zeros": _zero_dates,
    "customers of every role": _roles,
    "coupons of a status that nobody knows": _lost_coupon,
    "orders without a modification date": lambda store: _no_dates(store, "orders", 3),
    "products without a modification date": lambda store: _no_dates(store, "products", 2),
}
