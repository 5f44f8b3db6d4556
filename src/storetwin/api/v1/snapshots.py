"""What the twin holds: records as they are and as they were, exactly as the store sent them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from storetwin.api.callers import Reader
from storetwin.api.documents import is_json, json_answer, with_documents
from storetwin.api.moments import AtMoment, AtNumber, AtText
from storetwin.api.paging import LONGEST, Page, cursor_to, position_of
from storetwin.api.problems import ProblemError
from storetwin.api.route import DoorRoute
from storetwin.api.snapshot_forms import (
    MOST_WITH_DOCUMENTS,
    Differences,
    RecordVersion,
    ResourceStanding,
    Snapshot,
    SnapshotQuery,
    answer_with,
    differences_of,
    headers_of,
    held_of,
    snapshot_of,
    standing_of,
    told_of,
)
from storetwin.mirror.finding import Order

router = APIRouter(prefix="/connections/{connection}", tags=["snapshots"], route_class=DoorRoute)
ROUTERS = (router,)

Connection = Annotated[str, Path(max_length=100, description="A connection's name or id.")]
Resource = Annotated[
    str, Path(max_length=63, description="Like `orders`.", examples=["orders", "products"])
]
RemoteId = Annotated[
    str,
    Path(
        max_length=500,
        description="The store's own id. A slash in it may be sent as it is, or as `%2F`.",
        examples=["3912", "general/woocommerce_currency"],
    ),
]
_AT = "A version's number, a time at which it held (UTC where it names no zone), or `now`."
At = Annotated[str, Query(max_length=64, description=_AT, examples=["2026-11-20T14:30:00Z", "3"])]
RAW: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The exact bytes. `Storetwin-Masked: true` says that something in them is "
        "sealed, and stands there as `(sealed)`.",
        "content": {
            "application/json": {"schema": {}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get("/resources")
async def list_resources(caller: Reader, connection: Connection) -> Page[ResourceStanding]:
    """List every resource of a connection, in the order in which it is pulled, with what the twin has."""
    found = await caller.hub.records.inventory(connection)
    return Page(data=[standing_of(one) for one in found])


@router.get("/snapshots/{resource}", response_model=Page[Snapshot])
async def list_snapshots(
    caller: Reader,
    connection: Connection,
    resource: Resource,
    asked: Annotated[SnapshotQuery, Query()],
) -> Response:
    """List the records of a resource; nothing is asked of the store.

    Documents may be big: a page with documents ends after about 4 MB. A page of a search (`q`) may
    be short and not be the last: read on while there is a `next_cursor`.
    """
    has_documents = asked.include == "document"
    if has_documents and asked.limit > MOST_WITH_DOCUMENTS:
        raise ProblemError(
            422,
            "invalid",
            f"With documents a page has {MOST_WITH_DOCUMENTS} records at most.",
            remedy=f"Send a limit of {MOST_WITH_DOCUMENTS} or less.",
        )
    if asked.q is not None and asked.sort is not Order.ID:
        raise ProblemError(422, "invalid", "What is searched for is sorted by ids.")
    question = f"{connection}/{resource}?{asked.model_dump_json(exclude={'cursor', 'limit'})}"
    after = position_of(asked.cursor, question, AtMoment | None, AtText)
    place = None if after is None else (after[0], after[1])
    if asked.sort is not Order.ID and place is not None and place[0] is None:
        raise ProblemError(400, "bad_cursor", "The cursor does not belong to this list.")
    records = caller.hub.records
    if asked.q is not None:
        found, position = await records.search(
            connection, resource, asked.q, asked.wanted, after=place, limit=asked.limit,
            with_documents=has_documents,
        )  # fmt: skip
    else:
        found, position = await records.page(
            connection, resource, asked.wanted, order=asked.sort, after=place, limit=asked.limit,
            with_documents=has_documents,
        )  # fmt: skip
    items = [snapshot_of(resource, one) for one in found]
    data = with_documents(items, [one.document for one in found])
    cursor = None if position is None else cursor_to(position, question)
    return json_answer({"data": data, "next_cursor": cursor})


@router.get("/snapshots/{resource}/{remote_id:path}", response_model=Snapshot)
async def show_snapshot(
    caller: Reader,
    connection: Connection,
    resource: Resource,
    remote_id: RemoteId,
    at: Annotated[At | None, Query()] = None,
) -> Response:
    """Show one record with its document, as it is or as the twin had it at a moment.

    Of a record that is gone this is its tombstone, with what it had last.
    """
    if at is not None:
        held = await caller.hub.history.at(connection, resource, remote_id, at)
        if held.version.superseded_at is not None:
            return answer_with(held_of(resource, remote_id, held.version), held.document)
    found = await caller.hub.records.one(connection, resource, remote_id)
    return answer_with(snapshot_of(resource, found), found.document)


@router.get("/raw/{resource}/{remote_id:path}", response_class=Response, responses=RAW)
async def show_bytes(
    caller: Reader,
    connection: Connection,
    resource: Resource,
    remote_id: RemoteId,
    at: Annotated[At, Query()] = "now",
) -> Response:
    """Send a record byte for byte as the store sent it, as it is or as it was at a moment."""
    held = await caller.hub.history.at(connection, resource, remote_id, at)
    return Response(
        held.document,
        media_type="application/json" if is_json(held.document) else "application/octet-stream",
        headers=headers_of(held),
    )


@router.get("/versions/{resource}/{remote_id:path}")
async def list_versions(
    caller: Reader,
    connection: Connection,
    resource: Resource,
    remote_id: RemoteId,
    limit: Annotated[int, Query(ge=1, le=50, description="How many at most.")] = 20,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before.")
    ] = None,
) -> Page[RecordVersion]:
    """List the versions of a record that are kept, the latest first, with what each changed."""
    question = f"versions {connection}/{resource}/{remote_id}"
    before = position_of(cursor, question, AtNumber)
    told, has_more = await caller.hub.history.page_versions(
        connection, resource, remote_id, before=before[0] if before else None, limit=limit
    )
    last = told[-1].version.number if has_more else None
    return Page(
        data=[told_of(one) for one in told],
        next_cursor=None if last is None else cursor_to([last], question),
    )


@router.get("/differences/{resource}/{remote_id:path}", response_model=Differences)
async def show_differences(
    caller: Reader,
    connection: Connection,
    resource: Resource,
    remote_id: RemoteId,
    first: Annotated[At, Query(alias="from", description=f"What it was. {_AT}")],
    second: Annotated[At, Query(alias="to", description=f"What it became. {_AT}")] = "now",
) -> Response:
    """Compare two versions of a record, field by field.

    Elements of a list are matched by their `id` where each has one, else by their place. What
    differs between two identical answers of a store is left out.
    """
    between = await caller.hub.history.difference(connection, resource, remote_id, first, second)
    return json_answer(differences_of(between))
