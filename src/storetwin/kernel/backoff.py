"""Every delay before a retry is decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

# When a record that could not be had is asked for again by itself: after its first failure, its
# second … The last one holds from then on: a store is repaired within a day or much later.
DEAD_LETTER_DELAYS = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(days=1),
)

# When a schedule that came to nothing is tried again: after its first failure, its second … A store
# that is down is found up again within an hour, and is not knocked at all day.
SCHEDULE_DELAYS = (
    timedelta(seconds=15),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
)

# When what a webhook told is tried again: after the first failed reading, the second … After the
# last one it is left to the sweep.
INBOX_DELAYS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(days=1),
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter, bounded in delay and in attempts.

    Args:
        base: seconds; the ceiling of the first delay.
        factor: how much the ceiling grows from attempt to attempt.
        longest: seconds; no delay of our own is longer.
        attempts: how often a call is made in all, the first included.
        patience: seconds; where a server asks for a longer pause we give up at once, for to come
            back earlier than it wished helps nobody.
    """

    base: float = 0.5
    factor: float = 2.0
    longest: float = 60.0
    attempts: int = 6
    patience: float = 300.0

    def delay(
        self, attempt: int, *, random: Callable[[], float], retry_after: float | None = None
    ) -> float | None:
        """Return the seconds to wait after failed ``attempt`` (1, 2, …), or None to give up.

        A ``Retry-After`` of the server is a lower bound: jitter is added on top of it, so that
        many clients do not come back in the same moment.
        """
        if attempt >= self.attempts or (retry_after or 0.0) > self.patience:
            return None
        ceiling = min(self.longest, self.base * self.factor ** (attempt - 1))
        if retry_after is None:
            return ceiling * (0.5 + random() / 2)
        return retry_after + ceiling * random() / 4
