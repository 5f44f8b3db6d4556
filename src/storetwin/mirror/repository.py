"""Reads of snapshots and versions, always in the caller's transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.mirror.models import Known, State
from storetwin.security import masked

Q = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the snapshots of one resource of one connection stand.

    Args:
        brought_by: how the versions that are written there are marked.
    """

    organisation_id: UUID
    connection_id: UUID
    resource: str
    brought_by: str = "pull"

    def params(self, **more: Any) -> dict[str, Any]:
        """Return the parameters every query of this shelf takes, and ``more``."""
        return {
            "organisation_id": self.organisation_id,
            "connection_id": self.connection_id,
            "resource": self.resource,
            "brought_by": self.brought_by,
            **more,
        }


async def read_known(tx: Transaction, shelf: Shelf, ids: Iterable[str]) -> dict[str, Known]:
    """Return what the twin knows of these records, by remote id."""
    rows = await tx.fetch_all(Q.read_known, shelf.params(ids=list(ids)))
    return {row["remote_id"]: known_of(row) for row in rows}


def known_of(row: Row) -> Known:
    """Return what a row says of a record."""
    return Known(**(row | {"state": State(row["state"])}))


def document_of(row: Row) -> bytes:
    """Return the exact bytes of a row that has ``payload`` (text) and ``raw``."""
    payload = row["payload"]
    return bytes(row["raw"]) if payload is None else str(payload).encode()


async def list_to_retire(tx: Transaction, shelf: Shelf, *, limit: int) -> list[Row]:
    """Return (resource, remote_id) of records of any resource that are not gone, in this order."""
    return await tx.fetch_all(Q.list_to_retire, shelf.params(limit=limit))


def stream_present(tx: Transaction, shelf: Shelf) -> AsyncIterator[Row]:
    """Yield (remote_id, remote_number, parent_id, state) of all records that are not gone."""
    return tx.stream(Q.stream_present, shelf.params(), size=5000)


async def list_unlisted(tx: Transaction, shelf: Shelf) -> list[str]:
    """Return the ids of records that exist and that no list shows, at most 1,000."""
    return [row["remote_id"] for row in await tx.fetch_all(Q.list_unlisted, shelf.params())]


async def count_unlisted(tx: Transaction, shelf: Shelf, resources: Sequence[str]) -> int:
    """Count the records of these resources that exist and that no list shows."""
    row = await tx.fetch_one(Q.count_unlisted, shelf.params(resources=list(resources)))
    return int(row["n"]) if row else 0


async def count_present(tx: Transaction, shelf: Shelf) -> int:
    """Count the records that are not gone."""
    row = await tx.fetch_one(Q.count_present, shelf.params())
    return int(row["n"]) if row else 0


async def list_containers(tx: Transaction, shelf: Shelf, member: str | None) -> list[Row]:
    """Return (remote_id, remote_number) of the records that have lists of their own.

    Args:
        member: take only those whose payload has a non-empty list of this name.
    """
    if member is None:
        return await tx.fetch_all(Q.list_containers, shelf.params())
    return await tx.fetch_all(Q.list_containers_with, shelf.params(member=member))


async def list_children(tx: Transaction, shelf: Shelf, parents: Sequence[str]) -> dict[str, str]:
    """Return remote id → parent of the records that belong to these others and are not gone."""
    rows = await tx.fetch_all(Q.list_children, shelf.params(parents=list(parents)))
    return {row["remote_id"]: row["parent_id"] for row in rows}


async def list_outdated(
    tx: Transaction, shelf: Shelf, *, shown: str, member: str, key: str, ids: Sequence[str]
) -> list[str]:
    """Return the ids of records that show others inside which are gone, or called otherwise now.

    Args:
        shown: the resource of the others.
        member: the list in which they stand.
        key: the member there that names them.
        ids: the others that are looked for.
    """
    found = shelf.params(shown=shown, member=member, key=key, ids=list(ids))
    return [row["remote_id"] for row in await tx.fetch_all(Q.list_outdated, found)]


async def count_listed(tx: Transaction, shelf: Shelf) -> int:
    """Return how many records the store's lists show, as far as the twin knows."""
    row = await tx.fetch_one(Q.count_listed, shelf.params())
    return int(row["n"]) if row else 0


def stream_listed(tx: Transaction, shelf: Shelf) -> AsyncIterator[Row]:
    """Yield (remote_number,) of every record that the store's lists show, ascending."""
    return tx.stream(Q.stream_listed, shelf.params(), size=5000)


async def count_undated(tx: Transaction, shelf: Shelf) -> int:
    """Return how many records have no date of change, and a list shows them."""
    row = await tx.fetch_one(Q.count_undated, shelf.params())
    return int(row["n"]) if row else 0


async def list_next_containers(
    tx: Transaction, shelf: Shelf, *, after: int, limit: int
) -> list[Row]:
    """Return (remote_id, remote_number) of the records behind an id, ascending."""
    return await tx.fetch_all(Q.list_next_containers, shelf.params(after=after, limit=limit))


def stream_post_ids(tx: Transaction, shelf: Shelf, resources: Sequence[str]) -> AsyncIterator[Row]:
    """Yield (remote_number,) of every record of these resources that is not gone, ascending."""
    return tx.stream(Q.known_post_ids, shelf.params(resources=list(resources)), size=5000)


async def analyze(tx: Transaction) -> None:
    """Refresh the planner's statistics."""
    await tx.fetch_one(Q.analyze)


async def count_records(tx: Transaction) -> list[Row]:
    """Return (connection_id, resource, state, n, read_at) of all connections."""
    return await tx.fetch_all(Q.count_records)


async def show_record(tx: Transaction, shelf: Shelf, remote_id: str) -> Row | None:
    """Return one record with its exact text, what is sealed in it hidden; or None."""
    row = await tx.fetch_one(Q.show_record, shelf.params(remote_id=remote_id))
    if row is None:
        return None
    payload, raw = row["payload"], row["raw"]
    return row | {
        "payload": None if payload is None else masked(payload.encode()).decode(),
        "raw": None if raw is None else masked(bytes(raw)),
    }


async def lowest_number(tx: Transaction, shelf: Shelf) -> int | None:
    """Return the lowest id of a resource."""
    row = await tx.fetch_one(Q.number_range, shelf.params())
    return row["low"] if row else None


async def highest_number(tx: Transaction, shelf: Shelf) -> int | None:
    """Return the highest id of a resource."""
    row = await tx.fetch_one(Q.number_range, shelf.params())
    return row["high"] if row else None
