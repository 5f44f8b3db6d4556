"""What requests and answers about staging look like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from storetwin.api.callers import Caller
from storetwin.api.given import Given
from storetwin.api.moments import Moment
from storetwin.hub.promoting import AskedPromotion
from storetwin.staging.look import WholeRecord
from storetwin.staging.models import (
    ChoiceAction,
    Chose,
    Chosen,
    FieldChange,
    Filter,
    Preview,
    StagedRecord,
    State,
)

MOST_IDS = 1_000
Name = Annotated[str, Field(min_length=1, max_length=200)]
ShownState = Literal["new", "updated", "deleted", "in_sync", "ignored", "waiting", "stale"]

STATES = (
    "new: core has none of it. updated: promoting it changes core. deleted: the store has it no more. in_sync: core has"
    " what the store says. ignored: left out until somebody takes that back. waiting: a person has to say something."
    " stale: it changed, and is compared within seconds."
)


class ChangeShown(BaseModel):
    """A column whose value differs."""

    path: str = Field(examples=["regular_price", "order_lines/17/quantity"])
    label: str = Field(description="What people call it.")
    old: str | None = Field(description="As core has it; null for nothing.")
    new: str | None = Field(description="As it would be; null for nothing.")


class StagedShown(BaseModel):
    """A record, and what it would mean for core."""

    connection: str
    connection_id: UUID
    resource: str
    remote_id: str
    state: str = Field(description=STATES)
    is_selected: bool = Field(description="Chosen for promotion.")
    is_gone: bool = Field(description="The store has it no more.")
    version: int = Field(description="Of the twin's copy.")
    name: str | None
    key: str | None = Field(
        description="SKU, number or e-mail: what people know it by beside its name."
    )
    status: str | None = Field(description="The store's own.")
    modified_at: datetime | None
    core_id: UUID | None = Field(description="The core record that it is.")
    figures: dict[str, Any] = Field(
        description="SKU, e-mail, number, currency, total and the like."
    )
    changes: list[ChangeShown] = Field(description="The first columns that differ.")
    change_count: int = Field(description="How many do.")
    why: str | None = Field(description="Why it waits, or is ignored.")
    rule_id: UUID | None = Field(description="The rule that chose it last.")


class StagedTable(BaseModel):
    """A page of a resource's records."""

    data: list[StagedShown]
    row_count: int = Field(description="Of all pages.")
    row_count_is_exact: bool = Field(description="If not, there are more.")
    page: int = Field(description="Counted from 1.")
    page_size: int


class StateCount(BaseModel):
    """How many records of a resource are in a state."""

    state: str = Field(description=STATES)
    records: int
    selected: int = Field(description="Chosen for promotion.")


class ResourceCounts(BaseModel):
    """How many records of a resource there are in each state."""

    resource: str
    records: int
    selected: int
    states: list[StateCount]


class CandidateShown(BaseModel):
    """A core record that a record may be."""

    core_id: UUID
    told: dict[str, str | None] = Field(description="What people know it by.")
    is_taken: bool = Field(description="It is another record of the same store already.")


class StagedWhole(StagedShown):
    """A record with everything that promoting it would change."""

    candidates: list[CandidateShown] = Field(description="Core records that it may be.")
    problems: list[str] = Field(description="What of it could not be had; it is promoted without.")
    along: dict[str, list[str]] = Field(
        description="Records that it names and that come along, by resource."
    )


class RecordNamed(Given):
    """A record of a store."""

    connection: str = Field(
        min_length=1, max_length=200, description="Its name or id.", examples=["shop"]
    )
    remote_id: str = Field(
        min_length=1, max_length=200, description="The store's own id.", examples=["3912"]
    )


class FilterGiven(Given):
    """Which records of a resource: what is left out does not narrow."""

    connections: list[Name] | None = Field(default=None, min_length=1, max_length=100)
    states: list[ShownState] = Field(default=[], max_length=7)
    search: str | None = Field(default=None, min_length=1, max_length=100)
    status: list[Annotated[str, Field(max_length=200)]] = Field(default=[], max_length=50)
    modified_after: Moment | None = None
    modified_before: Moment | None = None
    field: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Records of which this column differs.",
    )
    is_selected: bool | None = None
    rule_id: UUID | None = None


class ChosenRecords(Given):
    """Which records: some by name, or all that match a filter but some."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"filter": {"is_selected": True}}]})

    records: list[RecordNamed] | None = Field(default=None, min_length=1, max_length=MOST_IDS)
    filter: FilterGiven | None = Field(default=None, description="`{}` means all of the resource.")
    but: list[RecordNamed] = Field(
        default=[], max_length=MOST_IDS, description="Left out of what matches."
    )
    seen: int | None = Field(
        default=None, ge=0, le=2**53, description="How many there were when somebody looked."
    )

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.records is None) is (self.filter is None):
            raise ValueError("give records or filter, one of the two")
        if self.records is not None and self.but:
            raise ValueError("but goes with a filter")
        return self


class ChoiceGiven(ChosenRecords):
    """What is to be done with some records."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "select", "filter": {"states": ["new"]}}]}
    )

    action: ChoiceAction = Field(
        description="select or deselect for promotion; ignore, and restore what is ignored."
    )


