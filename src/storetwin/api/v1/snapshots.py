"""What the twin holds: records as they are and as they were, exactly as the store sent them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.callers import Reader
from storetwin.api.documents import is_json, json_answer, shown, with_documents
from storetwin.api.given import is_text
from storetwin.api.moments import AtMoment, AtNumber, AtText, Moment
from storetwin.api.paging import LONGEST, Page, cursor_to, position_of
from storetwin.api.problems import ProblemError
from storetwin.api.route import DoorRoute
from storetwin.hub.history import Between, Held, Told
from storetwin.hub.records import Inventory, Shown
from storetwin.kernel.json_values import written
from storetwin.mirror.differences import Kind
from storetwin.mirror.finding import Order, Wanted
from storetwin.mirror.history import Version
from storetwin.mirror.models import State

router = APIRouter(prefix="/connections/{connection}", tags=["snapshots"], route_class=DoorRoute)
ROUTERS = (router,)

MOST_WITH_DOCUMENTS = 50


def _text(value: str) -> str:
    if not is_text(value):
        raise ValueError("it has characters that are no text")
    return value


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
OneId = Annotated[str, Field(max_length=500), AfterValidator(_text)]
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


class ResourceStanding(BaseModel):
    """What the twin has of one resource."""

    resource: str = Field(examples=["orders"])
    is_pulled: bool = Field(description="It is read through this connection.")
    counts: dict[State, int] = Field(description="Records by how the store has them.")
    changed_at: datetime | None = Field(description="When one of them was last written here.")
    is_read_through: bool = Field(description="The first reading reached its end.")
    synced_to: datetime | None = Field(
        description="What the store dates up to here is in the twin; by the store's clock."
    )
    synced_at: datetime | None = Field(description="When an increment last reached its end.")
    swept_at: datetime | None = Field(description="When a sweep last reached its end.")


class Snapshot(BaseModel):
    """One record as the twin has it, or had it."""

    resource: str
    remote_id: str = Field(description="The store's own id.")
    parent_id: str | None = Field(
        description="What contains it; with `status` and `created_at` known of the current version."
    )
    state: State = Field(
        description="`listed`: a list shows it. `unlisted`: only its own address does. `partial`: "
        "without its meta data. `gone`: a tombstone; the document is what it had last."
    )
    version: int = Field(description="Counted from 1.")
    status: str | None = Field(description="The store's word for it.", examples=["completed"])
    brought_by: str = Field(description="`pull`, `sweep`, `webhook` or `push`.")
    modified_at: datetime | None = Field(description="When the store dates its change.")
    created_at: datetime | None = Field(description="When the store dates its beginning.")
    read_at: datetime = Field(description="When the store sent it, by the store's clock.")
    changed_at: datetime = Field(description="When this version was written here.")
    superseded_at: datetime | None = Field(
        default=None, description="When the next version was written; none for the current one."
    )
    content_hash: str = Field(
        description="Of what the store said, without what differs in each answer."
    )
    size: int | None = Field(default=None, description="Bytes of the document, about.")
    document: Any = Field(
        default=None,
        description="As the store sent it, each digit as it was written; what is sealed stands there "
        "as `(sealed)`. In lists only with `include=document`.",
    )


class RecordVersion(BaseModel):
    """One version of a record, without its document."""

    version: int
    state: State
    brought_by: str
    modified_at: datetime | None
    read_at: datetime
    written_at: datetime = Field(description="When it was written here: from then on it held.")
    superseded_at: datetime | None = Field(description="Until when it held; none for the current.")
    content_hash: str
    fields: list[str] | None = Field(
        default=None,
        description="Which fields it changed; none where the version before is not kept any more.",
        examples=[["status", "line_items[id=7].quantity"]],
    )


class FieldDifference(BaseModel):
    """One field that differs."""

    field: str = Field(examples=["line_items[id=7].quantity"])
    kind: Kind
    before: Any = Field(description="Nothing where it was added.")
    after: Any = Field(description="Nothing where it was removed.")


class Differences(BaseModel):
    """How two versions of a record differ, field by field."""

    first: RecordVersion
    second: RecordVersion
    is_same: bool = Field(description="Byte for byte, what is sealed in them included.")
    changes: list[FieldDifference]


class SnapshotQuery(BaseModel):
    """Which records, in which order, from where on."""

    model_config = ConfigDict(extra="forbid")

    state: State | Literal["present", "any"] = Field(
        default="present", description="`present`: all but those that are gone."
    )
    status: str | None = Field(default=None, max_length=100, description="The store's word.")
    parent: str | None = Field(default=None, max_length=500, description="What contains them.")
    email: str | None = Field(default=None, max_length=320, description="In any case.")
    q: str | None = Field(
        default=None,
        max_length=100,
        description="A text that occurs in what people search by, from 3 characters on; the list is "
        "sorted by ids then.",
    )
    ids: list[OneId] | None = Field(default=None, max_length=200, description="Only these.")
    modified_since: Moment | None = Field(default=None, description="By the store's date.")
    modified_until: Moment | None = Field(default=None, description="Itself excluded.")
    changed_since: Moment | None = Field(
        default=None, description="When the version was written here."
    )
    changed_until: Moment | None = Field(default=None, description="Itself excluded.")
    sort: Order = Field(
        default=Order.ID,
        description="`id`: by the store's ids as text. `changed_at`: what changed first comes first; "
        "read to its end now and then, with `state=any`, it tells every change.",
    )
    include: Literal["document"] | None = Field(
        default=None, description=f"With their documents, {MOST_WITH_DOCUMENTS} at most."
    )
    limit: int = Field(default=50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(
        default=None, max_length=LONGEST, description="`next_cursor` of the page before."
    )

    @property
    def wanted(self) -> Wanted:
        """Return what the mirror is asked for."""
        state = self.state if isinstance(self.state, State) else None
        return Wanted(
            ids=None if self.ids is None else tuple(self.ids),
            state=state,
            is_whatever=self.state == "any",
            status=self.status,
            parent=self.parent,
            email=self.email,
            modified_since=self.modified_since,
            modified_until=self.modified_until,
            changed_since=self.changed_since,
            changed_until=self.changed_until,
        )


@router.get("/resources")
async def list_resources(caller: Reader, connection: Connection) -> Page[ResourceStanding]:
    """List every resource of a connection, in the order in which it is pulled, with what the twin has."""
    found = await caller.hub.records.inventory(connection)
    return Page(data=[_standing(one) for one in found])


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
    items = [_snapshot(resource, one) for one in found]
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
            return _one(_held(resource, remote_id, held.version), held.document)
    found = await caller.hub.records.one(connection, resource, remote_id)
    return _one(_snapshot(resource, found), found.document)


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
        headers=_headers(held),
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
        data=[_told(one) for one in told],
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
    return json_answer(_differences(between))


# -- as answers -----------------------------------------------------------------------------------


def _standing(one: Inventory) -> ResourceStanding:
    cursor = one.cursor
    return ResourceStanding(
        resource=one.resource,
        is_pulled=one.is_pulled,
        counts={State(state): n for state, n in sorted(one.counts.items())},
        changed_at=one.changed_at,
        is_read_through=cursor.is_done if cursor else False,
        synced_to=cursor.synced_to if cursor else None,
        synced_at=cursor.synced_at if cursor else None,
        swept_at=cursor.swept_at if cursor else None,
    )


def _snapshot(resource: str, one: Shown) -> Snapshot:
    found = one.found
    return Snapshot(
        resource=resource.replace("-", "_"),
        remote_id=found.remote_id,
        parent_id=found.parent_id,
        state=found.state,
        version=found.version,
        status=found.status,
        brought_by=found.brought_by,
        modified_at=found.modified_at,
        created_at=found.created_at,
        read_at=found.read_at,
        changed_at=found.changed_at,
        content_hash=found.content_hash,
        size=found.size,
    )


def _held(resource: str, remote_id: str, version: Version) -> Snapshot:
    return Snapshot(
        resource=resource.replace("-", "_"),
        remote_id=remote_id,
        parent_id=None,
        state=version.state,
        version=version.number,
        status=None,
        brought_by=version.brought_by,
        modified_at=version.modified_at,
        created_at=None,
        read_at=version.read_at,
        changed_at=version.written_at,
        superseded_at=version.superseded_at,
        content_hash=version.content_hash,
    )


def _one(item: Snapshot, document: bytes | None) -> Response:
    [value] = with_documents([item], [document])
    return json_answer(value)


def _headers(held: Held) -> dict[str, str]:
    version = held.version
    headers = {
        "Storetwin-Version": str(version.number),
        "Storetwin-State": version.state.value,
        "Storetwin-Content-Hash": version.content_hash,
        "X-Content-Type-Options": "nosniff",
    }
    return headers | ({"Storetwin-Masked": "true"} if held.is_masked else {})


def _version(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "state": version.state,
        "brought_by": version.brought_by,
        "modified_at": version.modified_at,
        "read_at": version.read_at,
        "written_at": version.written_at,
        "superseded_at": version.superseded_at,
        "content_hash": version.content_hash,
    }


def _told(told: Told) -> RecordVersion:
    fields = None if told.fields is None else list(told.fields)
    return RecordVersion(**_version(told.version), fields=fields)


def _differences(between: Between) -> dict[str, Any]:
    def value(json: Any) -> msgspec.Raw:
        return shown(written(json).encode())

    return {
        "first": RecordVersion(**_version(between.first)).model_dump(mode="json"),
        "second": RecordVersion(**_version(between.second)).model_dump(mode="json"),
        "is_same": between.is_same,
        "changes": [
            {
                "field": change.name.encode("utf-8", "replace").decode(),
                "kind": change.kind.value,
                "before": value(change.before),
                "after": value(change.after),
            }
            for change in between.comparison.changes
        ],
    }
