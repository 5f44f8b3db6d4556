"""The port through which a connection is tested; the store's client fills it.

A probe never raises for what it finds: every finding is a `Check`. `keep_report` then writes what
was learned (scheme, facts about the store, findings) to the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from storetwin.connections.models import AuthScheme, Connection, Credentials, StoreFacts
from storetwin.kernel.errors import StoretwinError


class Stage(StrEnum):
    """What of a test is made together, in its order: checks that the same requests answer."""

    OUTSIDE = "outside"
    """Without keys. What fails here, or with the keys, bars the way to all that comes after."""
    KEYS = "keys"
    WRITE = "write"
    FACTS = "facts"
    IDENTITY = "identity"


WHOLE: Final = frozenset(Stage)
STAGE_OF: Final[Mapping[str, Stage]] = {
    "reachable": Stage.OUTSIDE,
    "tls": Stage.OUTSIDE,
    "woocommerce": Stage.OUTSIDE,
    "clock": Stage.OUTSIDE,
    "keys": Stage.KEYS,
    "header": Stage.KEYS,
    "read": Stage.KEYS,
    "cache": Stage.KEYS,
    "write": Stage.WRITE,
    "store": Stage.FACTS,
    "versions": Stage.FACTS,
    "zone": Stage.FACTS,
    "currency": Stage.FACTS,
    "webhooks": Stage.FACTS,
    "identity": Stage.IDENTITY,
}
OPENS: Final[Mapping[Stage, str]] = {Stage.OUTSIDE: "woocommerce", Stage.KEYS: "read"}
"""The check of a stage without which none of the later ones can be made."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request to a store and its answer, as they may be shown: no secrets, nobody's data.

    Attributes:
        answered: empty where no answer came.
    """

    asked: str
    answered: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: stable and short: ``reachable``, ``tls``, ``woocommerce``, ``read`` …
        ok: True, False, or None where it could not be found out.
        finding: one sentence; no secrets.
        remedy: what a person can do, where ``ok`` is not True.
        ms: how long it took to find out, in milliseconds; None where nobody took the time.
        leads_to: another address that answered, where that is what is wrong.
        exchange: what was asked and answered last, where ``ok`` is not True.
    """

    name: str
    ok: bool | None
    finding: str
    remedy: str | None = None
    ms: float | None = None
    leads_to: str | None = None
    exchange: Exchange | None = None


Watch = Callable[[Check], None]
"""Told of each check as soon as it is known."""


def unwatched(_: Check) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a probe found.

    Attributes:
        scheme: the way of authentication that worked; None when none did.
        trouble: the first thing that is wrong, as the error a pull ends with.
    """

    checks: tuple[Check, ...]
    scheme: AuthScheme | None = None
    store: StoreFacts = field(default_factory=StoreFacts)
    trouble: StoretwinError | None = None

    @property
    def is_ok(self) -> bool:
        """Nothing is wrong (what could not be found out does not count)."""
        return all(check.ok is not False for check in self.checks)


class Probe(Protocol):
    """Tests a connection with the given credentials; bootstrap hands in the store's client."""

    async def __call__(
        self,
        connection: Connection,
        credentials: Credentials | None,
        *,
        watch: Watch | None = None,
        stages: Collection[Stage] | None = None,
    ) -> ProbeReport:
        """Look at the store and report; findings are checks, not exceptions.

        Args:
            credentials: None: look only at what answers there, without any.
            watch: is told of each check as soon as it is known.
            stages: what to look at (None: everything); of the rest it is taken that it is well.
        """
        ...


def kept_checks(connection: Connection) -> list[Check]:
    """Return what the last test of a connection found; nothing where there was none."""
    if connection.last_probe is None:
        return []
    found = msgspec.json.decode(connection.last_probe)
    return [msgspec.convert(check, Check) for check in found["checks"]]


def stages_again(name: str, known: Sequence[Check]) -> frozenset[Stage]:
    """Return what to look at for one check to be made again: its stage, and what it has barred."""
    stage = STAGE_OF.get(name)
    if stage is None:
        return WHOLE
    made = {STAGE_OF.get(check.name) for check in known}
    if (opening := OPENS.get(stage)) is None or _is_open(opening, known):
        return frozenset({stage})
    return frozenset({stage, *(one for one in _after(stage) if one not in made)})


def completed(
    known: Sequence[Check], made: Sequence[Check], stages: Collection[Stage]
) -> tuple[Check, ...]:
    """Return a whole test: what was looked at now, and what is known of the rest.

    Where the way is barred now, what comes after it is not known any more.
    """
    forgotten = set(stages)
    for stage, opening in OPENS.items():
        if stage in stages and not _is_open(opening, made):
            forgotten.update(_after(stage))
    kept = [check for check in known if STAGE_OF.get(check.name) not in forgotten]
    order = {name: place for place, name in enumerate(STAGE_OF)}
    return tuple(sorted((*kept, *made), key=lambda check: order.get(check.name, len(order))))


def _is_open(opening: str, checks: Sequence[Check]) -> bool:
    return any(check.name == opening and check.ok is True for check in checks)


def _after(stage: Stage) -> list[Stage]:
    stages = list(Stage)
    return stages[stages.index(stage) + 1 :]
