"""Lists of core records: filtered, searched, in pages that begin behind a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.read import Document, documents
from storetwin.core.statements import CONNECTION, Q, Table, tables_of
from storetwin.db.database import Transaction
from storetwin.kernel.errors import ConfigurationError
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Kind, Noun

_FILTERABLE = frozenset({Kind.TEXT, Kind.BOOLEAN})


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are listed; what is left empty does not narrow.

    Args:
        search: how a SKU, a slug, an e-mail, a number or a code begins, or an id of core.
        connection_id: records of this store.
        values: by column: its status, its type, the core id of what it names.
        is_gone: no store has it any more.
        is_edited: a person changed it.
    """

    search: str | None = None
    connection_id: UUID | None = None
    values: Mapping[str, str | bool | UUID] = field(default_factory=dict)
    is_gone: bool | None = None
    is_edited: bool = False
    changed_since: datetime | None = None


async def list_records(
    tx: Transaction, noun: Noun, wanted: Wanted, *, after: UUID | None, limit: int
) -> list[Document]:
    """Return some records without their parts, the newest in core first.

    Args:
        after: the last one of the page before.

    Raises:
        ConfigurationError: a column cannot be filtered by.
    """
    table = tables_of(noun).row
    conditions, values = _conditions(noun, table, wanted)
    params: dict[str, Any] = {"noun": noun.name, "after": after, "limit": limit, **values}
    rows = await tx.fetch_all(table.list(conditions), params)
    ids = [row["id"] for row in rows]
    found = await documents(tx, noun, ids, parts=False)
    return [found[core_id] for core_id in ids if core_id in found]


def filterable(noun: Noun) -> dict[str, type]:
    """Return what a list can be narrowed by, with what is given: a text, yes or no, a core id."""
    columns: dict[str, type] = {one.name: UUID for one in noun.references}
    kinds = {Kind.TEXT: str, Kind.BOOLEAN: bool}
    known = ("status", "type", "currency", "country", "payment_method", "is_guest", "is_on_sale")
    return columns | {
        one.name: kinds[one.kind]
        for one in noun.fields
        if one.kind in _FILTERABLE and one.name in known
    }


def _conditions(noun: Noun, table: Table, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Return the conditions of a list, made of names from declarations, and their values."""
    parts: list[str] = []
    values: dict[str, Any] = {name: value for name, value in noun.constants.items() if value}
    parts += [table.condition(Q.where_constant, name) for name in values]
    allowed = filterable(noun)
    for name, value in wanted.values.items():
        if name not in allowed or not isinstance(value, allowed[name]):
            raise ConfigurationError(
                f"A list of {noun.name} cannot be filtered by {name[:60]!r} like that.",
                remedy=f"Filter by one of: {', '.join(allowed) or 'nothing'}.",
            )
        parts.append(table.condition(Q.where_equals, name))
        values[name] = value
    if wanted.connection_id is not None:
        parts.append(Q.where_one_stores if CONNECTION in table.columns else Q.where_connected)
        values["connection_id"] = wanted.connection_id
    if wanted.is_gone is not None:
        parts.append(Q.where_gone if wanted.is_gone else Q.where_here)
    if wanted.is_edited:
        parts.append(Q.where_edited)
    if wanted.changed_since is not None:
        parts.append(Q.where_changed)
        values["changed_since"] = wanted.changed_since
    if wanted.search is not None and (key := lookup_key(wanted.search)):
        parts.append(_searched(noun, table, key, values))
    return " ".join(parts), values


def _searched(noun: Noun, table: Table, key: str, values: dict[str, Any]) -> str:
    ways = [table.condition(Q.where_begins, one.name) for one in noun.lookups]
    values["begins"] = key
    try:
        values["id"] = UUID(key)
    except ValueError:
        pass
    else:
        ways.append(table.condition(Q.where_equals, "id").removeprefix("AND "))
    return f"AND ({' OR '.join(ways)})" if ways else "AND false"
