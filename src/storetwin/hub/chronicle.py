"""What happened, one line an event: runs of every kind, and what people did. The newest first.

Ids sort by time, so runs and entries of the audit log are one list, and an id is a place in it.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from storetwin.db.database import Row
from storetwin.runs.listing import Wanted, list_runs
from storetwin.runs.models import RunKind, RunState
from storetwin.tenancy.audit import Entry, Filters

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.hub.hub import Hub

ACCEPTED: Final = "accept_identity"
COMINGS: Final = (
    "begin_session",
    "create_session",
    "delete_current_session",
    "delete_session",
)
CHANGED: Final = ("store_changed",)
AT_ONCE: Final = 500  # events that are read in one go


class Kind(StrEnum):
    """What an event is about."""

    RUNS = "runs"
    PROOFS = "proofs"
    PROMOTIONS = "promotions"
    WEBHOOKS = "webhooks"
    IDENTITY = "identity"
    PEOPLE = "people"


class Result(StrEnum):
    """How it ended."""

    DONE = "done"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    STOPPED = "stopped"
    OPEN = "open"


KINDS: Final = {
    Kind.RUNS: (RunKind.PULL, RunKind.SYNC, RunKind.SWEEP, RunKind.RETRY, RunKind.REHEARSE),
    Kind.PROOFS: (RunKind.VERIFY,),
    Kind.PROMOTIONS: (RunKind.PROMOTE,),
    Kind.WEBHOOKS: (RunKind.RECEIVE,),
}
STATES: Final = {
    Result.DONE: (RunState.DONE,),
    Result.INCOMPLETE: (RunState.INCOMPLETE,),
    Result.FAILED: (RunState.FAILED,),
    Result.STOPPED: (RunState.INTERRUPTED, RunState.PAUSED, RunState.CANCELLED),
    Result.OPEN: (RunState.RUNNING, RunState.QUEUED),
}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events are wanted; None for any.

    Args:
        resource: runs that were about it; no deed is about one alone.
        person: what only he did; as the audit log names him.
        connection: its name or id.
        with_people: what people did may be told.
        is_brief: without what there is much of: deliveries of webhooks, people who sign in and out.
    """

    kind: Kind | None = None
    resource: str | None = None
    result: Result | None = None
    person: str | None = None
    connection: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    with_people: bool = False
    is_brief: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a run, or what somebody did.

    Args:
        run: a row of a list of runs.
    """

    event_id: UUID
    at: datetime
    run: Row | None = None
    entry: Entry | None = None


def asks_runs(sought: Sought) -> bool:
    """Say whether a run could be among what is wanted."""
    return sought.person is None and sought.kind is not Kind.PEOPLE


def asks_people(sought: Sought) -> bool:
    """Say whether something that somebody did could be among what is wanted."""
    if not sought.with_people or sought.resource is not None:
        return False
    if sought.result in (Result.INCOMPLETE, Result.STOPPED, Result.OPEN):
        return False
    return sought.kind in (None, Kind.PEOPLE, Kind.IDENTITY)


def wanted_runs(sought: Sought, connection_id: UUID | None) -> Wanted:
    """Return which runs are wanted."""
    kinds: Sequence[RunKind] = () if sought.is_brief else tuple(RunKind)
    if sought.kind in KINDS:
        kinds = KINDS[sought.kind]
    return Wanted(
        connection_id=connection_id,
        kinds=kinds,
        states=STATES[sought.result] if sought.result else (),
        since=sought.since,
        until=sought.until,
        resource=sought.resource,
        error_codes=CHANGED if sought.kind is Kind.IDENTITY else (),
    )


def wanted_deeds(sought: Sought, connection: Connection | None) -> Filters:
    """Return which entries of the audit log are wanted."""
    about: list[str] = []
    if connection is not None:
        names = (connection.name, str(connection.id))
        about = [f"{key}={name}" for key in ("connection", "name") for name in names]
    return Filters(
        action=ACCEPTED if sought.kind is Kind.IDENTITY else None,
        actor=sought.person,
        since=sought.since,
        until=sought.until,
        is_done=None if sought.result is None else sought.result is Result.DONE,
        about=tuple(about),
        but=COMINGS if sought.is_brief else (),
    )


async def happened(
    hub: Hub, sought: Sought, *, behind: UUID | None = None, limit: int
) -> list[Event]:
    """Return what happened, the newest first.

    Args:
        behind: only what is older than this event.

    Raises:
        UnknownConnectionError: there is no such connection.
    """
    connection = await hub.register.named(sought.connection) if sought.connection else None
    runs: list[Event] = []
    deeds: list[Event] = []
    if asks_runs(sought):
        wanted = wanted_runs(sought, connection.id if connection else None)
        async with hub.database.transaction(hub.organisation_id) as tx:
            rows = await list_runs(tx, replace(wanted, behind=behind, limit=limit))
        runs = [Event(row["run_id"], _at(row), run=row) for row in rows]
    if asks_people(sought):
        filters = wanted_deeds(sought, connection)
        entries = await hub.people.audit(filters, limit=limit, before=behind)
        deeds = [Event(entry.entry_id, entry.at, entry=entry) for entry in entries]
    merged = heapq.merge(runs, deeds, key=lambda one: one.event_id.int, reverse=True)
    return [event for event, _ in zip(merged, range(limit), strict=False)]


async def all_that_happened(hub: Hub, sought: Sought, most: int) -> AsyncIterator[list[Event]]:
    """Yield all that is wanted, some at a time, the newest first; so many at most."""
    behind, left = None, most
    while left > 0:
        found = await happened(hub, sought, behind=behind, limit=min(AT_ONCE, left))
        if not found:
            return
        yield found
        behind, left = found[-1].event_id, left - len(found)


def _at(row: dict[str, Any]) -> datetime:
    """Return when a run was asked for, or began: what its id was made with."""
    moment: datetime = row["asked_at"] or row["started_at"] or row["heartbeat_at"]
    return moment
