"""What of a record stands in columns beside its exact copy: what tables show, filter and sort by.

A store may hold anything anywhere. What is not of its kind leaves its column empty, and never
costs the record.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import msgspec

from storetwin.kernel.money import to_minor
from storetwin.kernel.natural import natural_key
from storetwin.resources.declaration import Columns

LONGEST = 200  # characters of a column that people read
LONGEST_CURRENCY = 8
MOST_ITEMS = 2**31 - 1


class Extracted(NamedTuple):
    """The columns of one record; None where it has no such thing.

    Args:
        number: as people know it: an order's number, which plugins make of more than digits.
        number_key: sorts by it, or by the remote id; see :mod:`storetwin.kernel.natural`.
        name: of a product, of a person, of whom an order is billed to.
        total_minor: in minor units of the currency.
        refunded_minor: what of it was given back, likewise.
        items: pieces.
    """

    number: str | None
    number_key: str
    name: str | None
    sku: str | None
    currency: str | None
    total_minor: int | None
    refunded_minor: int | None
    items: int | None


class _Line(msgspec.Struct, gc=False):
    """An order line. A quantity that is no whole number makes the list be read with care."""

    quantity: int = 0


class _OddLine(msgspec.Struct, gc=False):
    """An order line whose quantity may be anything."""

    quantity: msgspec.Raw = msgspec.Raw()


class _Refund(msgspec.Struct, gc=False):
    """A refund as its order shows it."""

    total: msgspec.Raw = msgspec.Raw()


_LINES = msgspec.json.Decoder(list[_Line])
_ODD_LINES = msgspec.json.Decoder(list[_OddLine])
_REFUNDS = msgspec.json.Decoder(list[_Refund])
_EMPTY = b"[]"
Member = TypeVar("Member")


def extract(
    columns: Columns, wire: Any, remote_id: str, text_of: Callable[[Any], str | None]
) -> Extracted:
    """Return the columns of a record.

    Args:
        wire: its members, as attributes.
        text_of: returns a scalar as text that PostgreSQL can keep.
    """
    number = _short(text_of(getattr(wire, columns.number))) if columns.number else None
    names = [text for path in columns.name if (text := text_of(_GETTERS[path](wire)))]
    currency = text_of(getattr(wire, columns.currency)) if columns.currency else None
    if currency is not None and not 0 < len(currency) <= LONGEST_CURRENCY:
        currency = None
    total = _amount(getattr(wire, columns.total), currency) if columns.total else None
    return Extracted(
        number=number,
        number_key=natural_key(number or remote_id),
        name=_short(" ".join(names).strip()) or None,
        sku=_short(text_of(getattr(wire, columns.sku))) if columns.sku else None,
        currency=currency,
        total_minor=total,
        refunded_minor=_refunded(getattr(wire, columns.refunds), currency)
        if columns.refunds and total is not None
        else None,
        items=_pieces(getattr(wire, columns.items)) if columns.items else None,
    )


class _Getters(dict[str, Callable[[Any], Any]]):
    """The getter of each dotted path, made at its first use."""

    def __missing__(self, path: str) -> Callable[[Any], Any]:
        self[path] = attrgetter(path)
        return self[path]


_GETTERS = _Getters()


def _short(text: str | None) -> str | None:
    return text[:LONGEST] if text else None


def _amount(raw: msgspec.Raw, currency: str | None) -> int | None:
    """Return an amount that stands as a text or as a number."""
    text = bytes(raw).strip(b'"')
    return to_minor(text.decode("ascii", "replace"), currency) if text else None


def _list(raw: msgspec.Raw, decoder: msgspec.json.Decoder[list[Member]]) -> list[Member]:
    document = bytes(raw)
    if document[:1] != b"[" or document == _EMPTY:
        return []
    try:
        return decoder.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []


def _refunded(raw: msgspec.Raw, currency: str | None) -> int:
    """Return what was given back: an order lists its refunds with negative totals."""
    return sum(-(_amount(refund.total, currency) or 0) for refund in _list(raw, _REFUNDS))


def _pieces(raw: msgspec.Raw) -> int | None:
    """Return how many pieces an order has, as the store itself counts them."""
    document = bytes(raw)
    if document[:1] != b"[":
        return None
    try:
        quantities = [line.quantity for line in _LINES.decode(document)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        odd = [bytes(line.quantity).strip(b'"') for line in _list(raw, _ODD_LINES)]
        quantities = [int(text) for text in odd if text.isdigit() and len(text) < 10]
    return min(sum(q for q in quantities if 0 < q < 10**9), MOST_ITEMS)
