"""What state a record is in after something happened to it. Pure.

The triggers of migration 0014 do the same for whole statements of the mirror; a test holds one
against the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from storetwin.staging.models import State


class Event(StrEnum):
    """What happens to a record."""

    SEEN = "seen"  # the twin has another version of it, or has it again
    GONE = "gone"  # the store has it no more
    FORGOTTEN = "forgotten"  # the twin has dropped its copy
    FOUND_EQUAL = "found_equal"  # compared: core has what the store says
    FOUND_UNLIKE = "found_unlike"
    PROMOTED = "promoted"
    REFUSED = "refused"  # it cannot be promoted as it is
    SELECTED = "selected"
    DESELECTED = "deselected"
    IGNORED = "ignored"
    RESTORED = "restored"  # it is ignored no more
    MAPPED_ANEW = "mapped_anew"  # another import mapping is active


@dataclass(frozen=True, slots=True)
class Standing:
    """How a record stands.

    Args:
        is_linked: a core record is known to be it.
        is_gone: the store has it no more.
        has_copy: the twin holds it.
    """

    state: State
    is_linked: bool = False
    is_gone: bool = False
    is_selected: bool = False
    has_copy: bool = True


_Step = Callable[[Standing], Standing | None]


def after(before: Standing | None, event: Event) -> Standing | None:
    """Return how a record stands after an event; None where no row is kept of it.

    An event that does not fit (a comparison of what has changed meanwhile) leaves it as it is.
    """
    if before is None:
        return Standing(State.NEW) if event is Event.SEEN else None
    if event in _BY_MIRROR:
        return _BY_MIRROR[event](before)
    return _BY_US[event](before)


def at_rest(standing: Standing) -> Standing | None:
    """Return how a record stands that nobody has decided about."""
    if not standing.has_copy:
        return replace(standing, state=State.WAITING) if standing.is_linked else None
    if standing.is_gone:
        return replace(standing, state=State.DELETED) if standing.is_linked else None
    return replace(standing, state=State.STALE if standing.is_linked else State.NEW)


def _seen(before: Standing) -> Standing | None:
    is_selected = before.is_selected and not before.is_gone and before.has_copy
    seen = replace(before, is_gone=False, has_copy=True, is_selected=is_selected)
    return seen if before.state is State.IGNORED else at_rest(seen)


def _gone(before: Standing) -> Standing | None:
    if before.is_gone:
        return before
    gone = replace(before, is_gone=True, is_selected=False)
    return gone if before.state is State.IGNORED else at_rest(gone)


def _forgotten(before: Standing) -> Standing | None:
    forgotten = replace(before, has_copy=False, is_selected=False)
    if before.state in (State.IGNORED, State.GONE):
        return forgotten
    return at_rest(forgotten)


def _compared(state: State) -> _Step:
    def step(before: Standing) -> Standing:
        if before.state is not State.STALE:
            return before
        return replace(before, state=state, is_selected=before.is_selected and state.is_promotable)

    return step


def _promoted(before: Standing) -> Standing:
    state = State.GONE if before.is_gone else State.IN_SYNC
    return replace(before, state=state, is_linked=True, is_selected=False)


def _refused(before: Standing) -> Standing:
    return replace(before, state=State.WAITING, is_selected=False)


def _selected(before: Standing) -> Standing:
    return replace(before, is_selected=True) if before.state.is_promotable else before


def _ignored(before: Standing) -> Standing:
    if before.state is State.GONE:
        return before
    return replace(before, state=State.IGNORED, is_selected=False)


def _restored(before: Standing) -> Standing | None:
    return at_rest(before) if before.state is State.IGNORED else before


def _mapped_anew(before: Standing) -> Standing:
    is_compared = before.is_linked and before.state in (State.IN_SYNC, State.UPDATED)
    return replace(before, state=State.STALE) if is_compared else before


_BY_MIRROR: Mapping[Event, _Step] = {
    Event.SEEN: _seen,
    Event.GONE: _gone,
    Event.FORGOTTEN: _forgotten,
}
_BY_US: Mapping[Event, _Step] = {
    Event.FOUND_EQUAL: _compared(State.IN_SYNC),
    Event.FOUND_UNLIKE: _compared(State.UPDATED),
    Event.PROMOTED: _promoted,
    Event.REFUSED: _refused,
    Event.SELECTED: _selected,
    Event.DESELECTED: lambda before: replace(before, is_selected=False),
    Event.IGNORED: _ignored,
    Event.RESTORED: _restored,
    Event.MAPPED_ANEW: _mapped_anew,
}
