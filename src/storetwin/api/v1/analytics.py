"""Analytics: figures for a span of time."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.route import DoorRoute
from storetwin.hub.analytics import analyse, as_json
from storetwin.reading.analytics import Figures

router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=DoorRoute)
ROUTERS = (router,)
MOST_CONNECTIONS = 500


class RunFigures(BaseModel):
    """Runs, by how they ended."""

    ended: int
    done: int
    incomplete: int
    failed: int
    stopped: int = Field(description="By a person, or because their worker stopped.")


class RecordFigures(BaseModel):
    """Records, by what became of them."""

    processed: int = Field(description="That were read, once or again.")
    created: int
    updated: int
    buried: int
    failed: int


class ResponseTimes(BaseModel):
    """How stores answered."""

    requests: int
    average_ms: float | None = Field(description="null where no answer came.")
    p50_ms: int | None = Field(
        description="Half of the answers took no longer, exact to about a third; null where timed "
        "is 0."
    )
    p95_ms: int | None = Field(description="The same of 95 of 100 answers.")
    timed: int = Field(
        description="Answers that percentiles are of: runs of earlier releases did not keep how "
        "many took how long."
    )
    slowest_ms: int | None


class RateLimiting(BaseModel):
    """How often stores would not."""

    throttled: int = Field(description="Answers 429.")
    troubled: int = Field(description="Requests without an answer, and answers from 500 on.")


class WebhookFigures(BaseModel):
    """Deliveries, by what became of them."""

    received: int
    applied: int
    ignored: int
    waiting: int


class FiguresShown(BaseModel):
    """Figures of some span of time."""

    runs: RunFigures
    success_rate: float | None = Field(
        description="The share of runs that came to their end without loss; stopped ones are left "
        "out. null where none ended."
    )
    records: RecordFigures
    batches: int = Field(description="Pages of lists.")
    response_times: ResponseTimes
    rate_limiting: RateLimiting
    webhooks: WebhookFigures


class ConnectionFigures(FiguresShown):
    """Figures of one connection."""

    connection: str
    connection_id: UUID


class TimeFigures(FiguresShown):
    """Figures of one hour or day."""

    began_at: datetime


class AnalyticsShown(BaseModel):
    """Figures of a span of time: whole, by connection, and by hour or day."""

    since: datetime
    until: datetime
    unit: str = Field(description="hour or day, in UTC.")
    kept_since: datetime | None = Field(
        description="When the earliest run that is kept ended: what was before is not counted."
    )
    total: FiguresShown
    by_connection: list[ConnectionFigures] = Field(
        description=f"The first {MOST_CONNECTIONS} by name; ask for one by itself."
    )
    by_time: list[TimeFigures]


@router.get("")
async def show_analytics(
    caller: Reader,
    timeframe: Annotated[
        str, Query(max_length=20, description="The latest so many hours or days: 24h, 7d, 30d.")
    ] = "30d",
    connection: Annotated[str | None, Query(max_length=200, description="Name or id.")] = None,
) -> AnalyticsShown:
    """Show what runs came to, how stores answered, and what came by webhook."""
    found, connections = await analyse(caller.hub, timeframe, connection)
    named = sorted(connections, key=lambda one: one.name)[:MOST_CONNECTIONS]
    return AnalyticsShown(
        since=found.since,
        until=found.until,
        unit=found.unit,
        kept_since=found.kept_since,
        total=FiguresShown(**as_json(found.total)),
        by_connection=[
            ConnectionFigures(
                connection=one.name,
                connection_id=one.id,
                **as_json(found.connections.get(one.id, Figures())),
            )
            for one in named
        ],
        by_time=[
            TimeFigures(began_at=moment, **as_json(figures))
            for moment, figures in sorted(found.times.items())
        ],
    )
