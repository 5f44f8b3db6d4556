"""What it costs to ask a store: how often, how long it took, how often it would not."""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.kernel.answer_times import Counts, added


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run met at its store.

    Args:
        requests: that were sent, repeated ones included.
        answers: that came.
        answer_ms: milliseconds that all of them took together.
        slowest_ms: milliseconds of the slowest.
        throttled: answers 429: the store's own limit.
        troubled: requests without an answer, and answers from 500 on.
        answer_times: how many answers took how long.
    """

    requests: int = 0
    answers: int = 0
    answer_ms: int = 0
    slowest_ms: int = 0
    throttled: int = 0
    troubled: int = 0
    answer_times: Counts = ()

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.answers + other.answers,
            self.answer_ms + other.answer_ms,
            max(self.slowest_ms, other.slowest_ms),
            self.throttled + other.throttled,
            self.troubled + other.troubled,
            added(self.answer_times, other.answer_times),
        )
