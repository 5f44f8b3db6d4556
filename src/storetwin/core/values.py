"""Values of core as JSON, exactly: amounts stay decimals, times stay times, on the way out and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

import msgspec

from storetwin.mapping.models import Field, Kind, Mapped, Noun, Row, Value

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def to_json(value: object) -> str:
    """Return a value, or rows of them, as JSON: decimals as numbers, times in RFC 3339."""
    try:
        return _ENCODER.encode(value).decode()
    except OverflowError:  # an integer beyond 64 bits, somewhere in what a plugin wrote
        return json.dumps(_plain(value), ensure_ascii=False, default=str)


def from_json(text: str | bytes | None) -> Any:
    """Return what JSON says, its numbers exact; nothing for nothing."""
    return None if text is None else _DECODER.decode(text)


def of_kind(kind: Kind, value: Any) -> Value:
    """Return a value that went through JSON as what it was before."""
    if value is None:
        return None
    if kind is Kind.TIME:
        return datetime.fromisoformat(value)
    if kind is Kind.DATE:
        return date.fromisoformat(value)
    if kind in (Kind.MONEY, Kind.NUMBER):
        return Decimal(value)
    return value  # type: ignore[no-any-return]


def pack(mapped: Mapped) -> dict[str, Any]:
    """Return what a record comes to as one object for :func:`to_json`, to be merged again later."""
    return {
        "values": mapped.values,
        "references": mapped.references,
        "parts": mapped.parts,
        "extra": mapped.extra,
        "level": mapped.level,
    }


def unpack(noun: Noun, text: str, hash_: bytes) -> Mapped:
    """Return what :func:`pack` was given, from its JSON."""
    packed = from_json(text)
    kinds = kinds_of(noun.fields)
    below: dict[str, dict[str, Kind]] = {}
    for part in noun.parts:
        fields = (*part.fields, part.value) if part.value else part.fields
        below.setdefault(part.table, {}).update(kinds_of(fields))
    return Mapped(
        noun=noun.name,
        values=typed(kinds, packed["values"]),
        references=packed["references"],
        parts={
            table: [typed(below.get(table, {}), row) for row in rows]
            for table, rows in packed["parts"].items()
        },
        extra=packed["extra"],
        hash=hash_,
        level=typed(kinds_of(noun.levels), packed["level"]),
    )


def kinds_of(fields: Iterable[Field]) -> dict[str, Kind]:
    """Return the kind of each column."""
    return {one.name: one.kind for one in fields}


def typed(kinds: Mapping[str, Kind], row: Mapping[str, Any]) -> Row:
    """Return a row that went through JSON as it was before."""
    return {
        name: of_kind(kinds[name], value) if name in kinds else value for name, value in row.items()
    }


class _Number(float):
    """A number that is written as it is, digit by digit."""

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, 0)
        made.text = text
        return made

    text: str

    def __repr__(self) -> str:
        return self.text


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return _Number(str(value)) if isinstance(value, Decimal) else value
