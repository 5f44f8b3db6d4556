"""What core holds, as mapping speaks of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.finding import candidates, find, keys_of
from storetwin.core.links import links
from storetwin.core.records import Cells, Stand, read_stands
from storetwin.core.statements import EXTRA, LEVELS, tables_of
from storetwin.db.database import Transaction
from storetwin.mapping.models import Noun, Row


@dataclass(frozen=True, slots=True)
class Document:
    """A core record in the form of :class:`~storetwin.mapping.models.Mapped`.

    Args:
        references: the stores' own names of what it names, by the name of the reference.
        core_ids: the core records that it names, likewise.
        parts: rows by table in their order, each with its ``key`` and ``position``.
        levels: its stock, by connection.
        gone_at: since when no store has it any more.
    """

    core_id: UUID
    values: Row
    references: dict[str, str | None]
    core_ids: dict[str, UUID | None]
    parts: dict[str, list[Cells]]
    extra: dict[str, Any]
    levels: dict[UUID, Cells]
    created_at: datetime | None
    updated_at: datetime | None
    gone_at: datetime | None


async def documents(
    tx: Transaction, noun: Noun, ids: Iterable[UUID], *, parts: bool = True
) -> dict[UUID, Document]:
    """Return some core records; those that are not there are left out.

    Args:
        parts: with the rows of their parts, and their stock.
    """
    stands = await read_stands(tx, tables_of(noun), list(ids), parts=parts)
    return {core_id: document_of(noun, stand) for core_id, stand in stands.items()}


def document_of(noun: Noun, stand: Stand) -> Document:
    """Return how a record stands in the form of what is mapped."""
    row: dict[str, Any] = stand.row
    below = {table: list(rows.values()) for table, rows in stand.parts.items()}
    levels = {
        UUID(str(cells["key"])): {one.name: cells.get(one.name) for one in noun.levels}
        for cells in below.pop(LEVELS, [])
    }
    return Document(
        stand.core_id,
        {one.name: row.get(one.name) for one in noun.fields},
        {one.name: row.get(one.remote) for one in noun.references},
        {one.name: row.get(one.name) for one in noun.references},
        below,
        row.get(EXTRA) or {},
        levels,
        stand.created_at,
        stand.updated_at,
        stand.gone_at,
    )


__all__ = ["Document", "candidates", "document_of", "documents", "find", "keys_of", "links"]
