"""What a promotion would do: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from storetwin.core.decide import match
from storetwin.core.models import Candidate, Origin
from storetwin.mapping.models import Noun
from storetwin.staging.copies import Copy
from storetwin.staging.models import LeftOut, Preview, State
from storetwin.staging.refusals import why_one_of

MOST_NAMED = 20  # records that stay behind, of those looked at


@dataclass(frozen=True, slots=True)
class Closely:
    """What looking closely at some records came to.

    Args:
        looked_at: how many.
        found: of the new ones, those that are core records already.
        left_out: those that stay behind.
        along: what comes along.
    """

    looked_at: int = 0
    found: int = 0
    left_out: Sequence[LeftOut] = ()
    along: frozenset[Origin] = field(default_factory=frozenset)


def look(
    copies: Sequence[Copy],
    candidates: Mapping[Origin, Sequence[Candidate]],
) -> tuple[int, list[LeftOut]]:
    """Say of some records how many are core records already, and which stay behind.

    Args:
        candidates: by origin, the core records that each may be.
    """
    found, left_out = 0, []
    for copy in copies:
        of = (copy.origin.connection_id, copy.origin.remote_id)
        why, may_be = copy.problem, tuple[UUID, ...]()
        if why is None and copy.core_id is None and not copy.is_anew and not copy.is_gone:
            chosen = match(copy.origin.connection_id, candidates.get(copy.origin, ()))
            if chosen.candidates:
                why, may_be = why_one_of(len(chosen.candidates)), chosen.candidates
            found += chosen.core_id is not None
        if why is not None:
            left_out.append(LeftOut(*of, why, may_be))
    return found, left_out


def summarise(
    states: Mapping[State, int], closely: Closely, changed_fields: Mapping[str, int]
) -> Preview:
    """Put together what a promotion would do.

    Args:
        states: how many records are meant, by state.
        changed_fields: how many of them differ, by column.
    """
    along = Counter(origin.resource for origin in closely.along)
    fresh = states.get(State.NEW, 0) + states.get(State.WAITING, 0)
    created = max(fresh - closely.found - len(closely.left_out), 0)
    return Preview(
        matched=sum(states.values()),
        created=created,
        updated=states.get(State.UPDATED, 0) + states.get(State.STALE, 0) + closely.found,
        deleted=states.get(State.DELETED, 0),
        unchanged=states.get(State.IN_SYNC, 0) + states.get(State.IGNORED, 0),
        changed_fields=dict(changed_fields),
        along=dict(sorted(along.items())),
        left_out_count=len(closely.left_out),
        left_out=tuple(closely.left_out[:MOST_NAMED]),
        looked_at=closely.looked_at,
    )


def labels_of(noun: Noun, columns: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return how many records differ by what people call the columns."""
    labels = {one.name: one.label for one in (*noun.fields, *noun.levels)}
    labels |= {one.name: one.label or one.name for one in noun.references}
    found: dict[str, int] = {}
    for name, count in columns:
        label = labels.get(name, name.replace("_", " ").replace("/", ": "))
        found[label] = found.get(label, 0) + count
    return found
