"""Reads of the table and its counts, and choices; always in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.money import from_minor
from storetwin.kernel.natural import natural_key
from storetwin.mirror.persons import Key
from storetwin.staging.choosing import (
    MOST_COUNTED,
    Ids,
    Slice,
    Stretch,
    change,
    choose,
    choose_of_found,
    count_all,
    is_narrowed,
    of_found,
    of_stretches,
)
from storetwin.staging.copies import Store
from storetwin.staging.models import (
    ChoiceAction,
    Chose,
    Chosen,
    Count,
    FieldChange,
    Filter,
    Sort,
    StagedRecord,
    State,
)

Q = load_queries(__package__)

MOST_FOUND = 2_000  # records that an index names; of more a walk meets enough soon
LOOK = 5_000  # tombstones that are looked through for a text
NAMELESS = frozenset({"orders", "refunds", "order_notes"})
"""Resources whose records have no name of their own, so that no index sorts by it (0014)."""
_CHOICES = {
    ChoiceAction.SELECT: Q.select_records,
    ChoiceAction.DESELECT: Q.deselect_records,
    ChoiceAction.IGNORE: Q.ignore_records,
    ChoiceAction.RESTORE: Q.restore_records,
}
Names = Mapping[UUID, str]
"""Connection → what people call it."""


class NotSortableError(ConfigurationError):
    """The records of a resource have nothing of the kind to be sorted by."""

    code = "not_sortable"


@dataclass(frozen=True, slots=True)
class Chapter:
    """Which rows stand on a page, and how many there are; where ``is_cut_off`` there are more."""

    ids: list[tuple[UUID, str]]
    count: int
    is_cut_off: bool


async def read_counts(
    tx: Transaction, organisation_id: UUID, resource: str | None, connections: Sequence[UUID]
) -> list[Count]:
    """Return how many records there are in each state."""
    params = {"organisation_id": organisation_id, "resource": resource}
    query = Q.read_all_counts if resource is None else Q.read_counts
    rows = await tx.fetch_all(query, params | {"connections": list(connections)})
    return [Count(**(row | {"state": State(row["state"])})) for row in rows]


async def read_chapter(
    tx: Transaction,
    organisation_id: UUID,
    wanted: Filter,
    part: Slice,
    stretches: Sequence[Stretch],
    found: Ids | None = None,
) -> Chapter:
    """Return which records stand on a page.

    Args:
        found: those in which a text was found; None where none is looked for.

    Raises:
        NotSortableError: the records have no name.
    """
    if part.sort is Sort.NAME and wanted.resource in NAMELESS:
        raise NotSortableError(
            f"The {wanted.resource} have no name to be sorted by.",
            remedy="Sort by modified_at, or by key: their number.",
        )
    own = {"organisation_id": organisation_id}
    is_many = False
    if found is None:
        found = await _found_by_index(tx, own, wanted, stretches)
        is_many = found is not None and len(found) > MOST_FOUND
    if found is not None and not is_many:
        statement, params = choose_of_found(wanted, part, stretches, found)
        rows = await tx.fetch_all(statement, own | params)
        count = rows[0]["n"] if rows else await _count_found(tx, own, wanted, stretches, found)
        return Chapter([(row["connection_id"], row["remote_id"]) for row in rows], count, False)
    count, is_cut_off = sum(stretch.records for stretch in stretches), False
    if is_many:
        count, is_cut_off = MOST_FOUND, True
    elif is_narrowed(wanted):
        statement, params = count_all(wanted, stretches)
        row = await tx.fetch_one(statement, own | params)
        counted = row["n"] if row else 0
        count, is_cut_off = min(counted, MOST_COUNTED), counted > MOST_COUNTED
    statement, params = choose(wanted, part, stretches, MOST_COUNTED if is_many else count)
    rows = await tx.fetch_all(statement, own | params) if count else []
    return Chapter([(row["connection_id"], row["remote_id"]) for row in rows], count, is_cut_off)


async def _found_by_index(
    tx: Transaction, own: dict[str, Any], wanted: Filter, stretches: Sequence[Stretch]
) -> Ids | None:
    """Return the records that a rule chose, or of which a column differs, one more than are few."""
    of = own | of_stretches(stretches) | {"resource": wanted.resource, "most": MOST_FOUND + 1}
    rows: list[Row] | None = None
    if wanted.rule_id is not None:
        rows = await tx.fetch_all(Q.find_by_rule, of | {"rule_id": wanted.rule_id})
    elif wanted.field is not None:
        rows = await tx.fetch_all(Q.find_by_column, of | {"field": wanted.field})
    if rows is None:
        return None
    return [(row["connection_id"], row["remote_id"]) for row in rows]


async def _count_found(
    tx: Transaction,
    own: dict[str, Any],
    wanted: Filter,
    stretches: Sequence[Stretch],
    found: Ids,
) -> int:
    statement, params = choose_of_found(wanted, Slice(limit=1), stretches, found)
    row = await tx.fetch_one(statement, own | params)
    return row["n"] if row else 0


async def find_gone(
    tx: Transaction, organisation_id: UUID, wanted: Filter, stretches: Sequence[Stretch]
) -> Ids:
    """Return the records that stores have no more and that the filter's text occurs in."""
    text = (wanted.search or "").strip().lower()
    params = {"resource": wanted.resource, "text": text, "key": natural_key(text), "look": LOOK}
    own = of_stretches(stretches) | {"organisation_id": organisation_id}
    rows = await tx.fetch_all(Q.find_gone, own | params)
    return [(row["connection_id"], row["remote_id"]) for row in rows]


