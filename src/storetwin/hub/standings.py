"""How every connection is doing: what its twin holds, how old that is, and what hinders it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.connections.webhooks import health_of
from storetwin.connections.webhooks_health import Health
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
    """Tells how the connections of one organisation are doing.

    Args:
        public_url: where stores reach this hub; None: they cannot.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    public_url: str | None

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

    async def webhooks(self) -> dict[UUID, Health]:
        """Return how the webhooks of each connection are doing; no store is asked."""
        ends, now = await self.register.receiving_ends.every(), self.clock()
        return {
            connection.id: health_of(
                ends.get(connection.id), now, has_public_url=self.public_url is not None
            )
            for connection in await self.register.every()
        }

    async def followed(self, name: str | None, run_ids: Sequence[UUID]) -> list[Row]:
        """Return the progress of all runs at work, and of these.

        Raises:
            UnknownConnectionError: there is no connection of this name.
        """
        connection_id = (await self.register.get(name)).id if name else None
        async with self._transaction() as tx:
            return await standing_repository.read_followed(tx, connection_id, run_ids)

    async def follow(self, run_ids: Sequence[UUID], *, is_all: bool = False) -> list[Row]:
        """Return the state and the progress of these runs, to tell what happens.

        Args:
            is_all: and of all that wait or are at work.
        """
        async with self._transaction() as tx:
            return await standing_repository.follow_runs(tx, run_ids, is_all=is_all)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def as_json(one: ConnectionStanding, webhooks: Health | None) -> dict[str, Any]:
    """Return what every door shows of a connection's standing."""
    certificate, last = one.certificate, one.last_run
    shown = ("run_id", "kind", "state", "started_at", "ended_at", "error")
    return {
        "connection": one.connection.name,
        "connection_id": one.connection.id,
        "url": one.connection.url,
        "state": one.connection.state.value,
        "pause_reason": one.connection.pause_reason,
        "standing": one.standing.value,
        "dead_letters": sum(r.dead_letters for r in one.resources),
        "is_complete": certificate["is_complete"] if certificate else None,
        "certified_at": certificate["ended_at"] if certificate else None,
        "level": certificate["level"] if certificate else None,
        "last_run": {k: last[k] for k in shown} if last else None,
        "at_work": [{k: run[k] for k in shown[:4]} for run in one.at_work],
        "failures": one.failures,
        "next_at": one.next_at,
        "deliveries_waiting": one.waiting,
        "webhooks": asdict(webhooks) if webhooks else None,
        "resources": {r.resource: r.records for r in one.resources},
        "standings": {r.resource: _resource_as_json(r) for r in one.resources},
    }


def _resource_as_json(one: ResourceStanding) -> dict[str, Any]:
    return {
        "standing": one.standing.value,
        "synced_at": one.marks.synced_at,
        "synced_to": one.marks.synced_to,
        "swept_at": one.marks.swept_at,
        "next_at": one.next_at,
        "deliveries_waiting": one.waiting.count if one.waiting else 0,
        "dead_letters": one.dead_letters,
    }


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
