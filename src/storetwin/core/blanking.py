"""What of a core record is somebody's own, and what is left of it when he is erased: pure.

Amounts, dates and lines stay, as in the twin. Columns that speak about a person are emptied,
addresses go, and whatever else has his e-mail or another sure trace of him is rewritten as
:mod:`storetwin.resources.personal` does it in the store's records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storetwin.core.records import Cell, Cells, Stand
from storetwin.core.values import from_json, to_json
from storetwin.mapping.models import Field, Kind, Mapped, Noun, Part, Row
from storetwin.resources.personal import DELETED, Document, Person, blanked

_WRITTEN = frozenset({"review"})
"""Columns that speak about a person and say more than that: what he wrote stays without him."""
_TEXTUAL = frozenset({Kind.TEXT, Kind.TEXTS, Kind.JSON})


def without(noun: Noun, stand: Stand, who: Person, *, is_own: bool) -> Stand:
    """Return a record without somebody.

    Args:
        is_own: it is his; else it only mentions him.
    """
    row = _row(noun, noun.fields, stand.row, who, is_own=is_own)
    row["extra"] = _scrubbed(noun, stand.row.get("extra"), who, is_own=is_own)
    parts = {
        table: {
            key: _row(noun, _fields(noun, table), cells, who, is_own=is_own)
            for key, cells in rows.items()
        }
        for table, rows in stand.parts.items()
        if not (is_own and table in _addresses(noun))
    }
    return replace(stand, row=row, parts=parts)


def mapped_without(noun: Noun, mapped: Mapped, who: Person, *, is_own: bool) -> Mapped:
    """Return what a store's record comes to without somebody; it keeps its hash."""
    parts: dict[str, list[Any]] = {
        table: [_row(noun, _fields(noun, table), dict(row), who, is_own=is_own) for row in rows]
        for table, rows in mapped.parts.items()
        if not (is_own and table in _addresses(noun))
    }
    values: Any = _row(noun, noun.fields, dict(mapped.values), who, is_own=is_own)
    extra = _scrubbed(noun, mapped.extra, who, is_own=is_own)
    return replace(mapped, values=values, parts=parts, extra=extra or {})


def fields_without(
    noun: Noun, fields: Mapping[str, Any], who: Person, *, is_own: bool
) -> dict[str, Any]:
    """Return old and new values by path without somebody."""
    found = {}
    for path, values in fields.items():
        if is_own and _is_personal(noun, path):
            found[path] = [None if value is None else DELETED for value in values]
        else:
            found[path] = _scrubbed(noun, values, who, is_own=is_own)
    return found


def _is_personal(noun: Noun, path: str) -> bool:
    first, *rest = path.split("/")
    if not rest:
        return any(one.name == first and one.is_personal for one in noun.fields)
    return first in _addresses(noun) or rest[-1] == "meta"


def _addresses(noun: Noun) -> frozenset[str]:
    """Return the tables of parts that speak about nothing but a person."""
    return frozenset(
        part.table
        for part in noun.parts
        if part.fields and all(one.is_personal for one in part.fields)
    )


def _fields(noun: Noun, table: str) -> tuple[Field, ...]:
    parts: list[Part] = [part for part in noun.parts if part.table == table]
    return tuple(one for part in parts for one in part.fields)


def _row(
    noun: Noun, fields: tuple[Field, ...], row: Cells | Row, who: Person, *, is_own: bool
) -> Cells:
    new: Cells = dict(row)
    for one in fields:
        value = new.get(one.name)
        if value is None or one.kind not in _TEXTUAL:
            continue
        if is_own and one.is_personal and one.kind is not Kind.JSON and one.name not in _WRITTEN:
            new[one.name] = None
        else:
            is_meta = one.name == "meta"
            new[one.name] = _scrubbed(noun, value, who, is_own=is_own, is_meta=is_meta)
    return new


def _scrubbed(
    noun: Noun, value: Cell | Any, who: Person, *, is_own: bool, is_meta: bool = False
) -> Any:
    """Return a value without what speaks of somebody; custom fields as a store's record has them."""
    if not value:
        return value
    name = "meta_data" if is_meta else "review"  # texts that people wrote
    document = to_json({name: value}).encode()
    empty = blanked(noun.resource, Document.of(document), who, is_own=is_own)
    return from_json(empty)[name] if empty != document else value
