"""Records in bulk: read from one steady transaction, some at a time, and written as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.reading.export_formats import Writer
from storetwin.reading.export_values import Exported, exported

Q = load_queries(__package__)
AT_ONCE = 200  # records that the database sends at a time
MOST_BYTES = 2_000_000  # of documents that are written at a time


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records leave.

    Args:
        connections: (id, name) of each, in the order in which they leave.
        since: created from then on, by the store's date.
        until: created before then.
        statuses: only these; empty: all.
        has_gone: also what the store has no longer, as it was last.
    """

    resource: str
    connections: tuple[tuple[UUID, str], ...]
    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[str, ...] = ()
    has_gone: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of an export.

    Args:
        records: how many were read up to here.
    """

    data: bytes
    records: int


async def stream_pieces(
    tx: Transaction, organisation_id: UUID, selection: Selection, writer: Writer
) -> AsyncGenerator[Piece]:
    """Yield an export, the first piece after the first records were read.

    It takes as long as its reader does, in memory for a few hundred records.
    """
    # The program's own limit on a statement is for answers; this one goes on while somebody reads.
    await tx.set_local("statement_timeout", "0")
    await tx.set_local("transaction_read_only", "on")
    # In the index's order: to sort a million documents would take the disk, and the first minutes.
    await tx.set_local("enable_sort", "off")
    count, begin = 0, writer.begin()
    async with aclosing(_batches(tx, organisation_id, selection)) as batches:
        async for batch in batches:
            count += len(batch)
            data = await asyncio.to_thread(writer.write, batch)
            if begin or data:
                yield Piece(begin + data, count)
            begin = b""
    yield Piece(begin + await asyncio.to_thread(writer.end), count)


async def _batches(
    tx: Transaction, organisation_id: UUID, selection: Selection
) -> AsyncGenerator[list[Exported]]:
    """Yield the records, as many at a time as may be in memory."""
    batch: list[Exported] = []
    size = 0
    async with aclosing(_records(tx, organisation_id, selection)) as records:
        async for record in records:
            batch.append(record)
            size += len(record.readable)
            if len(batch) >= AT_ONCE or size >= MOST_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


async def _records(
    tx: Transaction, organisation_id: UUID, selection: Selection
) -> AsyncGenerator[Exported]:
    queries: Sequence[str] = [Q.stream_present_records]
    if selection.has_gone:
        queries = [Q.stream_present_records, Q.stream_gone_records]
    for connection_id, name in selection.connections:
        params = _params(organisation_id, connection_id, selection)
        for query in queries:
            async with aclosing(tx.stream(query, params, size=AT_ONCE)) as rows:  # type: ignore[type-var]
                async for row in rows:
                    yield exported(row, name)


def _params(organisation_id: UUID, connection_id: UUID, selection: Selection) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "resource": selection.resource,
        "since": selection.since,
        "until": selection.until,
        "statuses": list(selection.statuses) or None,
    }
