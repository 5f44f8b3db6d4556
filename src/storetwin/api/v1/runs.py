"""Runs: start, follow, cancel, retry."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response

from storetwin.api.callers import Caller, Importer, Reader
from storetwin.api.moments import Moment
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.api.run_forms import NewRun, RunShown, RunWhole, shown, whole
from storetwin.api.streams import LONGEST_SECONDS, EventStream, was_told_the_end
from storetwin.jobs.living import living_workers
from storetwin.runs.following import Teller
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState

router = APIRouter(prefix="/runs", tags=["runs"], route_class=DoorRoute)
events = APIRouter(prefix="/events", tags=["runs"], route_class=DoorRoute)
ROUTERS = (router, events)
EVENT = {
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("event", "data", "id")},
}
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, until the run ends or the credentials do. `state`: a "
        "run waits, began, or ended. `progress`: how far it is with one resource. `closed`: "
        "nothing more is told, and why (time, credentials, unavailable). The `id` of the last "
        "one, sent as Last-Event-ID, goes on there.",
        "content": {"text/event-stream": {"schema": EVENT}},
    },
    204: {"description": "The end of this run was told already: there is nothing to come."},
}
LastEventId = Annotated[
    str | None,
    Header(max_length=64, description="The `id` of the last event that you had, to go on there."),
]
ForSeconds = Annotated[
    int,
    Query(ge=1, le=LONGEST_SECONDS, description="The stream ends after so many seconds."),
]


@router.post("", status_code=202)
async def start_run(
    caller: Importer, new: NewRun, request: Request, response: Response
) -> RunShown:
    """Ask for a run. It waits in the queue until a worker begins it; follow it at its Location.

    Where one that does the same waits already, that one is the answer.
    """
    run_id, _ = await caller.hub.asking.ask(new.connection, new.asked())
    return await _accepted(caller, run_id, request, response)


@router.get("")
async def list_runs(
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    connection: Annotated[
        str | None, Query(max_length=200, description="Name or id of the connection.")
    ] = None,
    kind: Annotated[
        list[RunKind] | None,
        Query(max_length=10, description="Only these; `receive` only where it is named."),
    ] = None,
    state: Annotated[
        list[RunState] | None, Query(max_length=10, description="Only those in these states.")
    ] = None,
    since: Annotated[
        Moment | None, Query(description="Began, or asked for, then or later.")
    ] = None,
    until: Annotated[Moment | None, Query(description="Before then.")] = None,
) -> Page[RunShown]:
    """List runs, the newest first."""
    question = f"runs {connection} {kind} {state} {since} {until}"
    position = position_of(cursor, question, UUID)
    wanted = Wanted(
        kinds=kind or (),
        states=state or (),
        since=since,
        until=until,
        behind=position[0] if position else None,
        limit=limit + 1,
    )
    rows = await caller.hub.asking.every(connection, wanted)
    workers, now = await living_workers(caller.hub), caller.hub.clock()
    found = [shown(row, workers=workers, now=now) for row in rows]
    return page_of(found, limit, question, lambda one: one.run_id)


@router.get("/{run_id}")
async def show_run(caller: Reader, run_id: UUID) -> RunWhole:
    """Show a run with its progress by resource, its errors and its result."""
    row, progress, letters, result = await caller.hub.asking.show(run_id)
    workers = await living_workers(caller.hub)
    return whole(row, progress, letters, result, workers=workers, now=caller.hub.clock())


@router.get("/{run_id}/events", status_code=200, response_class=EventStream, responses=STREAM)
async def follow_run(
    caller: Reader,
    request: Request,
    run_id: UUID,
    last_event_id: LastEventId = None,
    for_seconds: ForSeconds = LONGEST_SECONDS,
) -> Response:
    """Follow a run as it runs, until it ends."""
    await caller.hub.asking.show(run_id)
    if was_told_the_end(last_event_id):
        return Response(status_code=204)  # a browser asks no more then

    async def look(_: object) -> list[dict[str, Any]]:
        return await caller.hub.standings.follow([run_id])

    teller = Teller.since(last_event_id, run_id)
    return EventStream(request, caller, look, teller, seconds=for_seconds)


@router.post("/{run_id}/cancel", status_code=202)
async def cancel_run(caller: Importer, run_id: UUID) -> RunShown:
    """Stop a run: at once where it waits, within two seconds where it is at work.

    What it has committed stays, and the next run goes on there. One that has ended answers 409.
    """
    row = await caller.hub.asking.cancel(run_id)
    return shown(row, workers=await living_workers(caller.hub), now=caller.hub.clock())


@router.post("/{run_id}/retry", status_code=202)
async def retry_run(
    caller: Importer, run_id: UUID, request: Request, response: Response
) -> RunShown:
    """Ask for a run once more, with the same options, as a new one."""
    again, _ = await caller.hub.asking.retry(run_id)
    return await _accepted(caller, again, request, response)


@events.get("", status_code=200, response_class=EventStream, responses={200: STREAM[200]})
async def follow_all_runs(
    caller: Reader,
    request: Request,
    last_event_id: LastEventId = None,
    for_seconds: ForSeconds = LONGEST_SECONDS,
) -> Response:
    """Follow all runs of the organisation: those that wait or are at work, and those to come."""
    look = partial(caller.hub.standings.follow, is_all=True)
    return EventStream(request, caller, look, Teller.since(last_event_id), seconds=for_seconds)


async def accepted(caller: Caller, run_id: UUID) -> RunShown:
    """Return a run that was put into the queue."""
    row, *_ = await caller.hub.asking.show(run_id)
    return shown(row, workers=await living_workers(caller.hub), now=caller.hub.clock())


async def _accepted(caller: Caller, run_id: UUID, request: Request, response: Response) -> RunShown:
    response.headers["Location"] = request.url_for("show_run", run_id=str(run_id)).path
    return await accepted(caller, run_id)
