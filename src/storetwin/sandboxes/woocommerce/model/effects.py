"""What a change does elsewhere in the store: what is bumped with it, and what is not.

Measured on WooCommerce 10.5: a variation bumps its parent, a refund its order; a deleted refund
bumps nothing; an order whose product was deleted changes without being bumped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storetwin.sandboxes.woocommerce.generate.orders import order_links
from storetwin.sandboxes.woocommerce.model.draft import Draft, sorted_meta
from storetwin.sandboxes.woocommerce.model.records import Records
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.site_time import SiteTime, gmt_to_moment

_MARKS = ("_wp_trash_meta_status", "_wp_trash_meta_time")
_PRODUCT_TERMS = ("categories", "tags", "brands")
_DATES = ("date_created", "date_modified", "date_completed", "date_paid", "date_expires")


def relocalise(table: Table, number: int, site: SiteTime) -> None:
    """Write the local dates of a changed record again, after its GMT ones."""
    draft = Draft(table.changed[number])
    for name in _DATES:
        if f"{name}_gmt" in draft and not str(draft[f"{name}_gmt"]).startswith("-"):
            draft.set_moment(name, gmt_to_moment(draft[f"{name}_gmt"]), site)
    table.put(number, draft.document())


def mark_trashed(store: Records, resource: str, draft: Draft) -> None:
    """Set the status, and on orders the meta that tells where to restore to."""
    before = draft["status"]
    draft["status"] = "trash"
    if resource == "orders":
        first = store.new_meta_ids([1, 2])
        values = (f"wc-{before}", str(store.now()))
        marks = [
            {"id": first + at, "key": key, "value": value}
            for at, (key, value) in enumerate(zip(_MARKS, values, strict=True))
        ]
        draft["meta_data"] = sorted_meta([*draft["meta_data"], *marks])
        draft["is_editable"] = draft["needs_payment"] = False
    elif resource == "products" and draft["type"] == "variable":
        draft["variations"] = []


def after_create(store: Records, resource: str, owner: int) -> None:
    """A new variation or review bumps its product."""
    if resource in ("variations", "reviews"):
        _bump_product(store, owner)


def after_edit(store: Records, resource: str, number: int, fields: dict[str, Any]) -> None:
    """A variation bumps its parent; a renamed term shows in products that are not bumped."""
    if resource == "variations":
        table = store.tables["variations"]
        _bump_product(store, table.owner[table.position(number) or 0])
    if resource in _PRODUCT_TERMS and ("name" in fields or "slug" in fields):
        _rename_in_products(store, resource, number)


def after_trash(store: Records, resource: str, number: int) -> None:
    """A trashed product takes its variations along."""
    if resource == "variations":
        after_edit(store, resource, number, {})
    if resource == "products":
        for variation in _variations_of(store, number):
            draft = Draft(store.tables["variations"].document(variation) or b"{}")
            draft["status"] = "trash"
            store.rewrite("variations", variation, draft, bump=True)
            store.tell("variations", "deleted", variation)


def after_delete(store: Records, resource: str, number: int, owner: int) -> None:
    """What hangs on a record goes with it, or forgets it."""
    if resource in _PRODUCT_TERMS:
        _rename_in_products(store, resource, number)
    elif resource in _AFTER_DELETE:
        _AFTER_DELETE[resource](store, number, owner)


def _order_deleted(store: Records, number: int, _: int) -> None:
    for refund in store.filled.refunds_of.pop(number, []):
        if refund in store.tables["refunds"]:
            store.bury("refunds", refund)


def _product_deleted(store: Records, number: int, _: int) -> None:
    variations = _variations_of(store, number)
    for variation in variations:
        store.bury("variations", variation)
    _orphan_lines(store, {number, *variations})


def _variation_deleted(store: Records, number: int, owner: int) -> None:
    _orphan_lines(store, {number})
    _bump_product(store, owner)


def _bump_product(store: Records, number: int) -> None:
    if number in store.tables["products"]:
        _show_variations(store, number, bump=True)


def _show_variations(store: Records, number: int, *, bump: bool) -> None:
    """Write the ids of a product's variations again: all but trashed ones."""
    draft = Draft(store.tables["products"].document(number) or b"{}")
    if draft["type"] == "variable":
        draft["variations"] = [
            found for found in _variations_of(store, number)
            if store.tables["variations"].status_of(found) != "trash"
        ]  # fmt: skip
    store.rewrite("products", number, draft, bump=bump)


