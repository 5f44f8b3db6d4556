"""What changed between two moments, over all records."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from storetwin.api.callers import Reader
from storetwin.api.moments import AtMoment, AtNumber, AtText, Moment
from storetwin.api.paging import LONGEST, Page, cursor_to, position_of
from storetwin.api.route import DoorRoute
from storetwin.mirror.changes import Change, Chosen
from storetwin.mirror.history import What
from storetwin.mirror.models import State

router = APIRouter(prefix="/history", tags=["history"], route_class=DoorRoute)
ROUTERS = (router,)

BEGINNING = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class RecordChange(BaseModel):
    """A version that was written here."""

    connection_id: UUID
    resource: str = Field(examples=["orders"])
    remote_id: str
    version: int
    event: What = Field(
        description="`new`: its first version. `changed`. `gone`: a tombstone was set. `back`: the "
        "store has it again."
    )
    state: State
    brought_by: str = Field(description="`pull`, `sweep`, `webhook` or `push`.")
    modified_at: datetime | None = Field(description="When the store dates the change.")
    written_at: datetime = Field(description="When it was written here.")
    fields: list[str] | None = Field(
        description="Which fields it changed; none where the version before is not kept any more.",
        examples=[["status", "line_items[id=7].quantity"]],
    )


class HistoryQuery(BaseModel):
    """Which changes, from where on."""

    model_config = ConfigDict(extra="forbid")

    connection: str | None = Field(
        default=None, max_length=100, description="Only of this connection: its name or id."
    )
    resource: str | None = Field(default=None, max_length=63, description="Only of this resource.")
    remote_id: str | None = Field(default=None, max_length=500, description="Only of this record.")
    event: What | None = Field(default=None, description="Only these.")
    brought_by: Literal["pull", "sweep", "webhook", "push"] | None = Field(
        default=None, description="Only what these brought."
    )
    since: Moment | None = Field(
        default=None, description="Written from then on; UTC where it names no zone."
    )
    until: Moment | None = Field(default=None, description="Itself excluded; now by default.")
    limit: int = Field(default=50, ge=1, le=100, description="How many at most.")
    cursor: str | None = Field(
        default=None, max_length=LONGEST, description="`next_cursor` of the page before."
    )


@router.get("")
async def list_history(
    caller: Reader, asked: Annotated[HistoryQuery, Query()]
) -> Page[RecordChange]:
    """List what was written to the twins, the latest first, with which fields each change touched.

    Runs, with what came of them, are listed at `/api/v1/runs`. Where few changes fit a page may be
    short, even empty, and not be the last: read on while there is a `next_cursor`.
    """
    question = f"history {asked.model_dump_json(exclude={'cursor', 'limit'})}"
    place = position_of(asked.cursor, question, AtMoment, UUID, AtText, AtText, AtNumber)
    before = None if place is None else (place[0], place[1], place[2], place[3], place[4])
    found, position = await caller.hub.history.changes(
        asked.connection,
        asked.resource,
        Chosen(asked.remote_id, asked.brought_by, asked.event),
        (asked.since or BEGINNING, asked.until or caller.hub.clock()),
        before=before,
        limit=asked.limit,
    )
    return Page(
        data=[_change(one) for one in found],
        next_cursor=None if position is None else cursor_to(position, question),
    )


def _change(change: Change) -> RecordChange:
    fields = change.fields
    return RecordChange(
        connection_id=change.connection_id,
        resource=change.resource,
        remote_id=change.remote_id,
        version=change.version,
        event=change.what,
        state=change.state,
        brought_by=change.brought_by,
        modified_at=change.modified_at,
        written_at=change.written_at,
        fields=None if fields is None else list(fields),
    )
