"""A store that is not the one that was trusted: the errors, and which command goes on."""

from __future__ import annotations

from dataclasses import replace

from storetwin.connections.identity import Identity, Judgement, Standing, Verdict
from storetwin.connections.models import Connection
from storetwin.kernel.errors import ConfigurationError

BY_HAND = "Paused by hand."


class StoreChangedError(ConfigurationError):
    """The store is not as it was when it was last trusted; a person has to decide.

    Args:
        judgement: what was seen.
    """

    code = "store_changed"

    def __init__(self, message: str, judgement: Judgement, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.judgement = judgement


class ConnectionPausedError(ConfigurationError):
    """The connection is paused, so no run uses it."""

    code = "paused"


class NotAcceptableError(ConfigurationError):
    """What a person accepted is not what is there."""

    code = "not_acceptable"


_HEADLINES = {
    Verdict.MOVED: "The store at {url} has moved",
    Verdict.CLONED: "A copy of the store answers at {url}",
    Verdict.RESTORED: "The store at {url} went back to an earlier state",
    Verdict.WIPED: "The store at {url} was emptied",
    Verdict.ANOTHER: "Another store answers at {url}",
}
_IF = {
    Verdict.MOVED: "If the shop moved: storetwin connection accept {name}.",
    Verdict.CLONED: "If this one counts from now on: storetwin connection accept {name}.",
    Verdict.RESTORED: "If it was restored: storetwin connection accept {name} --restored.",
    Verdict.WIPED: "If it was emptied on purpose: storetwin connection accept {name} --restored.",
    Verdict.ANOTHER: "If it takes the old one's place: storetwin connection accept {name} --replaced.",
}
_IF_NOT = " If not, put the store right, then: storetwin connection resume {name}."


def headline(judgement: Judgement, url: str) -> str:
    """Return what was seen, as one sentence."""
    if judgement.verdict is Verdict.SAME:
        return f"The store at {url} is the one that is remembered."
    if judgement.verdict is Verdict.UNKNOWN:
        return f"The store at {url} does not tell which one it is."
    return f"{_HEADLINES[judgement.verdict].format(url=url)}: {'; '.join(judgement.reasons)}."


def remedy_for(verdict: Verdict, name: str) -> str:
    """Return which command goes on."""
    return (_IF[verdict] + _IF_NOT).format(name=name)


def if_it_moved(connection: Connection, url: str) -> str:
    """Return which command goes on when the store's address leads to another one."""
    return f"If the shop moved there: storetwin connection accept {connection.name} --url {url}"


def changed(connection: Connection, judgement: Judgement) -> StoreChangedError:
    """Return the error that a run ends with when it meets a store that it must not trust."""
    told = f"{headline(judgement, connection.url)} Nothing was changed in the twin."
    return StoreChangedError(told, judgement, remedy=remedy_for(judgement.verdict, connection.name))


def doubted(remembered: Identity | None, judgement: Judgement) -> Identity:
    """Return the identity to keep of a connection that is paused: the old one, and the doubt."""
    return replace(remembered or Identity(), doubt=judgement.verdict.value)


def paused(connection: Connection) -> ConnectionPausedError:
    """Return the error for a run of a paused connection."""
    identity = Identity.from_json(connection.identity)
    remedy = f"Go on with: storetwin connection resume {connection.name}"
    if identity is not None and identity.doubt is not None:
        remedy = remedy_for(Verdict(identity.doubt), connection.name)
    reason = connection.pause_reason or BY_HAND
    return ConnectionPausedError(f"{connection.name} is paused. {reason}", remedy=remedy)


def check_acceptance(
    connection: Connection, judgement: Judgement, *, is_restored: bool, is_replaced: bool
) -> None:
    """Check that what a person accepts is what is there. The old twin is at stake.

    Raises:
        NotAcceptableError: records would be mixed or lost that the person did not speak of.
    """
    has_lost = judgement.standing in (Standing.REWOUND, Standing.EMPTY)
    is_fit = judgement.standing in (Standing.SAME, Standing.NOTHING) or (is_restored and has_lost)
    if is_replaced or is_fit:
        return
    told = headline(judgement, connection.url)
    if judgement.standing is Standing.UNCLEAR:
        raise NotAcceptableError(
            f"The records of the store at {connection.url} could not be compared.",
            remedy="Look whether the store answers (storetwin connection test), then try again.",
        )
    remedy = remedy_for(judgement.verdict, connection.name)
    raise NotAcceptableError(told, remedy=remedy)
