"""Reads and writes of snapshots and versions, always in the caller's transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import zstandard

from storetwin.db.arrays import JsonColumn
from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.json_text import Storable, storable
from storetwin.mirror.decide import SAME_SECOND, Change, decide_change
from storetwin.mirror.models import Known, State, Written
from storetwin.security import masked
from storetwin.woocommerce.records import Record

Q = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the snapshots of one resource of one connection stand."""

    organisation_id: UUID
    connection_id: UUID
    resource: str

    def params(self, **more: Any) -> dict[str, Any]:
        """Return the parameters every query of this shelf takes, and ``more``."""
        return {
            "organisation_id": self.organisation_id,
            "connection_id": self.connection_id,
            "resource": self.resource,
            **more,
        }


async def read_known(tx: Transaction, shelf: Shelf, ids: Iterable[str]) -> dict[str, Known]:
    """Return what the twin knows of these records, by remote id."""
    rows = await tx.fetch_all(Q.read_known, shelf.params(ids=list(ids)))
    return {row["remote_id"]: _known(row) for row in rows}


async def write_records(
    tx: Transaction,
    shelf: Shelf,
    records: Sequence[Record],
    *,
    served_at: datetime,
    now: datetime,
    state: State = State.LISTED,
    beyond: int | None = None,
) -> Written:
    """Write what changed of a page: the hashes are compared first, and only changes are sent.

    Args:
        records: in the store's order; of the same id the last one counts.
        served_at: the store's clock when it sent them.
        state: how the store has them; a record whose meta_data is blank is PARTIAL whatever it says.
        beyond: the highest id that the twin had a while ago: what is above it is taken for new.
    """
    unique = {record.remote_id: record for record in records}
    rest, added = unique, 0
    if beyond is not None and all((record.number or 0) > beyond for record in records):
        added, rest = await _add(tx, shelf, unique, state, served_at=served_at, now=now)
    known = await _read_unlike(tx, shelf, rest, state)
    created: list[Record] = []
    updated: list[Record] = []
    restated: list[str] = []
    confirmed: list[str] = []
    for remote_id, before in known.items():
        record = rest[remote_id]
        change = decide_change(
            before,
            record.content_hash,
            _state_of(record, state),
            modified_at=record.modified_at,
            served_at=served_at,
        )
        if change is Change.CREATE:
            created.append(record)
        elif change is Change.UPDATE:
            updated.append(record)
        elif change is Change.RESTATE:
            restated.append(remote_id)
        elif before is not None and _is_young(before):
            confirmed.append(remote_id)
    await _keep_versions(tx, shelf, [record.remote_id for record in updated], now=now)
    await _put(tx, shelf, [*created, *updated], known, state, served_at=served_at, now=now)
    if restated:
        await tx.execute(
            Q.restate, shelf.params(ids=restated, state=state.value, read_at=served_at, now=now)
        )
    if confirmed:
        await tx.execute(Q.confirm_read, shelf.params(ids=confirmed, read_at=served_at))
    new = added + len(created)
    return Written(new, len(updated), len(unique) - new - len(updated))


async def _read_unlike(
    tx: Transaction, shelf: Shelf, records: Mapping[str, Record], state: State
) -> dict[str, Known | None]:
    """Return what the twin knows of those records that are not plainly as it holds them.

    What it leaves out needs no decision: the same content in the same state, read long enough
    after its last change.
    """
    if not records:
        return {}
    rows = await tx.fetch_all(
        Q.read_unlike,
        shelf.params(
            ids=list(records),
            hashes=[record.content_hash for record in records.values()],
            state=state.value,
            same_second=SAME_SECOND,
        ),
    )
    return {row["remote_id"]: None if row["version"] is None else _known(row) for row in rows}


def _known(row: Row) -> Known:
    return Known(**(row | {"state": State(row["state"])}))


def _state_of(record: Record, state: State) -> State:
    return State.PARTIAL if record.is_blank else state


def _is_young(known: Known) -> bool:
    """Say whether the snapshot was read so soon after its change that it may miss a second one."""
    return known.modified_at is not None and known.read_at - known.modified_at <= SAME_SECOND


async def _keep_versions(tx: Transaction, shelf: Shelf, ids: list[str], *, now: datetime) -> None:
    """Put the current versions of these records aside before they are superseded."""
    if not ids:
        return
    rows = await tx.fetch_all(Q.read_documents, shelf.params(ids=ids))
    compress = zstandard.ZstdCompressor().compress
    columns: dict[str, list[Any]] = {
        name: [row[name] for row in rows]
        for name in ("remote_id", "version", "state", "content_hash", "modified_at", "read_at")
    }
    columns["written_at"] = [row["changed_at"] for row in rows]
    columns["superseded_at"] = [now] * len(rows)
    columns["document_zstd"] = [compress(document_of(row)) for row in rows]
    await tx.execute(Q.keep_versions, shelf.params(**columns))