class ChoiceMade(BaseModel):
    """What a choice came to."""

    matched: int = Field(description="Records that were meant.")
    changed: int = Field(description="Those that were not so before, and could become so.")
    seen: int | None
    is_as_seen: bool = Field(
        description="As many were meant as somebody had seen; if not, some came or went meanwhile."
    )


class MappingGiven(RecordNamed):
    """Which core record a record is."""

    core_id: UUID | None = Field(default=None, description="null: it is a new one.")


class LeftOutShown(BaseModel):
    """A record that stays behind, and why."""

    connection_id: UUID
    remote_id: str
    reason: str


class PreviewShown(BaseModel):
    """What a promotion would do; nothing has happened."""

    matched: int
    created: int
    updated: int
    deleted: int
    unchanged: int
    changed_fields: dict[str, int] = Field(description="How many records differ, by column.")
    along: dict[str, int] = Field(description="Records that come along, by resource.")
    left_out_count: int
    left_out: list[LeftOutShown] = Field(description="Some of what stays behind.")
    looked_at: int = Field(
        description="Records that were looked at closely: `along` and `left_out` tell of these, and so does which"
        " new records are core records already."
    )


class PromotionRun(BaseModel):
    """A run that brings records of one store into core."""

    run_id: UUID = Field(description="To be followed at `/api/v1/runs/{run_id}`.")
    connection: str
    connection_id: UUID
    records: int = Field(description="That were given to it.")


class PromotionsAsked(BaseModel):
    """The runs of a promotion, one a store."""

    runs: list[PromotionRun] = Field(
        description="None where nothing that is meant may change core."
    )
    records: int


# -- between forms and verbs ----------------------------------------------------------------------


async def filter_of(caller: Caller, resource: str, given: FilterGiven) -> Filter:
    """Return a filter as the hub's verbs take it.

    Raises:
        UnknownConnectionError: it names a connection that there is not.
    """
    return Filter(
        resource=resource,
        connection_ids=await ids_of(caller, given.connections),
        states=tuple(State(state) for state in given.states),
        search=given.search,
        status=tuple(given.status),
        modified_after=given.modified_after,
        modified_before=given.modified_before,
        field=given.field,
        is_selected=given.is_selected,
        rule_id=given.rule_id,
    )


async def ids_of(caller: Caller, names: Sequence[str] | None) -> tuple[UUID, ...] | None:
    """Return connections that are named, by their ids.

    Raises:
        UnknownConnectionError: there is no such connection.
    """
    if names is None:
        return None
    return tuple([(await caller.hub.register.named(name)).id for name in dict.fromkeys(names)])


async def chosen_of(caller: Caller, resource: str, given: ChosenRecords) -> Chosen:
    """Return what is meant as the hub's verbs take it.

    Raises:
        UnknownConnectionError: it names a connection that there is not.
    """
    wanted = await filter_of(caller, resource, given.filter or FilterGiven())
    return Chosen(
        wanted,
        ids=await _named(caller, given.records or ()),
        but=await _named(caller, given.but),
        seen=given.seen,
    )


async def _named(caller: Caller, records: Sequence[RecordNamed]) -> tuple[tuple[UUID, str], ...]:
    names = {record.connection for record in records}
    known = {name: (await caller.hub.register.named(name)).id for name in names}
    return tuple((known[record.connection], record.remote_id) for record in records)


def record_shown(record: StagedRecord) -> StagedShown:
    """Return a line of the table as it is answered."""
    return StagedShown(**_columns(record, record.changes))


def whole_shown(whole: WholeRecord) -> StagedWhole:
    """Return a record with everything about it as it is answered."""
    return StagedWhole(
        **_columns(whole.record, whole.changes) | {"change_count": len(whole.changes)},
        candidates=[
            CandidateShown(core_id=one.core_id, told=dict(one.told), is_taken=one.is_taken)
            for one in whole.candidates
        ],
        problems=[
            f"{one.field}: {one.message}" if one.field else one.message for one in whole.problems
        ],
        along={name: list(ids) for name, ids in (whole.along or {}).items()},
    )


def _columns(record: StagedRecord, changes: Sequence[FieldChange]) -> dict[str, Any]:
    names = set(StagedShown.model_fields) - {"changes"}
    found = {name: getattr(record, name) for name in names}
    shown = [ChangeShown(path=c.path, label=c.label, old=c.old, new=c.new) for c in changes]
    return found | {"changes": shown, "figures": dict(record.figures)}


def choice_shown(chose: Chose) -> ChoiceMade:
    """Return what a choice came to as it is answered."""
    return ChoiceMade(
        matched=chose.matched, changed=chose.changed, seen=chose.seen, is_as_seen=chose.is_as_seen
    )


def preview_shown(preview: Preview) -> PreviewShown:
    """Return what a promotion would do as it is answered."""
    left_out = [
        LeftOutShown(connection_id=o.connection_id, remote_id=o.remote_id, reason=o.reason)
        for o in preview.left_out
    ]
    names = set(PreviewShown.model_fields) - {"left_out"}
    return PreviewShown(**{name: getattr(preview, name) for name in names}, left_out=left_out)


def promotions_shown(asked: Sequence[AskedPromotion]) -> PromotionsAsked:
    """Return the runs of a promotion as they are answered."""
    return PromotionsAsked(
        runs=[
            PromotionRun(
                run_id=one.run_id,
                connection=one.connection.name,
                connection_id=one.connection.id,
                records=one.records,
            )
            for one in asked
        ],
        records=sum(one.records for one in asked),
    )
