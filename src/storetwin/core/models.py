"""The nouns of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from storetwin.mapping.models import Mapped


class Action(StrEnum):
    """What became of a core record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    WAITING = "waiting"  # somebody else was faster: now a person has to say which record it is


@dataclass(frozen=True, slots=True)
class Origin:
    """Which record of which store something in core came from.

    Many are looked up at once, and nearly all differ in the remote id: it alone is what is hashed.
    """

    connection_id: UUID
    resource: str
    remote_id: str

    def __hash__(self) -> int:
        return hash(self.remote_id)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A store's record on its way into core.

    Args:
        version: of its snapshot.
        core_id: the core record that it is; None for a new one, or the one that matches it by now.
        mapped: what it comes to; None where the store has it no more.
        is_anew: a person said that it is a new one, whatever matches it.
        definition_id: the import mapping it was mapped with, and its version; None without one.
    """

    origin: Origin
    version: int
    core_id: UUID | None
    mapped: Mapped | None
    is_anew: bool = False
    definition_id: UUID | None = None
    definition_version: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Which core record a store's record is, and what of it was promoted last.

    Args:
        version: of the snapshot.
        hash: of what it came to.
        definition_id: the import mapping that was active then, and its version.
        gone_at: since when core knows that the store has it no more.
    """

    origin: Origin
    noun: str
    core_id: UUID
    version: int
    hash: bytes
    definition_id: UUID | None
    definition_version: int | None
    promoted_at: datetime
    gone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A core record that a store's record may be.

    Args:
        connections: whose records it is already.
    """

    core_id: UUID
    connections: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Cause:
    """Who or what changes core.

    Args:
        run_id: of the promotion.
        user_id: of the person who edits, or who promotes by hand.
    """

    run_id: UUID | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a record in core.

    Args:
        core_id: None where there is none: it waits, or it was never promoted and is gone.
        fields: columns and parts that changed.
    """

    origin: Origin
    core_id: UUID | None
    action: Action
    fields: tuple[str, ...] = ()
