"""How long somebody has to wait who was refused several times: a decision, nothing else.

The first attempts are free. Then each refusal doubles the wait, up to a limit that is short enough
for a person: whoever keeps failing for somebody else must not shut him out for ever, and at one
attempt a minute a password of twelve characters is safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """By what somebody is counted."""

    EMAIL = "email"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Rule:
    """How patient we are.

    Args:
        free: refusals that cost nothing.
        longest: the longest wait after any number of them.
    """

    free: int
    longest: timedelta


RULES: Final[Mapping[Kind, Rule]] = {
    Kind.EMAIL: Rule(free=5, longest=timedelta(minutes=1)),
    Kind.ADDRESS: Rule(free=20, longest=timedelta(minutes=5)),  # a whole office may share one
}
FORGOTTEN_AFTER: Final = timedelta(hours=1)  # without any attempt


@dataclass(frozen=True, slots=True)
class Count:
    """How often somebody was refused lately.

    Args:
        last_at: when he last tried.
    """

    kind: Kind
    failures: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether he may try now.

    Args:
        wait: how long he has to wait; zero: he may.
        failures: what to remember of each count if he does: that he failed, until he did not.
    """

    wait: timedelta
    failures: tuple[int, ...]

    @property
    def may_try(self) -> bool:
        """Say whether he may try now."""
        return not self.wait


def judge(counts: Sequence[Count], now: datetime) -> Verdict:
    """Decide whether somebody may try, who is counted in several ways."""
    waits = [_wait(count, now) for count in counts]
    return Verdict(
        wait=max(waits, default=timedelta()),
        failures=tuple(_lately(count, now) + 1 for count in counts),
    )


def forgiven(count: Count) -> int:
    """Return how many refusals remain after somebody was let in.

    Who knows the password of an e-mail has not been guessing it. An address is forgiven only this
    attempt: else one account of his own would let anybody try any number of others.
    """
    return 0 if count.kind is Kind.EMAIL else max(0, count.failures - 1)


def _wait(count: Count, now: datetime) -> timedelta:
    rule = RULES[count.kind]
    beyond = _lately(count, now) - rule.free
    if beyond < 0:
        return timedelta()
    pause = min(timedelta(seconds=2 ** min(beyond, 20)), rule.longest)
    passed = max(timedelta(), now - count.last_at)  # a clock may be set back
    return max(timedelta(), pause - passed)


def _lately(count: Count, now: datetime) -> int:
    return 0 if now - count.last_at >= FORGOTTEN_AFTER else count.failures
