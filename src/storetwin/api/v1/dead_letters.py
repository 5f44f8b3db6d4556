"""Records that could not be had or kept: they wait, are retried by themselves, or by a person."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from storetwin.api.callers import Reader, Updater
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.hub.letters import Chosen, Retrying

router = APIRouter(prefix="/dead-letters", tags=["dead letters"], route_class=DoorRoute)
ROUTERS = (router,)

Connection = Annotated[
    str | None, Query(max_length=100, description="Only of this connection: its name or id.")
]
Resource = Annotated[str | None, Query(max_length=63, description="Only of this resource.")]
State = Literal["waiting", "resolved", "discarded"]


class DeadLetter(BaseModel):
    """A record that could not be had or kept."""

    dead_letter_id: UUID
    connection_id: UUID
    connection: str
    resource: str = Field(examples=["orders"])
    remote_id: str | None = Field(
        description="The store's own id; none for a gap, or a list that could not be read."
    )
    name: str = Field(description="What it is called: its id, or the gap or list it stands in.")
    reason: str = Field(description="Why it could not be had or kept.")
    state: State
    attempts: int = Field(description="How often it failed.")
    first_seen_at: datetime
    last_seen_at: datetime
    next_attempt_at: datetime | None = Field(
        description="From when on it is asked for again by itself."
    )


class EvidenceRequest(BaseModel):
    """What was asked of the store."""

    method: str = Field(examples=["GET"])
    path: str = Field(description="Below the API's address.", examples=["orders/3912"])
    params: dict[str, str] = Field(description="The first of them, without keys.")


class EvidenceAnswer(BaseModel):
    """What the store answered."""

    status: int = Field(examples=[500])
    content_type: str = Field(examples=["text/html; charset=UTF-8"])
    duration_ms: int = Field(examples=[412])
    bytes: int = Field(description="How long the whole answer was.", examples=[2431])
    body: str = Field(
        description="Its beginning. Keys and e-mail addresses are left out; of an answer below 300 "
        "every text.",
        examples=["<p>There has been a critical error on this website.</p>"],
    )


class Evidence(BaseModel):
    """The request of the last attempt, and its answer."""

    request: EvidenceRequest
    answer: EvidenceAnswer | None = Field(description="Absent where none came in time.")


class DeadLetterWhole(DeadLetter):
    """A dead letter with the request that was made, and its answer."""

    evidence: Evidence | None = Field(
        description="Absent where no request was made (core could not take the record), where the "
        "answer was whole and the record in it could not be used, and where a person was erased "
        "from the connection since."
    )


class DeadLetterCount(BaseModel):
    """How many dead letters of a resource wait."""

    connection_id: UUID
    connection: str
    resource: str
    waiting: int
    unnamed: int = Field(description="Of these: without an id; the next pull settles them.")
    oldest_at: datetime


class ChosenLetters(Given):
    """Which dead letters: some by their ids, those of a connection, or all."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"connection": "shop", "resource": "orders"}, {"all": True}]
        }
    )

    ids: list[UUID] | None = Field(default=None, min_length=1, max_length=1000)
    connection: str | None = Field(
        default=None, max_length=100, description="All of a connection, by its name or id."
    )
    resource: str | None = Field(
        default=None, max_length=63, description="Of these only those of this resource."
    )
    all: bool = Field(default=False, description="All of the organisation, or of the resource.")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        ways = [self.ids is not None, self.connection is not None, self.all]
        if sum(ways) != 1:
            raise ValueError("give ids, or a connection, or all: true")
        if self.ids is not None and self.resource is not None:
            raise ValueError("ids go without a resource")
        return self

    @property
    def chosen(self) -> Chosen:
        """Return them as the hub's verbs take them."""
        ids = None if self.ids is None else tuple(self.ids)
        return Chosen(ids, self.connection, self.resource)


class RetryRun(BaseModel):
    """A run that asks a store once more for some records."""

    run_id: UUID = Field(description="To be followed at `/api/v1/runs/{run_id}`.")
    connection_id: UUID
    connection: str
    records: int
    is_new: bool = Field(description="Not so where one that does the same waited already.")


class Retried(BaseModel):
    """What becomes of dead letters that are to be retried."""

    runs: list[RetryRun]
    without_id: int = Field(description="Have no id of their own; the next pull settles them.")
    refused: dict[str, str] = Field(
        description="Connections whose letters are not retried now, and why."
    )
    has_more: bool = Field(description="More match than one call takes: call again later.")


class Discarded(BaseModel):
    """How many dead letters were discarded."""

    discarded: int


@router.get("")
async def list_dead_letters(
    caller: Reader,
    connection: Connection = None,
    resource: Resource = None,
    state: Annotated[State, Query(description="How they are.")] = "waiting",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeadLetter]:
    """List dead letters, those first seen last first."""
    question = f"dead letters {connection} {resource} {state}"
    behind = position_of(cursor, question, UUID)
    chosen = Chosen(connection=connection, resource=resource)
    rows = await caller.hub.letters.page(
        chosen, state, behind=behind[0] if behind else None, limit=limit + 1
    )
    shown = [DeadLetter(**row) for row in rows]
    return page_of(shown, limit, question, lambda one: one.dead_letter_id)


@router.get("/counts")
async def count_dead_letters(caller: Reader) -> Page[DeadLetterCount]:
    """Count the dead letters that wait, by connection and resource."""
    return Page(data=[DeadLetterCount(**row) for row in await caller.hub.letters.counts()])


@router.get("/{dead_letter_id}")
async def show_dead_letter(
    caller: Reader, dead_letter_id: Annotated[UUID, Path(description="Its id.")]
) -> DeadLetterWhole:
    """Show a dead letter, with the request that was made and its answer."""
    return DeadLetterWhole(**await caller.hub.letters.one(dead_letter_id))


@router.post("/retry", status_code=202)
async def retry_dead_letters(caller: Updater, given: ChosenLetters) -> Retried:
    """Ask the stores once more for the records of waiting dead letters: singly, some, or in bulk.

    Runs are put into the queue, one or more a connection. Letters that are settled already are left
    alone, and what waits in the queue already is not asked for twice.
    """
    return _retried(await caller.hub.letters.retry(given.chosen))


@router.post("/discard")
async def discard_dead_letters(caller: Updater, given: ChosenLetters) -> Discarded:
    """Discard waiting dead letters: singly, some, or in bulk.

    Certificates go on naming the records while they are lacking.
    """
    return Discarded(discarded=await caller.hub.letters.discard(given.chosen))


def _retried(retrying: Retrying) -> Retried:
    return Retried(
        runs=[
            RetryRun(
                run_id=run.run_id,
                connection_id=run.connection.id,
                connection=run.connection.name,
                records=run.records,
                is_new=run.is_new,
            )
            for run in retrying.runs
        ],
        without_id=retrying.without_id,
        refused=retrying.refused,
        has_more=retrying.has_more,
    )
