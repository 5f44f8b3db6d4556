"""The nouns of this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from storetwin.kernel.cost import Cost

BELIEVED = timedelta(seconds=10)
"""A run whose heart has not beaten for longer is not at work any more, whatever it says."""


class RunState(StrEnum):
    """Where a run is, or how it ended."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    CANCELLED = "cancelled"

    @property
    def has_ended(self) -> bool:
        """Say whether nothing of it is to come any more."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


class Lane(StrEnum):
    """Runs of one connection that may be at work side by side: one of each lane."""

    PULL = "pull"
    INBOX = "inbox"
    PROMOTE = "promote"


class RunKind(StrEnum):
    """What a run is for."""

    PULL = "pull"
    VERIFY = "verify"
    RETRY = "retry"
    SYNC = "sync"
    SWEEP = "sweep"
    RECEIVE = "receive"
    REHEARSE = "rehearse"
    PROMOTE = "promote"

    @property
    def lane(self) -> Lane:
        """Return where it runs: what webhooks told, and promotions, beside everything else."""
        return _LANES.get(self, Lane.PULL)

    @property
    def brought_by(self) -> str:
        """Return how the versions that it brings are marked: pull, sweep or webhook."""
        if self is RunKind.RECEIVE:
            return "webhook"
        return "sweep" if self in (RunKind.SWEEP, RunKind.VERIFY) else "pull"


_LANES = {RunKind.RECEIVE: Lane.INBOX, RunKind.PROMOTE: Lane.PROMOTE}


class Stage(StrEnum):
    """What a run is doing with a resource."""

    PULL = "pull"
    VERIFY = "verify"
    SYNC = "sync"
    SWEEP = "sweep"
    RECEIVE = "receive"
    REHEARSE = "rehearse"
    PROMOTE = "promote"


@dataclass(frozen=True, slots=True)
class Carried:
    """What a run that is taken up again has done before, in another process.

    Args:
        progress: by stage and resource.
    """

    cost: Cost = field(default_factory=Cost)
    progress: Mapping[tuple[str, str], Progress] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a sync, with its result.

    ``epoch`` fences: every transaction of a run first touches its row ``WHERE epoch = mine``
    and stops when there is none, so a paused process that wakes up late writes nothing.

    Args:
        is_asked: it came from the queue, and goes back there when its worker stops.
        carried: what it has done before, where it was taken up again.
    """

    run_id: UUID
    organisation_id: UUID
    connection_id: UUID
    kind: RunKind
    epoch: int
    started_at: datetime
    is_asked: bool = False
    carried: Carried = field(default_factory=Carried)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that stands as being at work.

    Args:
        is_alive: its heart has beaten lately.
    """

    run_id: UUID
    is_alive: bool


@dataclass(slots=True)
class Progress:
    """How far a run has come with one resource. Counts are records unless named otherwise."""

    stage: Stage
    resource: str
    started_at: datetime
    state: str = "running"
    records: int = 0
    created: int = 0
    updated: int = 0
    buried: int = 0
    unreadable: int = 0
    pages: int = 0
    expected: int | None = None

    def add(self, other: Progress) -> None:
        """Count in what one bundle of pages brought."""
        self.records += other.records
        self.created += other.created
        self.updated += other.updated
        self.buried += other.buried
        self.unreadable += other.unreadable
        self.pages += other.pages
        self.expected = other.expected or self.expected


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the first reading of a resource goes on.

    ``position`` is the mirror's own: this room keeps it and does not look inside.

    Args:
        synced_to: what the store dates up to here is in the twin; by the store's clock.
        synced_at: when an increment last reached its end; by our clock.
        swept_at: when a sweep last reached its end; by our clock.
    """

    resource: str
    position: dict[str, Any]
    is_done: bool
    synced_to: datetime | None = None
    synced_at: datetime | None = None
    swept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a record was set aside, where a request to the store came to nothing.

    Args:
        evidence: what was asked and answered, as JSON without secrets, in 8 kB at most.
    """

    text: str
    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be had or kept.

    Args:
        name: what it is called: its remote id, or the gap or list in which it stands.
        attempts: how often it failed.
        next_attempt_at: from when on it is asked for again by itself.
    """

    dead_letter_id: UUID
    connection_id: UUID
    resource: str
    remote_id: str | None
    name: str
    reason: str
    state: str
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime
    next_attempt_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Say whether it is time to ask for it again."""
        return self.next_attempt_at is None or self.next_attempt_at <= now


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a certificate: a resource, counted on both sides.

    Args:
        in_store: records that the store's lists showed.
        in_twin: records of the twin that are there at the stated level.
        unlisted: remote ids of records that exist and that no list shows.
        fetched: records that the verification had to fetch: missing, or older than the store's.
        buried: records that the store no longer has; tombstones were set.
        lacking: what the twin does not have, each named with its reason.
        remarks: what else a reader should know.
        requests: what this line cost.
    """

    resource: str
    level: str
    lists: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    in_store: int
    in_twin: int
    fetched: int = 0
    buried: int = 0
    unlisted: tuple[str, ...] = ()
    lacking: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    requests: int = 0

    @property
    def is_complete(self) -> bool:
        """Say whether every record present throughout is in the twin at the stated level."""
        return not self.lacking and self.in_store == self.in_twin


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of completeness of a connection at a moment."""

    certificate_id: UUID
    connection_id: UUID
    run_id: UUID
    level: str
    started_at: datetime
    ended_at: datetime
    findings: tuple[Finding, ...]
    requests: int = 0
    remarks: tuple[str, ...] = field(default=())

    @property
    def is_complete(self) -> bool:
        """Say whether each resource is complete."""
        return all(finding.is_complete for finding in self.findings)
