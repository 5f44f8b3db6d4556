"""Writes of core records, what is written down beside them, and what waited for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from uuid import UUID

from storetwin.core.differences import Difference, Fields
from storetwin.core.links import as_given, by_store
from storetwin.core.models import Action, Cause, Origin
from storetwin.core.records import Cells, Stand
from storetwin.core.statements import Q, Table, Tables, tables_of
from storetwin.core.targets import Pending, Target
from storetwin.core.values import to_json
from storetwin.db.database import Transaction
from storetwin.mapping.models import Noun, Row
from storetwin.mapping.nouns import NOUNS

BESIDE = ("links", "awaited", "changes", "customer_figures")
"""Tables that grow with every noun."""
FEW = 50
"""New records that make no table grow by much."""


@dataclass(frozen=True, slots=True)
class Change:
    """A line of ``core.changes``.

    Args:
        fields: None where the record was made.
        connection_id: of the store whose word it was.
    """

    core_id: UUID
    action: Action
    fields: Fields | None
    connection_id: UUID | None = None


@dataclass(slots=True)
class Writes:
    """What a batch writes."""

    created: list[Target] = field(default_factory=list)
    changed: list[tuple[Target, Difference]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    links: list[Cells] = field(default_factory=list)


async def write_records(tx: Transaction, tables: Tables, writes: Writes, now: datetime) -> None:
    """Write new and changed records with their parts, and what they wait for."""
    new = [_row(target.stand) for target in writes.created]
    await _execute(tx, tables.row.insert, new, now=now)
    await _put_rows(
        tx, tables, [t.stand for t, found in writes.changed if found.is_row_changed], now
    )
    for name, table in tables.parts.items():
        await _write_part(tx, name, table, writes)
    rewritten = [target.stand.core_id for target, _ in writes.changed]
    if rewritten:
        await tx.execute(Q.stop_awaiting, {"ids": rewritten})
    if len(new) > FEW:
        await tx.execute(Q.analyze_grown, {"names": [tables.row.name, *tables.parts, *BESIDE]})
    pending = [one for target in writes.created for one in target.pending]
    pending += [one for target, _ in writes.changed for one in target.pending]
    await _execute(tx, Q.await_records, [_pending(one) for one in dict.fromkeys(pending)])


async def write_changed(
    tx: Transaction, tables: Tables, changed: Sequence[tuple[Stand, Difference]], now: datetime
) -> None:
    """Write what differs of some records; what they wait for they go on waiting for."""
    await _put_rows(tx, tables, [stand for stand, found in changed if found.is_row_changed], now)
    writes = Writes(changed=[(Target(stand), found) for stand, found in changed])
    for name, table in tables.parts.items():
        await _write_part(tx, name, table, writes)


async def write_row(tx: Transaction, tables: Tables, stand: Stand, now: datetime) -> None:
    """Write a record's own row anew."""
    await _put_rows(tx, tables, [stand], now)


async def write_changes(
    tx: Transaction, noun: Noun, changes: Iterable[Change], cause: Cause, now: datetime
) -> None:
    """Write down what changed."""
    rows: list[Cells] = [
        {
            "core_id": one.core_id,
            "action": one.action.value,
            "fields": one.fields,
            "connection_id": one.connection_id,
        }
        for one in changes
    ]
    values = {"noun": noun.name, "run_id": cause.run_id, "user_id": cause.user_id, "now": now}
    await _execute(tx, Q.add_changes, rows, **values)


async def write_links(
    tx: Transaction, noun: Noun, rows: Sequence[Cells], cause: Cause, now: datetime
) -> None:
    """Note which core records some stores' records are."""
    await _execute(tx, Q.put_links, rows, noun=noun.name, run_id=cause.run_id, now=now)


