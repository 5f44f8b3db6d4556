"""What the API shows of records and their versions, and what may be asked for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.documents import json_answer, shown, with_documents
from storetwin.api.given import is_text
from storetwin.api.moments import Moment
from storetwin.api.paging import LONGEST
from storetwin.hub.history import Between, Held, Told
from storetwin.hub.records import Inventory, Shown
from storetwin.kernel.json_values import written
from storetwin.mirror.differences import Kind
from storetwin.mirror.finding import Order, Wanted
from storetwin.mirror.history import Version
from storetwin.mirror.models import State

MOST_WITH_DOCUMENTS = 50


def _text(value: str) -> str:
    if not is_text(value):
        raise ValueError("it has characters that are no text")
    return value


OneId = Annotated[str, Field(max_length=500), AfterValidator(_text)]


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


# -- as answers -----------------------------------------------------------------------------------


def standing_of(one: Inventory) -> ResourceStanding:
    """Return a resource as the API shows it."""
    cursor = one.cursor
    return ResourceStanding(
        resource=one.resource,
        is_pulled=one.is_pulled,
        counts={State(state): n for state, n in one.counts.items()},
        changed_at=one.changed_at,
        is_read_through=cursor.is_done if cursor else False,
        synced_to=cursor.synced_to if cursor else None,
        synced_at=cursor.synced_at if cursor else None,
        swept_at=cursor.swept_at if cursor else None,
    )


def snapshot_of(resource: str, one: Shown) -> Snapshot:
    """Return a current record as the API shows it, without its document."""
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


def held_of(resource: str, remote_id: str, version: Version) -> Snapshot:
    """Return an earlier version as the API shows it, without its document."""
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


def answer_with(item: Snapshot, document: bytes | None) -> Response:
    """Return the answer that shows a record with its document."""
    [value] = with_documents([item], [document])
    return json_answer(value)


def headers_of(held: Held) -> dict[str, str]:
    """Return what is said beside the exact bytes of a version."""
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


def told_of(told: Told) -> RecordVersion:
    """Return a version, with what it changed, as the API shows it."""
    fields = None if told.fields is None else list(told.fields)
    return RecordVersion(**_version(told.version), fields=fields)


def differences_of(between: Between) -> dict[str, Any]:
    """Return what differs between two versions as the API shows it."""

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