def document_of(row: Row) -> bytes:
    """Return the exact bytes of a row that has ``payload`` (text) and ``raw``."""
    payload = row["payload"]
    return bytes(row["raw"]) if payload is None else str(payload).encode()


async def _add(
    tx: Transaction,
    shelf: Shelf,
    records: dict[str, Record],
    state: State,
    *,
    served_at: datetime,
    now: datetime,
) -> tuple[int, dict[str, Record]]:
    """Write plain first versions without asking what the twin knows.

    Returns:
        How many were written, and what is left to be compared: records that are not plain, and
        all of them when one was there already (a tombstone, or another process).
    """
    plain: list[tuple[Record, Storable]] = []
    others: dict[str, Record] = {}
    for remote_id, record in records.items():
        kept = storable(record.document, is_strict=record.is_strict)
        if kept.payload is None or kept.clean is not None or record.is_blank:
            others[remote_id] = record
        else:
            plain.append((record, kept))
    if not plain:
        return 0, records
    common = {"read_at": served_at, "now": now, "state": state.value}
    added = await tx.execute(Q.add_snapshots, shelf.params(**common, **_columns(plain)))
    return added, others if added == len(plain) else records


async def _put(
    tx: Transaction,
    shelf: Shelf,
    records: Sequence[Record],
    known: Mapping[str, Known | None],
    state: State,
    *,
    served_at: datetime,
    now: datetime,
) -> None:
    """Write new and changed records."""
    if not records:
        return
    rows = [(record, storable(record.document, is_strict=record.is_strict)) for record in records]
    columns = _columns(rows) | {
        "remote_number": [record.number for record in records],
        "state": [_state_of(record, state).value for record in records],
        "version": [
            before.version + 1 if (before := known.get(record.remote_id)) else 1
            for record in records
        ],
        "raw": [kept.raw for _, kept in rows],
        "clean": JsonColumn(kept.clean for _, kept in rows),
    }
    await tx.execute(Q.put_snapshots, shelf.params(read_at=served_at, now=now, **columns))


def _columns(rows: Sequence[tuple[Record, Storable]]) -> dict[str, Any]:
    """Return what every write sends, by column. Times go as text: the server reads them faster
    than the driver writes them in binary."""
    return {
        "remote_id": [record.remote_id for record, _ in rows],
        "parent_id": [record.parent_id for record, _ in rows],
        "content_hash": [record.content_hash for record, _ in rows],
        "modified_at": [_stamp(record.modified_at) for record, _ in rows],
        "created_at": [_stamp(record.created_at) for record, _ in rows],
        "status": [record.status for record, _ in rows],
        "email_lower": [record.email for record, _ in rows],
        "search_text": [record.search_text for record, _ in rows],
        "payload": JsonColumn(kept.payload for _, kept in rows),
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


async def bury(
    tx: Transaction, shelf: Shelf, ids: list[str], *, served_at: datetime, now: datetime
) -> int:
    """Set tombstones; the last version stays readable among the earlier ones."""
    await _keep_versions(tx, shelf, ids, now=now)
    return await tx.execute(Q.bury, shelf.params(ids=ids, read_at=served_at, now=now))


async def list_to_retire(tx: Transaction, shelf: Shelf, *, limit: int) -> list[Row]:
    """Return (resource, remote_id) of records of any resource that are not gone, in this order."""
    return await tx.fetch_all(Q.list_to_retire, shelf.params(limit=limit))


async def retire(tx: Transaction, shelf: Shelf, ids: list[str], *, now: datetime) -> int:
    """Set tombstones because the store itself is gone; nothing was read, so ``read_at`` stays."""
    await _keep_versions(tx, shelf, ids, now=now)
    return await tx.execute(Q.retire, shelf.params(ids=ids, now=now))


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


async def list_versions(tx: Transaction, shelf: Shelf, remote_id: str) -> list[Row]:
    """Return the earlier versions of one record, latest first, without their documents."""
    return await tx.fetch_all(Q.list_versions, shelf.params(remote_id=remote_id))


async def lowest_number(tx: Transaction, shelf: Shelf) -> int | None:
    """Return the lowest id of a resource."""
    row = await tx.fetch_one(Q.number_range, shelf.params())
    return row["low"] if row else None


async def highest_number(tx: Transaction, shelf: Shelf) -> int | None:
    """Return the highest id of a resource."""
    row = await tx.fetch_one(Q.number_range, shelf.params())
    return row["high"] if row else None
