"""Core records as they stand, whole: their columns and the rows of their parts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storetwin.core.statements import Table, Tables
from storetwin.core.values import from_json
from storetwin.db.database import Row as DatabaseRow
from storetwin.db.database import Transaction
from storetwin.mapping.models import Row, Value

Cell = Value | UUID
Cells = dict[str, Cell]
"""By column, ids of references included."""
Parts = dict[str, dict[str, Cells]]
"""By table, by the name of the row within its record."""


@dataclass(slots=True)
class Stand:
    """How a core record stands, or shall stand.

    Args:
        row: by column, ids of references included.
        parts: each row with its ``key`` and ``position``.
        gone_at: since when no store has it any more.
    """

    core_id: UUID
    row: Cells = field(default_factory=dict)
    parts: Parts = field(default_factory=dict)
    gone_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


async def read_stands(
    tx: Transaction, tables: Tables, ids: Sequence[UUID], *, parts: bool = True
) -> dict[UUID, Stand]:
    """Return how some records stand; those that are not there are left out.

    Args:
        parts: with the rows of their parts.
    """
    if not ids:
        return {}
    values = {"ids": list(ids)}
    stands = {}
    for row in await tx.fetch_all(tables.row.read, values):
        core_id = row.pop("id")
        times = {name: row.pop(name) for name in ("gone_at", "created_at", "updated_at")}
        stands[core_id] = Stand(core_id, _parsed(tables.row, row), **times)
    for table in tables.parts.values() if parts and stands else ():
        for row in await tx.fetch_all(table.read, values):
            rows = stands[row.pop(table.owner)].parts.setdefault(table.name, {})
            rows[row["key"]] = _parsed(table, row)
    return stands


def by_key(rows: Iterable[Row] | Iterable[Cells]) -> dict[str, Cells]:
    """Return copies of rows of a part by their names, as :class:`Stand` has them."""
    return {str(row["key"]): {**row} for row in rows}


def _parsed(table: Table, row: DatabaseRow) -> Cells:
    for name in table.json_columns:
        if row[name] is not None:
            row[name] = from_json(row[name])
    return row
