"""When connections are read by themselves: what a person sets, and what it is the turn of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.connections.quiet import site_of, site_zone
from storetwin.connections.register import Register
from storetwin.db.database import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.runs import schedules_repository as repository
from storetwin.runs.repository import latest_certificates
from storetwin.runs.schedules import (
    ALL,
    DEFAULT_SPECS,
    Ending,
    Schedule,
    ScheduleKind,
    Spec,
    next_time,
    parse_spec,
    settle,
    turns,
)

FORESEEN = 5  # turns that a person is told of before he sets a schedule


@dataclass(frozen=True, slots=True)
class Turn:
    """What a connection is due for.

    Args:
        due: the schedules whose time has come.
        resources: by kind, increments first; none where nothing is due.
        now: the database's time.
        is_first: its twin was never proved.
    """

    connection: Connection
    due: Sequence[Schedule]
    resources: dict[str, list[str]]
    now: datetime
    is_first: bool


@dataclass(frozen=True, slots=True)
class Upcoming:
    """When something would be read next.

    Args:
        spec: as it is kept.
        moments: the next ones, the first first.
        zone: the site's.
    """

    spec: Spec
    moments: Sequence[datetime]
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Schedules:
    """The schedules of one organisation's connections."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    # -- what a person does ---------------------------------------------------------------------

    async def of(self, name: str | None = None) -> list[tuple[Connection, list[Schedule]]]:
        """Return the schedules of a connection, or of each; those usual where it has none yet."""
        chosen = [await self.register.named(name)] if name else await self.register.every()
        return await self.among(chosen)

    async def among(self, chosen: Sequence[Connection]) -> list[tuple[Connection, list[Schedule]]]:
        """Return the schedules of these connections; those usual where one has none yet."""
        for connection in chosen:
            await self.ensure(connection.id)
        async with self._transaction() as tx:
            every = (await repository.read_schedules(tx, None)).schedules
        return [(c, [s for s in every if s.connection_id == c.id]) for c in chosen]

    async def one(
        self, name: str, kind: ScheduleKind, resource: str | None
    ) -> tuple[Connection, Schedule]:
        """Return one schedule of a connection: of a resource's own, or of all others.

        Raises:
            UnknownNameError: there is no such connection, or it has no such schedule.
        """
        _, wanted = await self._named(name, resource)
        [(connection, found)] = await self.of(name)
        for schedule in found:
            if (schedule.kind, schedule.resource) == (kind, wanted or ALL):
                return connection, schedule
        raise _no_schedule(connection.name, wanted)

    async def set(
        self, name: str, kinds: Sequence[ScheduleKind], spec: str, resource: str | None = None
    ) -> None:
        """Set when a connection, or one resource of it, is read; it goes on if it rested.

        Raises:
            ConfigurationError: the interval or the cron expression cannot be used.
            UnknownNameError: there is no such connection, or no such resource.
        """
        connection, wanted = await self._named(name, resource)
        parsed, now = parse_spec(spec), self.clock()
        await self.ensure(connection.id)
        async with self._transaction() as tx:
            for kind in kinds:
                made = Schedule(
                    self.organisation_id, connection.id, kind, wanted or ALL, parsed, False, now
                )
                next_at = next_time(
                    parsed, started_at=now, now=now, zone=zone_of(connection), phase=made.phase
                )
                owner = (self.organisation_id, connection.id)
                await repository.put_schedule(
                    tx, owner, kind, wanted or ALL, spec=parsed, next_at=next_at
                )

    async def upcoming(
        self, name: str, kind: ScheduleKind, spec: str, resource: str | None = None
    ) -> Upcoming:
        """Return when a schedule would be due next, were it set now; nothing is written.

        Raises:
            ConfigurationError: the interval or the cron expression cannot be used.
            UnknownNameError: there is no such connection, or no such resource.
        """
        connection, wanted = await self._named(name, resource)
        parsed, at, zone = parse_spec(spec), self.clock(), zone_of(connection)
        made = Schedule(self.organisation_id, connection.id, kind, wanted or ALL, parsed, False, at)
        moments = []
        for _ in range(FORESEEN):
            at = next_time(parsed, started_at=at, now=at, zone=zone, phase=made.phase)
            moments.append(at)
        return Upcoming(parsed, moments, zone)

    async def pause(
        self,
        name: str,
        *,
        is_paused: bool,
        kind: ScheduleKind | None = None,
        resource: str | None = None,
    ) -> None:
        """Let schedules rest, or go on; all of the connection unless a kind or resource is named.

        Raises:
            UnknownNameError: there is no such connection, or it has no such schedule.
        """
        connection, wanted = await self._named(name, resource)
        await self.ensure(connection.id)
        async with self._transaction() as tx:
            changed = await repository.pause_schedules(
                tx, connection.id, is_paused=is_paused, kind=kind, resource=wanted
            )
        if not changed:
            raise _no_schedule(name, wanted)

    async def remove(
        self, name: str, resource: str | None, *, kind: ScheduleKind | None = None
    ) -> None:
        """Forget a resource's own schedule: it is read with all others again.

        Raises:
            ConfigurationError: none is named; the schedule of all can only be paused.
            UnknownNameError: there is no such connection, or it has no such schedule.
        """
        connection, wanted = await self._named(name, resource)
        if wanted is None:
            raise ConfigurationError(
                "The schedule of all resources cannot be removed.",
                remedy=f"Let it rest: storetwin schedule pause {name}",
            )
        async with self._transaction() as tx:
            removed = await repository.remove_schedules(
                tx, connection.id, kind=kind, resource=wanted
            )
        if not removed:
            raise _no_schedule(name, wanted)

    # -- what a worker does ---------------------------------------------------------------------

    async def ensure(self, connection_id: UUID) -> None:
        """Give a connection the usual schedules, due now, unless it has some."""
        async with self._transaction() as tx:
            if not (await repository.read_schedules(tx, connection_id)).schedules:
                await repository.add_schedules(
                    tx, self.organisation_id, connection_id, DEFAULT_SPECS
                )

    async def make_due(self, connection_id: UUID) -> None:
        """Let the increments of a connection begin now: the hub has started."""
        async with self._transaction() as tx:
            await repository.make_due(tx, connection_id)

    async def turn(self, connection_id: UUID) -> Turn | None:
        """Return what a connection is due for; None when it was removed, or for nothing."""
        found = [c for c in await self.register.every() if c.id == connection_id]
        async with self._transaction() as tx:
            table = await repository.read_schedules(tx, connection_id)
            proved = await latest_certificates(tx)
        if not found or not table.due or table.now is None:
            return None
        names = [r.name for r in catalogue_for(found[0].options).ordered([])]
        resources = turns(table.due, table.schedules, names)
        return Turn(found[0], table.due, resources, table.now, connection_id not in proved)

    async def settle(self, turn: Turn, kind: ScheduleKind | None, ending: Ending) -> None:
        """Write down how a turn ended: of one kind, or of all that was due.

        What a person has set meanwhile stays as it was set.
        """
        zone = zone_of(turn.connection)
        async with self._transaction() as tx:
            now = (await repository.read_schedules(tx, turn.connection.id)).now or self.clock()
            for schedule in turn.due:
                if kind in (None, schedule.kind):
                    settled = settle(schedule, ending, started_at=turn.now, now=now, zone=zone)
                    await repository.settle_schedule(tx, schedule, settled)

    async def _named(self, name: str, resource: str | None) -> tuple[Connection, str | None]:
        connection = await self.register.named(name)
        if not resource:
            return connection, resource
        catalogue = catalogue_for(connection.options)
        catalogue.ordered([resource])  # says how to choose one that is left out
        return connection, catalogue.named(resource).name

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def zone_of(connection: Connection) -> tzinfo:
    """Return a site's time zone; UTC where this machine does not know it."""
    try:
        return site_zone(site_of(connection))
    except ConfigurationError:
        return UTC


def _no_schedule(name: str, resource: str | None) -> UnknownNameError:
    what = f"{resource} of {name} have no schedule of their own" if resource else "There is none"
    return UnknownNameError(f"{what}.", remedy=f"See storetwin schedule list {name}.")