async def bury_links(
    tx: Transaction, versions: Mapping[Origin, int], cause: Cause, now: datetime
) -> None:
    """Note that stores have some records no more.

    Args:
        versions: of the snapshots that say so.
    """
    rows: list[Cells] = [
        {
            "connection_id": origin.connection_id,
            "resource": origin.resource,
            "remote_id": origin.remote_id,
            "version": version,
        }
        for origin, version in versions.items()
    ]
    await _execute(tx, Q.bury_links, rows, run_id=cause.run_id, now=now)


async def restate_edits(
    tx: Transaction, noun: Noun, said: Mapping[UUID, Row], known: Mapping[UUID, Row]
) -> None:
    """Note what the stores say meanwhile of what people changed."""
    rows: list[Cells] = [
        {"core_id": core_id, "field": name, "said": value}
        for core_id, values in said.items()
        for name, value in values.items()
        if known[core_id].get(name) != value
    ]
    await _execute(tx, Q.restate_edits, rows, noun=noun.name)


async def fill_references(
    tx: Transaction, tables: Tables, arrived: Mapping[Origin, UUID]
) -> dict[str, set[UUID]]:
    """Fill in the references that waited for some records; return whose they are, by place.

    Args:
        tables: of the noun that is being written.
        arrived: core id of each store's record that is in core from now on.
    """
    if not arrived:
        return {}
    rows = await tx.fetch_all(Q.take_awaited, as_given(by_store(arrived)))
    places: dict[str, list[tuple[UUID, str, UUID]]] = {}
    for row in sorted(rows, key=lambda one: (one["place"], one["core_id"])):
        origin = Origin(row["connection_id"], row["resource"], row["remote_id"])
        places.setdefault(row["place"], []).append(
            (row["core_id"], origin.remote_id, arrived[origin])
        )
    for place, found in places.items():
        table = tables.places[place] if place in tables.places else _places()[place]
        ids, remote_ids, core_ids = zip(*found, strict=True)
        values = {"ids": list(ids), "remote_ids": list(remote_ids), "core_ids": list(core_ids)}
        await tx.execute(table.fill(place.partition(".")[2]), values)
    return {place: {core_id for core_id, _, _ in found} for place, found in places.items()}


@cache
def _places() -> dict[str, Table]:
    return {
        place: table for noun in NOUNS.values() for place, table in tables_of(noun).places.items()
    }


async def _write_part(tx: Transaction, name: str, table: Table, writes: Writes) -> None:
    new: list[Cells] = []
    for target in writes.created:
        if rows := target.stand.parts.get(name):
            for row in rows.values():
                row[table.owner] = target.stand.core_id
            new += rows.values()
    await _execute(tx, table.insert, new)
    put: list[Cells] = []
    owners: list[UUID] = []
    keys: list[str] = []
    for target, found in writes.changed:
        core_id = target.stand.core_id
        put += [{table.owner: core_id, **row} for row in found.put.get(name, ())]
        dropped = found.dropped.get(name, ())
        owners += [core_id] * len(dropped)
        keys += dropped
    if owners:
        await tx.execute(table.drop, {"owners": owners, "keys": keys})
    await _execute(tx, table.put, put)


async def _put_rows(
    tx: Transaction, tables: Tables, stands: Sequence[Stand], now: datetime
) -> None:
    ids = [stand.core_id for stand in stands]
    await _execute(tx, tables.row.put, [_row(stand) for stand in stands], ids=ids, now=now)


async def _execute(
    tx: Transaction, statement: str, rows: Sequence[Cells], **values: object
) -> None:
    if rows:
        await tx.execute(statement, {"rows": to_json(rows), **values})


def _row(stand: Stand) -> Cells:
    return {"id": stand.core_id, "gone_at": stand.gone_at, **stand.row}


def _pending(one: Pending) -> Cells:
    return {
        "connection_id": one.origin.connection_id,
        "resource": one.origin.resource,
        "remote_id": one.origin.remote_id,
        "place": one.place,
        "core_id": one.core_id,
    }
