"""Schedules: when connections are read by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, model_validator

from storetwin.api.callers import Caller, Deleter, Reader, Updater
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, cursor_to, position_of
from storetwin.api.route import DoorRoute
from storetwin.connections.models import Connection
from storetwin.runs.schedules import Cron, Schedule, ScheduleKind

router = APIRouter(prefix="/schedules", tags=["schedules"], route_class=DoorRoute)
ROUTERS = (router,)
ALL = "all"
ONE = "/{connection}/{kind}/{resource}"

Connected = Annotated[str, Path(max_length=200, description="The connection's name or id.")]
Kind = Annotated[
    ScheduleKind, Path(description="sync: what changed. sweep: what no date shows, like deletions.")
]
Resource = Annotated[
    str,
    Path(max_length=200, description="A resource, or `all` for those without one of their own."),
]
Every = Annotated[str | None, Field(max_length=40, description="An interval.", examples=["30m"])]
Clock = Annotated[
    str | None,
    Field(
        max_length=200,
        description="Minute, hour, day, month, day of the week, on the clock of the site.",
        examples=["0 6 * * *"],
    ),
]


class ScheduleShown(BaseModel):
    """When one kind of reading is due."""

    connection: str
    connection_id: UUID
    kind: ScheduleKind
    resource: str | None = Field(description="null: all that have none of their own.")
    every: str | None
    cron: str | None
    is_paused: bool
    next_at: datetime | None = Field(description="When it is due next; null while it rests.")
    last_at: datetime | None = Field(description="When it was last read to its end.")
    failures: int = Field(description="How often in a row it came to nothing.")


class NewSchedule(Given):
    """When a resource is to be read: an interval, or times on the clock."""

    every: Every = None
    cron: Clock = None

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.every is None) is (self.cron is None):
            raise ValueError("give every or cron, one of the two")
        return self


class ScheduleChange(Given):
    """What changes of a schedule; what is absent stays."""

    every: Every = None
    cron: Clock = None
    is_paused: bool | None = Field(default=None, description="Let it rest, or go on.")

    @model_validator(mode="after")
    def _has_one_at_most(self) -> Self:
        if self.every is not None and self.cron is not None:
            raise ValueError("give every or cron, one of the two")
        return self


@router.get("")
async def list_schedules(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[str | None, Query(max_length=200, description="Name or id.")] = None,
) -> Page[ScheduleShown]:
    """List the schedules of all connections, or of one, and when each is due next."""
    question = f"schedules {connection}"
    position = position_of(cursor, question, str, str, str)
    found = {
        (str(of.id), s.kind.value, s.resource): (of, s)
        for of, schedules in await caller.hub.schedules.of(connection)
        for s in schedules
    }
    keys = [key for key in sorted(found) if position is None or key > position]
    more = cursor_to(keys[limit - 1], question) if len(keys) > limit else None
    return Page(data=[_shown(*found[key]) for key in keys[:limit]], next_cursor=more)


@router.get(ONE)
async def show_schedule(
    caller: Reader, connection: Connected, kind: Kind, resource: Resource
) -> ScheduleShown:
    """Show when a resource of a connection is read."""
    return await _one(caller, connection, kind, resource)


@router.put(ONE)
async def set_schedule(
    caller: Updater, connection: Connected, kind: Kind, resource: Resource, new: NewSchedule
) -> ScheduleShown:
    """Set when a resource is read; it goes on if it rested."""
    spec = new.every or new.cron or ""
    await caller.hub.schedules.set(connection, [kind], spec, _named(resource))
    return await _one(caller, connection, kind, resource)


@router.patch(ONE)
async def update_schedule(
    caller: Updater, connection: Connected, kind: Kind, resource: Resource, change: ScheduleChange
) -> ScheduleShown:
    """Change when a resource is read, let its schedule rest, or go on; what is overdue runs once."""
    before = await _one(caller, connection, kind, resource)
    schedules, name = caller.hub.schedules, _named(resource)
    if (spec := change.every or change.cron) is not None:
        await schedules.set(connection, [kind], spec, name)
    rests = before.is_paused if change.is_paused is None else change.is_paused
    await schedules.pause(connection, is_paused=rests, kind=kind, resource=name or "")
    return await _one(caller, connection, kind, resource)


@router.delete(ONE, status_code=204)
async def delete_schedule(
    caller: Deleter, connection: Connected, kind: Kind, resource: Resource
) -> None:
    """Forget a resource's own schedule: it is read with all others again."""
    await caller.hub.schedules.remove(connection, _named(resource), kind=kind)


async def _one(caller: Caller, connection: str, kind: ScheduleKind, resource: str) -> ScheduleShown:
    return _shown(*await caller.hub.schedules.one(connection, kind, _named(resource)))


def _named(resource: str) -> str | None:
    return None if resource == ALL else resource


def _shown(connection: Connection, schedule: Schedule) -> ScheduleShown:
    is_cron = isinstance(schedule.spec, Cron)
    return ScheduleShown(
        connection=connection.name,
        connection_id=connection.id,
        kind=schedule.kind,
        resource=schedule.resource or None,
        every=None if is_cron else str(schedule.spec),
        cron=str(schedule.spec) if is_cron else None,
        is_paused=schedule.is_paused,
        next_at=None if schedule.is_paused else schedule.next_at,
        last_at=schedule.last_at,
        failures=schedule.failures,
    )
