"""Syncs of orders: of one organisation, or of all by an administrator of the installation."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storetwin.api.callers import Importer, Installer, Reader
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, cursor_to, position_of
from storetwin.api.route import DoorRoute
from storetwin.api.run_forms import Name, RunShown, shown
from storetwin.api.v1.status import NO_STORE
from storetwin.connections.models import ConnectionState
from storetwin.hub.order_syncs import ORDERS, sync_all_orders, sync_orders
from storetwin.jobs.living import living_workers
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunState
from storetwin.runs.standing import Standing

router = APIRouter(prefix="/orders", tags=["orders"], route_class=DoorRoute)
ROUTERS = (router,)
DaysBack = Annotated[
    int | None,
    Field(
        ge=1,
        le=3650,
        description="All orders created within so many days; absent: what changed since the last "
        "time.",
    ),
]


class OrderSyncWish(Given):
    """Which orders are to be synced."""

    connection: Name | None = Field(
        default=None, description="Name or id; absent: every connection of the organisation."
    )
    days_back: DaysBack = None


class OrderSyncOfAllWish(Given):
    """Which orders are to be synced, of every organisation."""

    days_back: DaysBack = None


class QueuedSync(BaseModel):
    """A sync that waits for a worker."""

    connection: str
    connection_id: UUID
    run_id: UUID = Field(description="Follow it: /api/v1/runs/{run_id}/events.")
    is_new: bool = Field(description="false: one that does the same waited already.")


class QueuedSyncs(BaseModel):
    """What was queued."""

    queued: list[QueuedSync]
    paused: list[str] = Field(description="Connections that are paused, and are not read.")
    workers: int = Field(description="Workers at work; without any, nothing begins.")


class AllQueued(BaseModel):
    """What was queued over all organisations: counts only."""

    organisations: int
    connections: int
    queued: int
    waiting_already: int = Field(description="One that does the same waited already.")
    paused: int
    failed: int = Field(description="Could not be queued; the log says why.")


class OrderSyncState(BaseModel):
    """How the orders of one connection are doing."""

    connection: str
    connection_id: UUID
    state: ConnectionState
    standing: Standing
    orders: int = Field(description="Orders of the twin that the store has.")
    synced_at: datetime | None = Field(description="When they were last read to their end.")
    synced_to: datetime | None
    next_at: datetime | None = Field(description="When they are read by themselves next.")
    runs: list[RunShown] = Field(description="Runs of the connection that wait or are at work.")


class OrderSyncStatus(Page[OrderSyncState]):
    """How the orders of every connection are doing."""

    workers: int
    remedy: str | None = Field(default=None, description="What to do, where no store is connected.")


@router.post("/sync", status_code=202)
async def start_order_sync(caller: Importer, wish: OrderSyncWish) -> QueuedSyncs:
    """Sync the orders of all connections of the organisation, or of one, in the background."""
    found = await sync_orders(caller.hub, wish.connection, wish.days_back)
    return QueuedSyncs(
        queued=[
            QueuedSync(
                connection=one.connection.name,
                connection_id=one.connection.id,
                run_id=one.run_id,
                is_new=one.is_new,
            )
            for one in found.queued
        ],
        paused=[connection.name for connection in found.paused],
        workers=await living_workers(caller.hub),
    )


@router.post("/sync/all", status_code=202)
async def start_order_sync_of_all(caller: Installer, wish: OrderSyncOfAllWish) -> AllQueued:
    """Sync the orders of every connection of every organisation, in the background.

    For administrators of the installation. What fails for one organisation stops no other.
    """
    return AllQueued(**asdict(await sync_all_orders(caller.hub, wish.days_back)))


@router.get("/sync/status")
async def show_order_syncs(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[str | None, Query(max_length=200, description="Name or id.")] = None,
) -> OrderSyncStatus:
    """Show how the orders of each connection are doing, and what runs or waits."""
    hub, question = caller.hub, f"order syncs {connection}"
    position = position_of(cursor, question, str)
    only = (await hub.register.named(connection)).id if connection else None
    found = {
        one.connection.name: one
        for one in await hub.standings.every()
        if only in (None, one.connection.id)
    }
    names = [n for n in sorted(found) if position is None or n > position[0]]
    workers, now = await living_workers(hub), hub.clock()
    going_on: dict[UUID, list[RunShown]] = {}
    wanted = Wanted(connection_id=only, states=(RunState.QUEUED, RunState.RUNNING), limit=1000)
    for row in await hub.asking.every(None, wanted):
        going_on.setdefault(row["connection_id"], []).append(shown(row, workers=workers, now=now))
    data = []
    for one in (found[name] for name in names[:limit]):
        orders = next((r for r in one.resources if r.resource == ORDERS), None)
        records = orders.records if orders else {}
        data.append(
            OrderSyncState(
                connection=one.connection.name,
                connection_id=one.connection.id,
                state=one.connection.state,
                standing=orders.standing if orders else Standing.NEVER,
                orders=sum(n for state, n in records.items() if state != "gone"),
                synced_at=orders.marks.synced_at if orders else None,
                synced_to=orders.marks.synced_to if orders else None,
                next_at=orders.next_at if orders else None,
                runs=going_on.get(one.connection.id, []),
            )
        )
    return OrderSyncStatus(
        data=data,
        next_cursor=cursor_to([names[limit - 1]], question) if len(names) > limit else None,
        workers=workers,
        remedy=None if found else NO_STORE,
    )
