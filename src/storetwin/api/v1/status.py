"""How every connection is doing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.paging import Cursor, Limit, Page, cursor_to, position_of
from storetwin.api.route import DoorRoute
from storetwin.connections.models import ConnectionState
from storetwin.hub.standings import as_json
from storetwin.jobs.living import living_workers
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.standing import Standing

router = APIRouter(prefix="/status", tags=["status"], route_class=DoorRoute)
ROUTERS = (router,)
NO_STORE = "No store is connected yet. Connect one: POST /api/v1/connections."


class ShortRun(BaseModel):
    """A run, in short."""

    run_id: UUID
    kind: RunKind
    state: RunState
    started_at: datetime
    ended_at: datetime | None = None
    error: str | None = None


class ResourceStatus(BaseModel):
    """How the twin of one resource is doing."""

    standing: Standing
    synced_at: datetime | None = Field(description="When it was last read to its end.")
    synced_to: datetime | None = Field(
        description="Up to when it is complete, by the store's clock."
    )
    swept_at: datetime | None
    next_at: datetime | None
    deliveries_waiting: int
    dead_letters: int


class ConnectionStatus(BaseModel):
    """How one connection is doing, as its worst resource is."""

    connection: str
    connection_id: UUID
    url: str
    state: ConnectionState
    pause_reason: str | None
    standing: Standing
    is_complete: bool | None = Field(description="What the latest certificate says.")
    certified_at: datetime | None
    level: str | None
    last_run: ShortRun | None
    at_work: list[ShortRun]
    failures: int = Field(description="How often in a row its schedules came to nothing.")
    next_at: datetime | None
    deliveries_waiting: int
    dead_letters: int
    webhooks: dict[str, Any] | None = Field(description="Whether the store tells what changes.")
    resources: dict[str, dict[str, int]] = Field(description="Records by resource and state.")
    standings: dict[str, ResourceStatus]


class Status(Page[ConnectionStatus]):
    """How every connection is doing, in pages."""

    workers: int = Field(description="Workers at work, on whatever machine.")
    remedy: str | None = Field(default=None, description="What to do, where nothing can be told.")


@router.get("")
async def show_status(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[str | None, Query(max_length=200, description="Name or id.")] = None,
) -> Status:
    """Show for each connection whether its twin is in step, what it holds, and what hinders it."""
    hub, question = caller.hub, f"status {connection}"
    position = position_of(cursor, question, str)
    only = (await hub.register.named(connection)).id if connection else None
    standings = {
        one.connection.name: one
        for one in await hub.standings.every()
        if only in (None, one.connection.id)
    }
    webhooks, workers = await hub.standings.webhooks(), await living_workers(hub)
    names = [n for n in sorted(standings) if position is None or n > position[0]]
    page = [standings[name] for name in names[:limit]]
    remedy = None if standings else NO_STORE
    if standings and not workers:
        remedy = "No worker is at work: nothing is read by itself. Start: storetwin serve"
    return Status(
        data=[ConnectionStatus(**as_json(one, webhooks.get(one.connection.id))) for one in page],
        next_cursor=cursor_to([names[limit - 1]], question) if len(names) > limit else None,
        workers=workers,
        remedy=remedy,
    )
