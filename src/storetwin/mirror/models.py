"""The nouns of the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from storetwin.woocommerce.languages import Languages
from storetwin.woocommerce.paging import Position


class State(StrEnum):
    """How a store has a record."""

    LISTED = "listed"
    UNLISTED = "unlisted"
    PARTIAL = "partial"
    GONE = "gone"


class Level(StrEnum):
    """How closely a certificate looks."""

    IDS = "ids"
    MODIFIED = "modified"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Known:
    """What the twin knows of a record, without its payload."""

    remote_id: str
    version: int
    content_hash: bytes
    state: State
    modified_at: datetime | None
    read_at: datetime
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One list to be walked: a resource has several where no single list shows everything.

    Args:
        key: sorts parts in walking order and names them in a cursor: (container, list). The
            container is its id, or its place where ids are words; 0 without one.
        path: as the resource has it, without placeholders.
        params: of the list.
        container: remote id of the record whose list it is.
        languages: shared by the parts of one walk, where each language has a list of its own.
    """

    key: tuple[int, int]
    path: str
    params: Mapping[str, str]
    container: str | None = None
    languages: Languages | None = None


@dataclass(frozen=True, slots=True)
class PartPosition:
    """Where the reading of a resource stands: in which part, and where in it."""

    part: tuple[int, int] = (0, 0)
    position: Position = field(default_factory=Position)
    excluded: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the form in which a cursor keeps it."""
        return {
            "part": list(self.part),
            "offset": self.position.offset,
            "last": self.position.last,
            "overlaps": self.position.overlaps,
            "excluded": list(self.excluded),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> PartPosition:
        """Read what :meth:`as_json` wrote."""
        return cls(
            (found["part"][0], found["part"][1]),
            Position(found["offset"], found["last"], found["overlaps"]),
            tuple(found["excluded"]),
        )


@dataclass(slots=True)
class Written:
    """What writing some records changed, counted in records.

    Args:
        changed: the remote ids of those that were created or updated.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    changed: set[str] = field(default_factory=set)

    def add(self, other: Written) -> None:
        """Count another page in."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.changed |= other.changed


@dataclass(frozen=True, slots=True)
class Synced:
    """What bringing one resource in step, or sweeping it, came to; counts of records.

    Args:
        way: how it was done.
        records: read; those of records that were looked at by id and date only are not.
        fetched: read again because their id or date told so.
        needs_sweep: why an increment could not tell the whole truth, if it could not.
        lacks: what a sweep could not settle either, or leaves to a person.
    """

    resource: str
    way: str
    records: int = 0
    created: int = 0
    updated: int = 0
    buried: int = 0
    unreadable: int = 0
    fetched: int = 0
    requests: int = 0
    needs_sweep: str | None = None
    lacks: str | None = None


@dataclass(slots=True)
class Lacking:
    """Records that the twin does not have, each with its reason."""

    reasons: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, reason: str) -> None:
        """Name a record; the first reason stays."""
        self.reasons.setdefault(name, reason)