async def read_records(
    tx: Transaction, organisation_id: UUID, resource: str, ids: Ids, names: Names
) -> list[StagedRecord]:
    """Return what the table shows of some records, in this order; those that there are not left out."""
    if not ids:
        return []
    params = {"organisation_id": organisation_id, "resource": resource} | of_found(ids)
    rows = await tx.fetch_all(Q.read_rows, params)
    return [_record_of(row, resource, names) for row in rows]


async def make_choice(
    tx: Transaction,
    organisation_id: UUID,
    chosen: Chosen,
    action: ChoiceAction,
    connections: Sequence[UUID],
    *,
    rule_id: UUID | None = None,
    why: str | None = None,
) -> Chose:
    """Do something to all that is meant, in one statement.

    Args:
        connections: that the filter may be about.
        rule_id: the rule that does it.
        why: of records that are ignored.
    """
    query = _CHOICES[action]
    if action in (ChoiceAction.SELECT, ChoiceAction.DESELECT):
        query = Q.select_by_rule if rule_id is not None else query
        lock = Q.shut_out if rule_id is None else Q.keep_out
        await tx.fetch_one(lock, {"connections": _meant_of(chosen, connections)})
    statement, params = change(query, chosen, connections)
    own = {"organisation_id": organisation_id, "by_rule": rule_id, "why": why}
    row = await tx.fetch_one(statement, own | params)
    assert row is not None
    return Chose(row["matched"], row["changed"], chosen.seen)


def _meant_of(chosen: Chosen, connections: Sequence[UUID]) -> list[UUID]:
    return list({connection for connection, _ in chosen.ids} if chosen.ids else connections)


def _record_of(row: Row, resource: str, names: Names) -> StagedRecord:
    changes = json.loads(row["changed_fields"]) if row["changed_fields"] else []
    return StagedRecord(
        connection_id=row["connection_id"],
        connection=names[row["connection_id"]],
        resource=resource,
        remote_id=row["remote_id"],
        state=State(row["state"]),
        is_selected=row["is_selected"],
        is_gone=row["is_gone"],
        version=row["version"],
        name=row["name"],
        key=_key_of(row, resource),
        status=row["status"] or None,
        modified_at=row["modified_at"],
        core_id=row["core_id"],
        figures=_figures_of(row),
        changes=tuple(FieldChange(*change) for change in changes),
        change_count=row["change_count"],
        why=row["why"],
        rule_id=row["rule_id"],
        candidates=tuple(row["candidates"] or ()),
        columns=tuple(row["changed_columns"] or ()),
    )


def _key_of(row: Row, resource: str) -> str | None:
    key: str | None = row["email_lower"] if resource == "customers" else row["number"]
    return row["sku"] or key


def _figures_of(row: Row) -> dict[str, Any]:
    currency = row["currency"]
    figures = {
        "number": row["number"],
        "sku": row["sku"],
        "email": row["email_lower"],
        "currency": currency,
        "total": _money(row["total_minor"], currency),
        "refunded": _money(row["refunded_minor"], currency),
        "items": row["items"],
        "created_at": row["created_at"],
    }
    return {name: value for name, value in figures.items() if value is not None}


