"""How every connection is doing: what its twin holds, how old that is, and what hinders it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.hub.schedules import zone_of
from storetwin.kernel.clock import Clock
from storetwin.mirror import repository as mirror
from storetwin.mirror.waiting import count_waiting
from storetwin.runs import repository as runs
from storetwin.runs import schedules_repository, standing_repository
from storetwin.runs.schedules import Schedule, ScheduleKind
from storetwin.runs.standing import Marks, Standing, Waiting, judge, schedule_of, worst


@dataclass(frozen=True, slots=True)
class ResourceStanding:
    """How the twin of one resource is doing.

    Args:
        records: how many, by state.
        next_at: when it is read by itself next, if ever.
    """

    resource: str
    standing: Standing
    records: dict[str, int]
    marks: Marks
    next_at: datetime | None
    waiting: Waiting | None
    dead_letters: int


@dataclass(frozen=True, slots=True)
class ConnectionStanding:
    """How one connection is doing.

    Args:
        certificate: the latest, if there is one.
        last_run: the latest that has ended, if one has.
        at_work: runs that are.
        failures: how often in a row its schedules came to nothing.
    """

    connection: Connection
    standing: Standing
    resources: Sequence[ResourceStanding]
    certificate: Row | None
    last_run: Row | None
    at_work: Sequence[Row]
    failures: int
    next_at: datetime | None
    waiting: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was read of all connections at once."""

    marks: dict[UUID, dict[str, Marks]]
    records: dict[UUID, dict[str, dict[str, int]]]
    letters: dict[UUID, dict[str, int]]
    waiting: dict[UUID, dict[str, Waiting]]
    schedules: list[Schedule]
    certificates: dict[UUID, Row]
    runs: dict[UUID, list[Row]]


@dataclass(frozen=True, slots=True)
class Standings:
    """Tells how the connections of one organisation are doing."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def every(self) -> list[ConnectionStanding]:
        """Return how each connection is doing."""
        connections = await self.register.every()
        async with self._transaction() as tx:
            seen = _Seen(
                marks=await standing_repository.read_marks(tx),
                records=_by_state(await mirror.count_records(tx)),
                letters=await standing_repository.count_letters(tx),
                waiting=await count_waiting(tx),
                schedules=(await schedules_repository.read_schedules(tx, None)).schedules,
                certificates=await runs.latest_certificates(tx),
                runs=await standing_repository.latest_runs(tx),
            )
        return [_standing(connection, seen, self.clock()) for connection in connections]

    async def followed(self, name: str | None, run_ids: Sequence[UUID]) -> list[Row]:
        """Return the progress of all runs at work, and of these.

        Raises:
            UnknownConnectionError: there is no connection of this name.
        """
        connection_id = (await self.register.get(name)).id if name else None
        async with self._transaction() as tx:
            return await standing_repository.read_followed(tx, connection_id, run_ids)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _standing(connection: Connection, seen: _Seen, now: datetime) -> ConnectionStanding:
    own = [s for s in seen.schedules if s.connection_id == connection.id]
    latest = seen.runs.get(connection.id, [])
    awake = [s for s in own if not s.is_paused]
    pulled = {r.name for r in catalogue_for(connection.options).ordered([])}
    names = [*pulled, *(n for n in seen.records.get(connection.id, {}) if n not in pulled)]
    resources = [_of_resource(connection, n, own, seen, now) for n in sorted(names)]
    return ConnectionStanding(
        connection=connection,
        standing=worst([r.standing for r in resources if r.resource in pulled]),
        resources=resources,
        certificate=seen.certificates.get(connection.id),
        last_run=next((run for run in latest if run["state"] != "running"), None),
        at_work=[run for run in latest if run["state"] == "running"],
        failures=max((s.failures for s in own), default=0),
        next_at=min((s.next_at for s in awake), default=None),
        waiting=sum(w.count for w in seen.waiting.get(connection.id, {}).values()),
    )


def _of_resource(
    connection: Connection, name: str, schedules: list[Schedule], seen: _Seen, now: datetime
) -> ResourceStanding:
    marks = seen.marks.get(connection.id, {}).get(name)
    waiting = seen.waiting.get(connection.id, {}).get(name)
    schedule = schedule_of(schedules, name, ScheduleKind.SYNC)
    return ResourceStanding(
        resource=name,
        standing=judge(marks, schedule, waiting, now=now, zone=zone_of(connection)),
        records=seen.records.get(connection.id, {}).get(name, {}),
        marks=marks or Marks(),
        next_at=None if schedule is None or schedule.is_paused else schedule.next_at,
        waiting=waiting,
        dead_letters=seen.letters.get(connection.id, {}).get(name, 0),
    )


def _by_state(rows: list[Row]) -> dict[UUID, dict[str, dict[str, int]]]:
    found: dict[UUID, dict[str, dict[str, int]]] = {}
    for row in rows:
        of = found.setdefault(row["connection_id"], {}).setdefault(row["resource"], {})
        of[row["state"]] = row["n"]
    return found
