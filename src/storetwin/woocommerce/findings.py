"""What a test of a connection has found so far, each with what was asked and answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from storetwin.connections.probe import Check, Exchange, Watch, unwatched
from storetwin.kernel.errors import StoretwinError


def _nothing_heard() -> Exchange | None:
    return None


@dataclass(slots=True)
class Findings:
    """The checks that were made, in their order.

    Args:
        watch: told of each as soon as it is known.
        heard: returns the last request and its answer.
    """

    watch: Watch = unwatched
    heard: Callable[[], Exchange | None] = _nothing_heard
    checks: list[Check] = field(default_factory=list)
    trouble: StoretwinError | None = None
    since: float = field(default_factory=time.monotonic)

    def good(self, name: str, finding: str) -> None:
        """Note that something is as it should be."""
        self._found(name, ok=True, finding=finding)

    def bad(self, name: str, error: StoretwinError) -> None:
        """Note that something is wrong."""
        self._found(
            name,
            ok=False,
            finding=error.message,
            remedy=error.remedy,
            leads_to=getattr(error, "target", None),
            exchange=self.heard(),
        )
        self.trouble = self.trouble or error

    def unknown(
        self, name: str, finding: str, remedy: str | None = None, *, is_asked: bool = True
    ) -> None:
        """Note that something could not be found out, or is odd.

        Args:
            is_asked: it is the last answer that says so.
        """
        exchange = self.heard() if is_asked else None
        self._found(name, ok=None, finding=finding, remedy=remedy, exchange=exchange)

    def _found(self, name: str, **known: Any) -> None:
        before, self.since = self.since, time.monotonic()
        self.checks.append(Check(name, ms=(self.since - before) * 1000, **known))
        self.watch(self.checks[-1])
