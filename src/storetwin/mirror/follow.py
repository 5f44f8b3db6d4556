"""What else has to be read again when a record has changed: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from storetwin.kernel.json_text import storable
from storetwin.resources import Resource
from storetwin.woocommerce.records import Record, is_foreign

_T = TypeVar("_T")
FollowUps = dict[str, tuple[str, ...]]
"""Remote ids by the name of their resource, each once."""
GUEST = "0"  # the customer_id of an order that nobody signed in for
Holders = tuple[tuple[str, str, str], ...]
"""(resource, list member, key in it) of the records that show another one inside."""

SHOWN: dict[str, Holders] = {
    name: (("products", name, "id"),) for name in ("categories", "tags", "brands")
}
"""Terms stand in products by name and slug; renaming one dates no product (measured)."""

SHOWN_WHEN_GONE: dict[str, Holders] = {
    "products": (("orders", "line_items", "product_id"),),
    "variations": (("orders", "line_items", "variation_id"),),
}
"""A deleted product becomes number 0 in the lines of orders, which dates no order (measured)."""


class _Order(msgspec.Struct):
    """The members of an order that name it, or others. Any of them may have any type."""

    customer_id: Any = None
    refunds: Any = None
    order_key: Any = None


def follow_ups(resource: Resource, records: Iterable[Record]) -> FollowUps:
    """Return what changed records of a resource say about others.

    An order counts for its customer (customers have no list by date) and names its refunds; a
    variation changes its parent product, of which no webhook tells; what answers at the address
    of a product may be a variation (measured: WooCommerce delivers variations as products).
    """
    found: dict[str, dict[str, None]] = {}

    def follow(name: str, remote_id: str | None) -> None:
        if remote_id:
            found.setdefault(name, {})[remote_id] = None

    for record in records:
        if resource.name == "orders":
            customer, refunds = named_by_order(record)
            follow("customers", customer)
            for refund in refunds:
                follow("refunds", refund)
        elif resource.name == "variations":
            follow("products", _known(record.parent_id))
        elif resource.name == "products" and is_foreign(resource, record):
            follow("variations", record.remote_id)
    return {name: tuple(ids) for name, ids in found.items()}


def named_by_order(record: Record) -> tuple[str | None, tuple[str, ...]]:
    """Return the customer of an order, if it has one, and the ids of its refunds."""
    order = _decode(record.document, _Order)
    refunds = order.refunds if isinstance(order.refunds, list) else []
    ids = (_id(refund.get("id")) for refund in refunds if isinstance(refund, dict))
    return _id(order.customer_id), tuple(number for number in ids if number)


def order_key(document: bytes) -> str | None:
    """Return what tells an order from any other one, where the store shows it."""
    key = _decode(document, _Order).order_key
    return key if isinstance(key, str) and key else None


def has_members(record: Record, name: str) -> bool:
    """Say whether a record has a list of this name with something in it."""
    found = _decode(record.document, dict[str, msgspec.Raw]).get(name)
    return found is not None and bytes(found).strip() not in (b"[]", b"{}", b"null")


def refunds_to_ask(named: Collection[str], held: Mapping[str, str]) -> tuple[str, ...]:
    """Return the refunds that the twin lacks, and those that their orders no longer name.

    Args:
        named: ids of refunds that the changed orders name.
        held: remote id → order of the refunds that the twin has of these orders, or under these
            ids.
    """
    lacking = [remote_id for remote_id in named if remote_id not in held]
    orphaned = [remote_id for remote_id in held if remote_id not in named]
    return tuple(dict.fromkeys(lacking + orphaned))


def _decode(document: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return msgspec.json.decode(storable(document).clean or b"", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return kind()


def _id(value: Any) -> str | None:
    """Return an id as text; zero, ``false`` and what is none at all name nothing."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return _known(str(value))


def _known(remote_id: str | None) -> str | None:
    return remote_id if remote_id and remote_id != GUEST else None