def _money(minor: int | None, currency: str | None) -> str | None:
    return None if minor is None else from_minor(minor, currency)


async def count_meant(
    tx: Transaction, organisation_id: UUID, chosen: Chosen, connections: Sequence[UUID]
) -> dict[State, int]:
    """Return how many records are meant, by state."""
    statement, params = change(Q.count_meant, chosen, connections)
    rows = await tx.fetch_all(statement, {"organisation_id": organisation_id} | params)
    return {State(row["state"]): row["n"] for row in rows}


async def count_changed(
    tx: Transaction, organisation_id: UUID, chosen: Chosen, connections: Sequence[UUID]
) -> list[tuple[str, int]]:
    """Return how many of the records that are meant differ in each column."""
    statement, params = change(Q.count_changed_columns, chosen, connections)
    rows = await tx.fetch_all(statement, {"organisation_id": organisation_id} | params)
    return [(row["name"], row["n"]) for row in rows]


async def sample_meant(
    tx: Transaction,
    organisation_id: UUID,
    chosen: Chosen,
    connections: Sequence[UUID],
    most: int,
) -> list[tuple[UUID, str]]:
    """Return some of the records that are meant and may change core."""
    statement, params = change(Q.sample_meant, chosen, connections)
    own = {"organisation_id": organisation_id}
    rows = await tx.fetch_all(statement, own | params | {"most": most})
    return [(row["connection_id"], row["remote_id"]) for row in rows]


async def take(tx: Transaction, owner: tuple[UUID, UUID], chosen: Chosen, run_id: UUID) -> int:
    """Give the records that are meant, of one connection, to a promotion; return how many.

    Args:
        owner: organisation and connection.
    """
    organisation_id, connection_id = owner
    await tx.fetch_one(Q.shut_out, {"connections": [connection_id]})
    statement, params = change(Q.take_records, chosen, [connection_id])
    own = {"organisation_id": organisation_id, "connection_id": connection_id, "run_id": run_id}
    await tx.execute(Q.drop_left, own)
    row = await tx.fetch_one(statement, params | own)
    return row["n"] if row else 0


async def read_states(
    tx: Transaction, store: Store, resource: str, ids: Sequence[str]
) -> dict[str, State]:
    """Return the states of some records by remote id; those that are not there are left out."""
    rows = await tx.fetch_all(Q.read_states, store.params(resource) | {"ids": list(ids)})
    return {row["remote_id"]: State(row["state"]) for row in rows}


async def read_asker(tx: Transaction, organisation_id: UUID, run_id: UUID) -> UUID | None:
    """Return who asked for a promotion, where that was a person."""
    params = {"organisation_id": organisation_id, "run_id": run_id}
    row = await tx.fetch_one(Q.read_asker, params)
    return UUID(row["user_id"]) if row and row["user_id"] else None


async def link_by_hand(
    tx: Transaction, store: Store, resource: str, remote_id: str, core_id: UUID | None
) -> bool:
    """Say which core record a record is, None for a new one; False where that is settled already."""
    of = {"remote_id": remote_id, "core_id": core_id, "is_anew": core_id is None}
    await keep_out(tx, store)
    return await tx.fetch_one(Q.link_record, store.params(resource) | of) is not None


async def keep_out(tx: Transaction, store: Store) -> None:
    """Let nobody choose among a connection's records until the transaction ends.

    Asked for by whoever changes what is chosen or taken of them beside those who choose.
    """
    await tx.fetch_one(Q.keep_out, {"connections": [store.connection_id]})


async def make_stale(tx: Transaction, store: Store, resource: str | None = None) -> int:
    """Let the linked records of a connection be compared again; return how many."""
    return await tx.execute(Q.make_stale, store.params(resource))


async def make_one_stale(tx: Transaction, store: Store) -> int:
    """Let one linked record be compared again; 0 where none is linked."""
    return await tx.execute(Q.make_one_stale, store.params())


async def forget_differences(tx: Transaction, store: Store, keys: Collection[Key]) -> int:
    """Drop what was found to differ of some records, old and new values; they are compared again.

    Args:
        keys: resource and remote id of each.
    """
    of = {"resources": [one for one, _ in keys], "ids": [one for _, one in keys]}
    return await tx.execute(Q.forget_differences, store.params() | of)
