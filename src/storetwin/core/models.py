"""The nouns of this room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from storetwin.mapping.models import Mapped


class Action(StrEnum):
    """What became of a core record."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which record of which store something in core came from."""

    connection_id: UUID
    resource: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """A store's record on its way into core.

    Args:
        version: of its snapshot.
        core_id: the core record that it is; None for a new one.
        mapped: what it comes to; None where the store has it no more.
    """

    origin: Origin
    version: int
    core_id: UUID | None
    mapped: Mapped | None


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
        fields: columns and parts that changed.
    """

    origin: Origin
    core_id: UUID
    action: Action
    fields: tuple[str, ...] = ()
