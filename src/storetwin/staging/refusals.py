"""Records that cannot be promoted, and why, in words for whoever has to look at them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from storetwin.core.models import Origin
from storetwin.mapping.models import Match, Noun
from storetwin.staging.copies import known_noun
from storetwin.staging.models import State

_SPOKEN = {Match.SKU: "SKU", Match.EMAIL: "e-mail address"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that cannot be promoted, and why.

    Args:
        candidates: core records of which it may be one.
    """

    origin: Origin
    reason: str
    candidates: tuple[UUID, ...] = ()


def why_alone(container: Origin, state: str) -> str:
    """Return why a record waits whose container stays outside: a refund's order."""
    noun = known_noun(container.resource)
    what = f"Its {noun.label.lower()} {container.remote_id}"
    if state == State.IGNORED:
        return f"{what} is ignored: restore it, or ignore this one as well."
    return f"{what} is not in core and could not be promoted: look at it first."


def why_one_of(count: int) -> str:
    """Return why a record is left out of a promotion that may be one of some core records."""
    if count == 1:
        return "A core record like it is another record of the same store already: say which it is."
    return f"It may be one of {count} core records: say which, or that it is a new one."


def why_unclear(noun: Noun, count: int) -> str:
    """Return why a record waits that may be one of some core records."""
    by = _SPOKEN.get(noun.match, noun.match.value.replace("_", " "))
    if count == 1:
        return (
            f"A {noun.label.lower()} with its {by} is another record of the same store already:"
            " say which it is, or that it is a new one."
        )
    return f"{count} {noun.name} have its {by}: say which one it is, or that it is a new one."
