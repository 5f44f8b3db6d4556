"""How often one caller may ask: a bucket that fills by the minute, of this process."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from storetwin.api.problems import ProblemError

RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
MOST_CALLERS = 10_000  # remembered at the same time; the one that asked longest ago is forgotten


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left.

    Args:
        remaining: requests that may follow at once.
        reset: seconds until all may again.
    """

    limit: int
    remaining: int
    reset: float

    @property
    def headers(self) -> dict[str, str]:
        """Return it as headers (the names of draft-ietf-httpapi-ratelimit-headers-07)."""
        values = (self.limit, self.remaining, round(self.reset))
        return dict(zip(RATE_HEADERS, map(str, values), strict=True))


@dataclass(slots=True)
class Limits:
    """The buckets of all callers.

    Args:
        per_minute: requests of one caller.
    """

    per_minute: int
    _used: OrderedDict[bytes, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, caller: bytes, now: float) -> Allowance:
        """Count one request of a caller.

        Args:
            now: seconds of a clock that never goes back.

        Raises:
            ProblemError: 429, he has none left.
        """
        used, at = self._used.pop(caller, (0.0, now))
        used = max(0.0, used - (now - at) * self.per_minute / 60)
        is_allowed = used + 1 <= self.per_minute
        self._used[caller] = (used + is_allowed, now)
        while len(self._used) > MOST_CALLERS:
            self._used.popitem(last=False)
        left = self.per_minute - used - is_allowed
        allowance = Allowance(
            self.per_minute, max(0, int(left)), (used + is_allowed) * 60 / self.per_minute
        )
        if not is_allowed:
            wait = max(1, round((used + 1 - self.per_minute) * 60 / self.per_minute))
            raise ProblemError(
                429,
                "too_many_requests",
                f"More than {self.per_minute} requests in a minute.",
                remedy=f"Ask again in {wait} s.",
                headers=allowance.headers | {"Retry-After": str(wait)},
            )
        return allowance
