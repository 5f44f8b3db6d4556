"""What core holds, as mapping speaks of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.finding import candidates, find, keys_of
from storetwin.core.links import links
from storetwin.core.records import Cells, Stand, read_stands
from storetwin.core.statements import EXTRA, LEVELS, Q, tables_of
from storetwin.core.values import from_json
from storetwin.db.database import Transaction
from storetwin.mapping.models import Noun, Row

_VERSION = {"snapshot_version": "version"}


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
    constants: dict[str, Any] = field(default_factory=dict)

    def is_of(self, noun: Noun) -> bool:
        """Say whether a record of a table that several nouns share is one of this noun."""
        return all(
            not value or self.constants.get(n) == value for n, value in noun.constants.items()
        )


@dataclass(frozen=True, slots=True)
class RecordLink:
    """A store's record that a core record came from.

    Args:
        gone_at: since when core knows that the store has it no more.
    """

    connection_id: UUID
    connection: str
    resource: str
    remote_id: str
    version: int
    promoted_at: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordEdit:
    """What a person changed.

    Args:
        said: what stores say meanwhile.
        editor: his e-mail, where he is still a member.
    """

    field: str
    value: Any
    said: Any
    edited_by: UUID | None
    editor: str | None
    edited_at: datetime


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What changed.

    Args:
        change: its number, rising with time.
        fields: old and new by path; none where the record was made.
        connection_id: the store whose word it was; None where a person changed it.
    """

    change: int
    core_id: UUID
    action: str
    fields: dict[str, list[Any]]
    connection_id: UUID | None
    run_id: UUID | None
    user_id: UUID | None
    at: datetime


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
        {name: row.get(name) for name in noun.constants},
    )


async def links_of(tx: Transaction, noun: Noun, core_id: UUID) -> list[RecordLink]:
    """Return the stores' records that a record came from, in the order in which they are folded."""
    rows = await tx.fetch_all(Q.list_links_of, {"noun": noun.name, "core_id": core_id})
    return [RecordLink(**{_VERSION.get(n, n): v for n, v in row.items()}) for row in rows]


async def edits_of(tx: Transaction, noun: Noun, core_id: UUID) -> list[RecordEdit]:
    """Return what people changed of a record."""
    rows = await tx.fetch_all(Q.list_edits, {"noun": noun.name, "core_id": core_id})
    return [
        RecordEdit(**{**row, "value": from_json(row["value"]), "said": from_json(row["said"])})
        for row in rows
    ]


async def changes_of(
    tx: Transaction, noun: Noun, core_id: UUID | None, *, before: int | None, limit: int
) -> list[RecordChange]:
    """Return what changed of a record, or of all of a noun, the newest first.

    Args:
        before: number of the last one that was seen.
    """
    values = {"noun": noun.name, "core_id": core_id, "before": before, "limit": limit}
    rows = await tx.fetch_all(Q.list_changes, values)
    return [RecordChange(**{**row, "fields": from_json(row["fields"]) or {}}) for row in rows]


__all__ = [
    "Document",
    "RecordChange",
    "RecordEdit",
    "RecordLink",
    "candidates",
    "changes_of",
    "document_of",
    "documents",
    "edits_of",
    "find",
    "keys_of",
    "links",
    "links_of",
]