def _variations_of(store: Records, product: int) -> list[int]:
    table = store.tables["variations"]
    return [n for at, n in enumerate(table.ids) if table.owner[at] == product and n in table]


def _forget_refund(store: Records, number: int, order: int) -> None:
    kept = [found for found in store.filled.refunds_of.get(order, []) if found != number]
    document = store.tables["orders"].document(order)
    if document is not None:
        draft = Draft(document)
        draft["refunds"] = [entry for entry in draft["refunds"] if entry["id"] != number]
        store.filled.refunds_of[order] = kept
        store.rewrite("orders", order, draft, bump=False)


def _orphan_orders(store: Records, customer: int, _: int) -> None:
    """Orders of a deleted customer become a guest's, and are bumped."""
    orders = store.tables["orders"]
    for number in [n for at, n in enumerate(orders.ids) if orders.owner[at] == customer]:
        document = orders.document(number)
        if document is None:
            continue
        draft = Draft(document)
        draft["customer_id"] = 0
        draft.set_raw("_links", order_links(number, 0).encode())
        store.rewrite("orders", number, draft, bump=True)


def _orphan_lines(store: Records, sold: set[int]) -> None:
    """Lines of a deleted product show id 0 and sku null; their orders are not bumped."""
    writer, orders = store.filled.orders_writer, store.tables["orders"]
    generated = len(store.plan.orders.ids)
    hit = []
    for at, number in enumerate(orders.ids):
        status = orders.status_of(number)
        changed = orders.changed.get(number)
        if changed is not None:
            _orphan_document(store, number, Draft(changed), sold)
        elif status not in (None, "auto-draft") and at < generated:
            hit += [number] if writer.loses_with(number, at, sold) else []
    before = {number: orders.document(number) for number in hit}
    writer.gone |= sold
    for number in hit:
        orders.forget(number)
        store.changes.note("orders", number, before[number], is_dated=False)


def _orphan_document(store: Records, number: int, draft: Draft, sold: set[int]) -> None:
    lines = draft["line_items"]
    hit = [line for line in lines if sold & {line["product_id"], line["variation_id"]}]
    for line in hit:
        line["product_id"] = line["variation_id"] = 0
        line["sku"] = None
    if hit:
        draft["line_items"] = lines
        store.rewrite("orders", number, draft, bump=False)


def _short(term: Draft) -> dict[str, Any]:
    return {name: term[name] for name in ("id", "name", "slug")}


def _rename_in_products(store: Records, resource: str, term: int) -> None:
    document = store.tables[resource].document(term)
    new = None if document is None else Draft(document)
    products = store.tables["products"]
    needle = b'{"id":%d,"name"' % term
    for number in list(products):
        found = products.document(number) or b"{}"
        if needle not in found:
            continue
        draft = Draft(found)
        draft[resource] = [
            entry if new is None or entry["id"] != term else _short(new)
            for entry in draft[resource]
            if entry["id"] != term or new is not None
        ]  # fmt: skip
        store.rewrite("products", number, draft, bump=False)


def _order_gone(store: Records, number: int, owner: int) -> None:
    _order_deleted(store, number, owner)
    for note in store.tables["order_notes"].owned(number):
        store.bury("order_notes", note)


def _zone_deleted(store: Records, number: int, _: int) -> None:
    for resource in ("zone_locations", "zone_methods"):
        for below in store.tables[resource].owned(number):
            store.bury(resource, below)


_AFTER_DELETE: dict[str, Callable[[Records, int, int], None]] = {
    "orders": _order_gone,
    "refunds": _forget_refund,
    "products": _product_deleted,
    "variations": _variation_deleted,
    "customers": _orphan_orders,
    "zones": _zone_deleted,
}
