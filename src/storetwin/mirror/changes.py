"""What was written to the twins of some connections, the latest first, in pages of bounded work.

A page looks at a bounded number of versions: where few of them fit, it is short, and says from where
the next one goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.mirror.history import What, changed_names, read_versions, what_happened
from storetwin.mirror.models import State
from storetwin.mirror.repository import Q, Shelf

AT_ONCE = 500  # versions that are looked at in one go
MOST_LOOKED_AT = 5_000  # for one page
DOCUMENTS = 20  # that are in memory at a time; each may have megabytes

Position = tuple[datetime, UUID, str, str, int]
"""(written_at, connection_id, resource, remote_id, version) of the last version of a page."""
FIRST = UUID(int=0)  # sorts before every connection


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which changes; None asks for nothing.

    Args:
        brought_by: pull, sweep, webhook or push.
    """

    remote_id: str | None = None
    brought_by: str | None = None
    what: What | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was written.

    Args:
        fields: names of the fields that differ from the version before; None where that one is
            not kept any more.
    """

    connection_id: UUID
    resource: str
    remote_id: str
    version: int
    what: What
    state: State
    brought_by: str
    modified_at: datetime | None
    written_at: datetime
    fields: tuple[str, ...] | None = ()

    @property
    def position(self) -> Position:
        """Return where it stands in the order of a list."""
        key = (self.written_at, self.connection_id, self.resource)
        return (*key, self.remote_id, self.version)


def fits(change: Change, chosen: Chosen) -> bool:
    """Say whether a change is among those that somebody wants."""
    return (
        chosen.remote_id in (None, change.remote_id)
        and chosen.brought_by in (None, change.brought_by)
        and chosen.what in (None, change.what)
    )


async def page_changes(
    tx: Transaction,
    organisation_id: UUID,
    connections: Sequence[UUID],
    resource: str | None,
    chosen: Chosen,
    *,
    since: datetime,
    before: Position,
    limit: int,
) -> tuple[list[Change], Position | None]:
    """Return what was written, the latest first, and from where the next page goes on.

    Args:
        resource: of this resource only.
        since: from then on.
        before: where the page before ended; what stands there is left out.
        limit: how many at most.

    Returns:
        Changes without their fields, see :func:`with_fields`; None where nothing is left.
    """
    params = {
        "organisation_id": organisation_id,
        "connections": list(connections),
        "resource": resource,
        "since": since,
    }
    query = statement(resource, chosen.what)
    found: list[Change] = []
    looked_at = 0
    size = limit + 1 if chosen == Chosen() else AT_ONCE
    while looked_at < MOST_LOOKED_AT:
        rows = await _look(tx, query, params, before, size)
        looked_at += len(rows)
        for change in map(_change, rows):
            if len(found) == limit:
                return found, before
            before = change.position
            if fits(change, chosen):
                found.append(change)
        if len(rows) < size:
            return found, None
    return found, before


async def _look(
    tx: Transaction,
    query: str,
    params: Mapping[str, Any],
    before: Position,
    limit: int,
) -> list[Row]:
    names = ("at", "last_connection", "last_resource", "last_id", "last_version")
    place = dict(zip(names, before, strict=True))
    return await tx.fetch_all(query, {**params, **place, "limit": limit})


def statement(resource: str | None, what: What | None = None) -> str:
    """Return the statement that reads a page of versions, of one resource or of all.

    Args:
        what: first versions are left out where none of them can be it: a first pull writes as many
            as there are records.
    """
    conditions = "" if resource is None else "AND resource = %(resource)s"
    if what is What.NEW:
        conditions += " AND version = 1"
    elif what is not None:
        conditions += " AND version > 1"
    return Q.page_changes.replace("/* conditions */", conditions)


def _change(row: Row) -> Change:
    before = row.pop("state_before")
    what = what_happened(row["version"], row["state"], before)
    return Change(**(row | {"state": State(row["state"]), "what": what}))


async def with_fields(
    tx: Transaction,
    organisation_id: UUID,
    changes: Sequence[Change],
    volatile: Mapping[UUID, Mapping[str, Sequence[str]]],
) -> list[Change]:
    """Return changes with the names of the fields that each changed.

    Args:
        volatile: by connection and resource; see :func:`compare`.
    """
    names: dict[Position, tuple[str, ...] | None] = {}
    by_connection: dict[UUID, list[Change]] = {}
    for change in changes:
        if change.version > 1:
            by_connection.setdefault(change.connection_id, []).append(change)
    for connection_id, own in by_connection.items():
        shelf = Shelf(organisation_id, connection_id, "")
        for start in range(0, len(own), DOCUMENTS // 2):
            piece = own[start : start + DOCUMENTS // 2]
            names |= await _names(tx, shelf, piece, volatile.get(connection_id, {}))
    return [replace(change, fields=names.get(change.position, ())) for change in changes]


async def _names(
    tx: Transaction,
    shelf: Shelf,
    changes: Sequence[Change],
    volatile: Mapping[str, Sequence[str]],
) -> dict[Position, tuple[str, ...] | None]:
    keys = [
        (change.resource, change.remote_id, number)
        for change in changes
        for number in (change.version - 1, change.version)
    ]
    documents = await read_versions(tx, shelf, keys)

    def compared() -> dict[Position, tuple[str, ...] | None]:
        found: dict[Position, tuple[str, ...] | None] = {}
        for change in changes:
            record = (change.resource, change.remote_id)
            before, _ = documents[*record, change.version - 1]
            after, _ = documents[*record, change.version]
            left_out = volatile.get(change.resource, ())
            found[change.position] = changed_names(before, after, left_out)
        return found

    return await asyncio.to_thread(compared)  # megabytes take their time
