"""What is to be done with a store's record that comes into core: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from storetwin.core.models import Candidate, Incoming, Link
from storetwin.kernel.errors import ConflictError


class Step(StrEnum):
    """What is to be done."""

    NOTHING = "nothing"
    NOTE = "note"  # its values are as they were; that a newer version was seen is written down
    WRITE = "write"
    BURY = "bury"
    FIND = "find"  # no link and nobody said: a record that matches may be here by now


@dataclass(frozen=True, slots=True)
class Match:
    """Which core record a store's record is.

    Args:
        core_id: None for a new one.
        candidates: between which a person has to choose; empty where none has to.
    """

    core_id: UUID | None = None
    candidates: tuple[UUID, ...] = ()


def decide(incoming: Incoming, link: Link | None) -> Step:
    """Decide what is to be done with a record.

    Raises:
        ConflictError: it is another core record already than the one that is asked for.
    """
    mapped = incoming.mapped
    if mapped is None:
        return Step.NOTHING if link is None or link.gone_at is not None else Step.BURY
    if link is None:
        return Step.WRITE if incoming.core_id is not None or incoming.is_anew else Step.FIND
    if incoming.core_id not in (None, link.core_id):
        raise ConflictError(
            f"{incoming.origin.resource} {incoming.origin.remote_id} is another core record already.",
            remedy="Look at it again: it was promoted meanwhile.",
        )
    if mapped.hash != link.hash or link.gone_at is not None:
        return Step.WRITE
    seen = (link.version, link.definition_id, link.definition_version)
    mine = (incoming.version, incoming.definition_id, incoming.definition_version)
    return Step.NOTHING if seen == mine else Step.NOTE


def match(connection_id: UUID, candidates: Sequence[Candidate]) -> Match:
    """Say which of some candidates a store's record is.

    One store has one record of a thing: a candidate that is another record of the same store
    already is none that could be taken without asking.
    """
    if not candidates:
        return Match()
    only = candidates[0]
    if len(candidates) == 1 and connection_id not in only.connections:
        return Match(only.core_id)
    return Match(candidates=tuple(one.core_id for one in candidates))
