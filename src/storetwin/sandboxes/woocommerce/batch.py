"""The batch routes: many writes at once, not atomic, and not checked against the schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer, RestError
from storetwin.sandboxes.woocommerce.hostile import is_unencodable, with_blank_meta
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.representation import edit_view
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.routes import Route
from storetwin.sandboxes.woocommerce.singles import MISSING, record_document
from storetwin.sandboxes.woocommerce.webhooks.saved import pings_after, webhook_url
from storetwin.sandboxes.woocommerce.writes import Target, create, delete, update

Fields = dict[str, Any]
LIMIT = 100
_NAMES = ("create", "update", "delete")
_ENUMS: dict[str, tuple[frozenset[str], str]] = {
    "products": (frozenset({"publish", "draft", "pending", "private", "trash", "future"}), "draft"),
    "orders": (
        frozenset(
            {"pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
             "checkout-draft", "trash", "auto-draft"}
        ),
        "pending",
    ),
}  # fmt: skip
_INTEGERS = ("stock_quantity", "inventory_delta", "menu_order", "usage_limit")


class FatalError(Exception):
    """PHP died in the middle: what was done stays done."""


class Batch:
    """One batch request.

    Args:
        store: the shop.
        route: of the batch.
        parameters: of the URL.
        kills: says of a record's id whether showing it kills PHP.
    """

    def __init__(
        self, store: Store, route: Route, parameters: dict[str, str], kills: Callable[[int], bool]
    ) -> None:
        self._store = store
        self._resource = route.resource
        self._parameters = parameters
        self._kills = kills
        self._pings: list[int] = []

    def answer(self, given: Fields, request: Request) -> Answer:
        """Do everything in order and answer 200, whatever fails.

        Raises:
            RestError: 413, over a hundred items.
            FatalError: a list is none, or a record kills PHP.
        """
        lists = {name: given[name] for name in _NAMES if name in given}
        if any(not isinstance(items, list) for items in lists.values()):
            raise FatalError
        if sum(len(items) for items in lists.values()) > LIMIT:
            raise RestError(
                "woocommerce_rest_request_entity_too_large",
                f"Unable to accept more than {LIMIT} items for this request.", 413,
            )  # fmt: skip
        verbs = {"create": self._create, "update": self._update, "delete": self._delete}
        found = {name: [verbs[name](item) for item in items] for name, items in lists.items()}
        if any(is_unencodable(row) for rows in found.values() for row in rows):
            found = {name: [_blanked(row) for row in rows] for name, rows in found.items()}
        names = request.fields()
        if names:
            found = _picked(found, names)
        parts = [b'"%s":[%s]' % (name.encode(), b",".join(rows)) for name, rows in found.items()]
        body = b"{" + b",".join(parts) + b"}" if parts else b"[]"
        records = sum(map(len, found.values()))
        return Answer(200, with_base(body, request.base), records=records, pings=self._pings)

    def _create(self, item: Any) -> bytes:
        fields = _lenient(self._resource, item if isinstance(item, dict) else {})
        target = Target(self._resource, self._parameters)
        try:
            number = create(self._store, target, fields)
        except RestError as error:
            return _failed(0, error)
        self._pings += pings_after(self._store, target, number, "")
        return self._shown(number)

    def _update(self, item: Any) -> bytes:
        fields = _lenient(self._resource, item if isinstance(item, dict) else {})
        named = fields.pop("id", None)
        try:
            target = self._target(named, "PUT")
            before = webhook_url(self._store, target)
            number = update(self._store, target, fields)
        except RestError as error:
            return _failed(named, self._in_batch(error, named))
        self._pings += pings_after(self._store, target, number, before)
        return self._shown(number)

    def _delete(self, item: Any) -> bytes:
        named: Any = item
        if self._resource == "variations":
            named = {"id": item, "product_id": int(self._parameters["product_id"]), "force": True}
        try:
            return delete(self._store, self._target(item, "DELETE"), force=True)
        except RestError as error:
            return _failed(named, error)

    def _target(self, named: Any, verb: str) -> Target:
        text = str(named).strip()
        if not text.isdecimal():
            raise MISSING[self._resource].error(verb)
        return Target(self._resource, {**self._parameters, "id": text})

    def _in_batch(self, error: RestError, named: Any) -> RestError:
        """A variation of another parent is a 404 here, though a missing one is a 400."""
        if self._resource == "variations" and named in self._store.tables["variations"]:
            return MISSING["variations"].error()
        return error

    def _shown(self, number: int) -> bytes:
        if self._kills(number):
            raise FatalError
        return edit_view(record_document(self._store, self._resource, number), self._resource)


def _blanked(row: bytes) -> bytes:
    return with_blank_meta(row) if b'"meta_data":' in row else row


def _failed(named: Any, error: RestError) -> bytes:
    return dumps({"id": named, "error": error.document()}).encode()


def _picked(found: dict[str, list[bytes]], names: tuple[str, ...]) -> dict[str, list[bytes]]:
    """``_fields`` works on the top level of a batch: anything deeper leaves empty lists."""
    wanted: dict[str, list[bytes]] = {}
    for name, rows in found.items():
        if name in names:
            wanted[name] = rows
        elif any(asked.startswith(f"{name}.") for asked in names):
            wanted[name] = []
    return wanted


def _lenient(resource: str, item: Fields) -> Fields:
    """Return the fields as a batch stores them: nothing is checked, much is bent."""
    fields = {k: v for k, v in item.items() if k not in _INTEGERS or v is not None}
    for name in _INTEGERS:
        if name in fields:
            fields[name] = _bent_integer(fields[name])
    if resource in ("products", "variations") and not _is_boolean(fields.get("manage_stock")):
        fields["manage_stock"] = False
    known = _ENUMS.get(resource)
    if known is not None and "status" in fields and fields["status"] not in known[0]:
        fields["status"] = known[1]
    return fields


def _is_boolean(value: Any) -> bool:
    return value is None or isinstance(value, bool) or value in ("parent", "yes", "no")


def _bent_integer(value: Any) -> int:
    try:
        return int(float(value))
    except (TypeError, ValueError):
        return 0
