"""Writes of snapshots, versions and tombstones, always in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import zstandard

from storetwin.db.arrays import JsonColumn
from storetwin.db.database import Transaction
from storetwin.kernel.errors import RetryableError
from storetwin.kernel.json_text import Storable, storable
from storetwin.mirror.decide import SAME_SECOND, Change, decide_change
from storetwin.mirror.models import Known, State, Written
from storetwin.mirror.repository import Q, Shelf, document_of, known_of
from storetwin.woocommerce.columns import Extracted
from storetwin.woocommerce.records import Record

MOST_ROUNDS = 5  # of deciding anew about records that somebody else has written meanwhile


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

    Others may write the same records at the same time (a pull, and what a webhook told). Each
    decision is written only where the record is still as it was decided upon; what is not is
    looked at and decided again.

    Args:
        records: in the store's order; of the same id the last one counts.
        served_at: the store's clock when it sent them.
        state: how the store has them; a record whose meta_data is blank is PARTIAL whatever it says.
        beyond: the highest id that the twin had a while ago: what is above it is taken for new.

    Raises:
        RetryableError: others are always faster.
    """
    unique = {record.remote_id: record for record in records}
    rest, added = unique, 0
    if beyond is not None and all((record.number or 0) > beyond for record in records):
        added, rest = await _add(tx, shelf, unique, state, served_at=served_at, now=now)
    written = Written(created=added, changed=unique.keys() - rest.keys())
    for _ in range(MOST_ROUNDS):
        known = await _read_unlike(tx, shelf, rest, state)
        changes = Changes.between(known, rest, state, served_at=served_at)
        rest = await _write(tx, shelf, changes, known, state, served_at=served_at, now=now)
        written.created += sum(1 for r in changes.created if r.remote_id not in rest)
        written.updated += sum(1 for r in changes.updated if r.remote_id not in rest)
        written.changed |= {r.remote_id for r in (*changes.created, *changes.updated)} - rest.keys()
        if not rest:
            written.unchanged = len(unique) - written.created - written.updated
            return written
    raise RetryableError(f"{len(rest)} {shelf.resource} are being written by others all the time.")


@dataclass(slots=True)
class Changes:
    """What is to be done with the records of a page."""

    created: list[Record] = field(default_factory=list)
    updated: list[Record] = field(default_factory=list)
    restated: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    @classmethod
    def between(
        cls,
        known: Mapping[str, Known | None],
        records: Mapping[str, Record],
        state: State,
        *,
        served_at: datetime,
    ) -> Changes:
        """Decide for each record of which the twin knows something else, or nothing."""
        changes = cls()
        for remote_id, before in known.items():
            record = records[remote_id]
            change = decide_change(
                before,
                record.content_hash,
                _state_of(record, state),
                modified_at=record.modified_at,
                served_at=served_at,
            )
            if change is Change.CREATE:
                changes.created.append(record)
            elif change is Change.UPDATE:
                changes.updated.append(record)
            elif change is Change.RESTATE:
                changes.restated.append(remote_id)
            elif before is not None and _is_young(before):
                changes.confirmed.append(remote_id)
        return changes


async def _write(
    tx: Transaction,
    shelf: Shelf,
    changes: Changes,
    known: Mapping[str, Known | None],
    state: State,
    *,
    served_at: datetime,
    now: datetime,
) -> dict[str, Record]:
    """Write what was decided; return the records that somebody else has written meanwhile."""
    versions = {
        record.remote_id: before.version
        for record in changes.updated
        if (before := known[record.remote_id])
    }
    held = await _keep_versions(tx, shelf, versions, now=now)
    rows = [*changes.created, *(r for r in changes.updated if r.remote_id in held)]
    put = await _put(tx, shelf, rows, known, state, served_at=served_at, now=now)
    if changes.restated:
        await tx.execute(
            Q.restate,
            shelf.params(ids=changes.restated, state=state.value, read_at=served_at, now=now),
        )
    if changes.confirmed:
        await tx.execute(Q.confirm_read, shelf.params(ids=changes.confirmed, read_at=served_at))
    return {
        record.remote_id: record
        for record in (*changes.created, *changes.updated)
        if record.remote_id not in put
    }


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
    return {row["remote_id"]: None if row["version"] is None else known_of(row) for row in rows}


def _state_of(record: Record, state: State) -> State:
    return State.PARTIAL if record.is_blank else state


def _is_young(known: Known) -> bool:
    """Say whether the snapshot was read so soon after its change that it may miss a second one."""
    return known.modified_at is not None and known.read_at - known.modified_at <= SAME_SECOND


async def _keep_versions(
    tx: Transaction, shelf: Shelf, versions: Mapping[str, int], *, now: datetime
) -> set[str]:
    """Put the current versions of these records aside before they are superseded.

    Args:
        versions: remote id → the version that it is believed to have.

    Returns:
        The remote ids that have it; they are held until the transaction ends.
    """
    if not versions:
        return set()
    rows = await tx.fetch_all(
        Q.read_documents, shelf.params(ids=list(versions), versions=list(versions.values()))
    )
    compress = zstandard.ZstdCompressor().compress
    columns: dict[str, list[Any]] = {
        name: [row[name] for row in rows]
        for name in (
            "remote_id",
            "version",
            "state",
            "content_hash",
            "modified_at",
            "read_at",
            "brought_by",
        )
    }
    columns["written_at"] = [row["changed_at"] for row in rows]
    columns["superseded_at"] = [now] * len(rows)
    columns["document_zstd"] = [compress(document_of(row)) for row in rows]
    kept = shelf.params() | columns
    await tx.execute(Q.keep_versions, kept)
    return set(columns["remote_id"])


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
) -> set[str]:
    """Write new and changed records; return the ids of those that nobody else was faster with."""
    if not records:
        return set()
    records = sorted(records, key=lambda record: (record.number or 0, record.remote_id))
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
    put = await tx.fetch_all(Q.put_snapshots, shelf.params(read_at=served_at, now=now, **columns))
    return {row["remote_id"] for row in put}


def _columns(rows: Sequence[tuple[Record, Storable]]) -> dict[str, Any]:
    """Return what every write sends, by column. Times go as text: the server reads them faster
    than the driver writes them in binary."""
    extracted = [record.extracted for record, _ in rows]
    columns = dict(zip(Extracted._fields, map(list, zip(*extracted, strict=True)), strict=True))
    return columns | {
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


async def bury_records(
    tx: Transaction, shelf: Shelf, ids: list[str], *, served_at: datetime, now: datetime
) -> int:
    """Set tombstones; the last version stays readable among the earlier ones."""
    held = await _hold(tx, shelf, ids, now=now)
    return await tx.execute(Q.bury, shelf.params(ids=held, read_at=served_at, now=now))


async def _hold(tx: Transaction, shelf: Shelf, ids: list[str], *, now: datetime) -> list[str]:
    """Put aside what these records are, where they are not gone already, and hold the records."""
    rows = await tx.fetch_all(Q.hold, shelf.params(ids=ids))
    present = {row["remote_id"]: row["version"] for row in rows if row["state"] != State.GONE}
    return list(await _keep_versions(tx, shelf, present, now=now))


async def retire(tx: Transaction, shelf: Shelf, ids: list[str], *, now: datetime) -> int:
    """Set tombstones because the store itself is gone; nothing was read, so ``read_at`` stays."""
    held = await _hold(tx, shelf, ids, now=now)
    return await tx.execute(Q.retire, shelf.params(ids=held, now=now))
