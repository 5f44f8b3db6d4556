"""What it costs to ask a store: how often, how long it took, how often it would not."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    requests: int = 0
    answers: int = 0
    answer_ms: int = 0
    slowest_ms: int = 0
    throttled: int = 0
    troubled: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.answers + other.answers,
            self.answer_ms + other.answer_ms,
            max(self.slowest_ms, other.slowest_ms),
            self.throttled + other.throttled,
            self.troubled + other.troubled,
        )
