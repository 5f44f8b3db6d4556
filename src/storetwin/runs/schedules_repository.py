"""Reads and writes of schedules, each in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.runs.schedules import Schedule, ScheduleKind, Settled, Spec, parse_spec

Q = load_queries(__package__)


class Timetable(NamedTuple):
    """Schedules, and the database's time when they were read."""

    schedules: list[Schedule]
    now: datetime | None

    @property
    def due(self) -> list[Schedule]:
        """Return those whose time has come."""
        return [s for s in self.schedules if not s.is_paused and self.now and s.next_at <= self.now]


async def add_schedules(
    tx: Transaction,
    organisation_id: UUID,
    connection_id: UUID,
    specs: Mapping[ScheduleKind, str],
) -> None:
    """Give a connection these schedules for all its resources, due now, unless it has them."""
    await tx.execute(
        Q.add_schedules,
        {
            "organisation_id": organisation_id,
            "connection_id": connection_id,
            "kinds": [kind.value for kind in specs],
            "specs": list(specs.values()),
        },
    )


async def read_schedules(tx: Transaction, connection_id: UUID | None) -> Timetable:
    """Return the schedules of a connection, or of all."""
    rows = await tx.fetch_all(Q.read_schedules, {"connection_id": connection_id})
    return Timetable([_schedule(row) for row in rows], rows[0]["now"] if rows else None)


async def put_schedule(
    tx: Transaction,
    owner: tuple[UUID, UUID],
    kind: ScheduleKind,
    resource: str,
    *,
    spec: Spec,
    next_at: datetime,
) -> None:
    """Set when a resource is read, and tell the workers.

    Args:
        owner: organisation and connection.
    """
    await tx.execute(
        Q.put_schedule,
        {
            "organisation_id": owner[0],
            "connection_id": owner[1],
            "kind": kind.value,
            "resource": resource,
            "spec": str(spec),
            "next_at": next_at,
        },
    )


async def pause_schedules(
    tx: Transaction,
    connection_id: UUID,
    *,
    is_paused: bool,
    kind: ScheduleKind | None,
    resource: str | None,
) -> int:
    """Let schedules rest or go on, all unless some are named; return how many there were."""
    found = {
        "connection_id": connection_id,
        "is_paused": is_paused,
        "kind": kind.value if kind else None,
        "resource": resource,
    }
    return await tx.execute(Q.pause_schedules, found)


async def remove_schedules(
    tx: Transaction, connection_id: UUID, *, kind: ScheduleKind | None, resource: str
) -> int:
    """Forget a resource's own schedules; return how many there were."""
    found = {"connection_id": connection_id, "kind": kind.value if kind else None}
    return await tx.execute(Q.remove_schedules, found | {"resource": resource})


async def make_due(tx: Transaction, connection_id: UUID) -> None:
    """Let the increments of a connection begin now."""
    await tx.execute(Q.make_due, {"connection_id": connection_id})


async def settle_schedule(tx: Transaction, schedule: Schedule, settled: Settled) -> bool:
    """Write down how a turn ended; False when somebody has set the schedule anew meanwhile."""
    changed = await tx.execute(
        Q.settle_schedule,
        {
            "connection_id": schedule.connection_id,
            "kind": schedule.kind.value,
            "resource": schedule.resource,
            "was_next_at": schedule.next_at,
            "spec": str(schedule.spec),
            "next_at": settled.next_at,
            "last_at": settled.last_at,
            "failures": settled.failures,
        },
    )
    return changed == 1


def _schedule(row: Row) -> Schedule:
    return Schedule(
        organisation_id=row["organisation_id"],
        connection_id=row["connection_id"],
        kind=ScheduleKind(row["kind"]),
        resource=row["resource"],
        spec=parse_spec(row["spec"]),
        is_paused=row["is_paused"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        failures=row["failures"],
    )
