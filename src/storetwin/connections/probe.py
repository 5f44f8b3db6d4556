"""The port through which a connection is tested; the store's client fills it.

A probe never raises for what it finds: every finding is a `Check`. `keep_report` then writes what
was learned (scheme, facts about the store, findings) to the connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from storetwin.connections.models import AuthScheme, Connection, Credentials, StoreFacts
from storetwin.kernel.errors import StoretwinError


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
    """

    name: str
    ok: bool | None
    finding: str
    remedy: str | None = None
    ms: float | None = None
    leads_to: str | None = None


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
    ) -> ProbeReport:
        """Look at the store and report; findings are checks, not exceptions.

        Args:
            credentials: None: look only at what answers there, without any.
            watch: is told of each check as soon as it is known.
        """
        ...
