"""Runs as they are asked for, and as they are shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from storetwin.api.given import Given
from storetwin.db.database import Row
from storetwin.mirror.models import Level
from storetwin.runs.asking import LARGEST_PAGE, SMALLEST_PAGE, Asked, NotAskableError
from storetwin.runs.models import RunKind, RunState, Stage

Name = Annotated[str, Field(min_length=1, max_length=200)]
Moment = Annotated[str, Field(min_length=4, max_length=40)]


class Direction(StrEnum):
    """Which way records go."""

    PULL = "pull"
    PUSH = "push"
    BOTH = "both"


class AskableKind(StrEnum):
    """What a run can be asked to be."""

    PULL = "pull"
    SYNC = "sync"
    SWEEP = "sweep"
    VERIFY = "verify"


class RecordAddress(Given):
    """One record of a store."""

    resource: Name = Field(examples=["orders"])
    remote_id: Name = Field(description="The store's own id.", examples=["3912"])


class RunWishes(Given):
    """What a run is to do. What does not go together is refused, with the reason."""

    kind: AskableKind = Field(
        default=AskableKind.PULL,
        description="pull: go on where the last one stopped, and prove that nothing is missing. "
        "sync: what changed since the last time. sweep: what no date shows, like deletions. "
        "verify: walk the store once more and certify.",
    )
    direction: Direction = Field(
        default=Direction.PULL, description="Only `pull` for now: nothing is written to stores yet."
    )
    resources: list[Name] = Field(
        default_factory=list,
        max_length=100,
        description="Names of resources; none means all of the connection.",
        examples=[["orders", "products"]],
    )
    records: list[RecordAddress] = Field(
        default_factory=list,
        max_length=100,
        description="Only these records are read again. With kind `pull` only, without resources.",
    )
    since: Moment | None = Field(
        default=None,
        description="Only what was created from then on, in the site's time zone unless it names "
        "one. With kind `pull` only; proves nothing.",
        examples=["2026-11-01"],
    )
    until: Moment | None = Field(
        default=None, description="Only what was created until then, itself excluded."
    )
    full: bool = Field(
        default=False,
        description="By force: read every page again from the beginning. With kind `pull` only.",
    )
    dry_run: bool = Field(
        default=False,
        description="Say what a pull would change (`result` of the run); the twin stays as it is.",
    )
    batch_size: int | None = Field(
        default=None,
        ge=SMALLEST_PAGE,
        le=LARGEST_PAGE,
        description="Records on a page of the store at most.",
    )
    level: Level | None = Field(
        default=None,
        description="How closely a verification looks: which records exist, their dates as well, "
        "or every byte.",
    )
    bury: bool = Field(
        default=False, description="The store really lost many records: bury them in the twin too."
    )
    now: bool = Field(default=False, description="Do not mind the connection's quiet hours.")

    def asked(self) -> Asked:
        """Return what is asked for.

        Raises:
            NotAskableError: it would write to the store.
        """
        if self.direction is not Direction.PULL:
            raise NotAskableError(
                f"direction {self.direction.value!r} is not built yet: nothing is written to "
                "stores.",
                remedy="Ask for direction 'pull'.",
            )
        return Asked(
            kind=RunKind(self.kind),
            resources=tuple(self.resources),
            full=self.full,
            dry=self.dry_run,
            records=tuple(f"{r.resource}/{r.remote_id}" for r in self.records),
            since=self.since,
            until=self.until,
            level=self.level.value if self.level else None,
            bury=self.bury,
            now=self.now,
            batch=self.batch_size,
        )


class NewRun(RunWishes):
    """A run to start."""

    connection: Name | None = Field(
        default=None, description="Name or id of the connection; the default one if absent."
    )


class WaitingFor(StrEnum):
    """What a queued run waits for."""

    WORKER = "worker"
    """No worker is at work anywhere: start one."""
    TURN = "turn"
    """A worker begins it as soon as one is free."""
    RUN = "run"
    """Another run of the connection."""
    QUIET_HOURS = "quiet_hours"
    CONNECTION = "connection"
    """The connection is paused."""


class Trouble(BaseModel):
    """Why a run came to nothing."""

    code: str | None = None
    message: str
    remedy: str | None = None


class RunCounts(BaseModel):
    """What became of the records."""

    processed: int = Field(description="That were read.")
    created: int = Field(description="That were new in the twin.")
    updated: int = Field(description="Of which the twin had something else.")
    unchanged: int
    buried: int = Field(description="That the store no longer has.")
    failed: int = Field(description="That could not be had; they became dead letters.")


class RunCost(BaseModel):
    """What the run asked of the store."""

    requests: int
    average_ms: float | None = Field(description="What an answer took on average.")
    slowest_ms: int | None
    throttled: int = Field(description="Answers 429: the store's own limit.")
    troubled: int = Field(description="Requests without an answer, and answers from 500 on.")


class RunShown(BaseModel):
    """One execution, with its result."""

    run_id: UUID
    connection: str = Field(description="The connection's name.")
    connection_id: UUID
    kind: RunKind
    state: RunState
    waiting_for: WaitingFor | None = Field(default=None, description="What a queued run waits for.")
    not_before: datetime | None = Field(default=None, description="It is looked at again then.")
    is_stopping: bool = Field(description="It was cancelled, and is about to stop.")
    asked_at: datetime | None = Field(description="When it was queued; null: it began at once.")
    started_at: datetime | None
    ended_at: datetime | None
    duration_ms: int | None = Field(description="From its start to its end, or until now.")
    options: dict[str, Any] = Field(description="What it was asked to do, beyond the usual.")
    records: RunCounts
    cost: RunCost
    error: Trouble | None
    certificate_id: UUID | None = Field(description="The proof that it came to.")
    retry_of: UUID | None = Field(description="The run that this one repeats.")


class ResourceProgress(BaseModel):
    """How far a run has come with one resource."""

    stage: Stage
    resource: str
    state: str = Field(description="running, done or failed.")
    records: int
    expected: int | None = Field(description="How many the store says there are: a hint.")
    created: int
    updated: int
    buried: int
    unreadable: int
    pages: int
    started_at: datetime
    updated_at: datetime


class RunError(BaseModel):
    """A record that a run set aside."""

    resource: str
    record: str
    reason: str


class RunWhole(RunShown):
    """One execution with everything that is known of it."""

    progress: list[ResourceProgress]
    errors: list[RunError] = Field(
        description="Records that it set aside and that still wait: the first 100."
    )
    result: Any = Field(
        description="What it found where progress and certificate do not tell: of single records, "
        "of a span, of a dry run."
    )


def shown(row: Row, *, workers: int, now: datetime) -> RunShown:
    """Return a run as it is shown."""
    return RunShown(**_fields(row, workers, now))


def whole(
    row: Row,
    progress: Sequence[Row],
    letters: Sequence[Row],
    result: Any,
    *,
    workers: int,
    now: datetime,
) -> RunWhole:
    """Return a run as it is shown, with everything."""
    errors = [
        RunError(resource=letter["resource"], record=letter["name"], reason=letter["reason"])
        for letter in letters
    ]
    return RunWhole(
        **_fields(row, workers, now),
        progress=[ResourceProgress(**line) for line in progress],
        errors=errors,
        result=result,
    )


_AS_THEY_ARE = (
    "run_id",
    "connection",
    "connection_id",
    "kind",
    "state",
    "not_before",
    "is_stopping",
    "asked_at",
    "started_at",
    "ended_at",
    "certificate_id",
    "retry_of",
)
_OPTIONS = {"batch": "batch_size"}
_HIDDEN = frozenset({"letters"})  # ids of dead letters: long, and of no use here


def _fields(row: Row, workers: int, now: datetime) -> dict[str, Any]:
    return {name: row[name] for name in _AS_THEY_ARE} | {
        "waiting_for": _waiting_for(row, workers),
        "duration_ms": _duration(row, now),
        "options": _options(row["options"]),
        "records": RunCounts(
            processed=row["records"],
            created=row["created"],
            updated=row["updated"],
            unchanged=row["unchanged"],
            buried=row["buried"],
            failed=row["unreadable"],
        ),
        "cost": RunCost(
            requests=row["requests"],
            average_ms=round(row["answer_ms"] / row["answers"], 1) if row["answers"] else None,
            slowest_ms=row["slowest_ms"] if row["answers"] else None,
            throttled=row["throttled"],
            troubled=row["troubled"],
        ),
        "error": _trouble(row),
    }


def _waiting_for(row: Row, workers: int) -> WaitingFor | None:
    if row["state"] != RunState.QUEUED:
        return None
    if not workers:
        return WaitingFor.WORKER
    return WaitingFor(row["waits_for"]) if row["waits_for"] else WaitingFor.TURN


def _duration(row: Row, now: datetime) -> int | None:
    if row["started_at"] is None:
        return None
    end: datetime = row["ended_at"] or now
    lasted: timedelta = end - row["started_at"]
    return max(0, round(lasted.total_seconds() * 1000))


def _options(text: str) -> dict[str, Any]:
    kept = {n: v for n, v in json.loads(text).items() if n not in _HIDDEN}
    return {_OPTIONS.get(n, n): v for n, v in kept.items() if v not in (None, False, [])}


def _trouble(row: Row) -> Trouble | None:
    if row["error"] is None:
        return None
    return Trouble(code=row["error_code"], message=row["error"], remedy=row["remedy"])
