"""A circuit breaker, pure: what happened and what time it is go in, whether to ask comes out.

Closed: requests pass. After enough failures in a row it opens: nothing passes until some seconds
have gone by. Then one request passes (half open); its end closes the circuit or opens it again.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILURES = 8
OPEN_SECONDS = 30.0


@dataclass(slots=True)
class Circuit:
    """The state of one origin.

    Args:
        failures: failures in a row that open it.
        open_for: seconds it stays open.
    """

    failures: int = FAILURES
    open_for: float = OPEN_SECONDS
    _in_a_row: int = 0
    _opened_at: float | None = None
    _is_trying: bool = False

    def wait(self, now: float) -> float:
        """Return the seconds until a request may pass; 0 lets it pass."""
        if self._opened_at is None:
            return 0.0
        left = self._opened_at + self.open_for - now
        if left > 0:
            return min(left, self.open_for)  # sums of floats may be a hair above
        if self._is_trying:
            return min(1.0, self.open_for)
        self._is_trying = True
        return 0.0

    def succeeded(self) -> None:
        """Note an answer: any answer, also one that says no."""
        self._in_a_row, self._opened_at, self._is_trying = 0, None, False

    def failed(self, now: float) -> None:
        """Note that no answer came, or one that says that the server is not well."""
        self._in_a_row += 1
        if self._is_trying or self._in_a_row >= self.failures:
            self._opened_at, self._is_trying = now, False

    def abandoned(self) -> None:
        """Note that a request was given up by us, which says nothing about the server."""
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Say whether requests are being held back."""
        return self._opened_at is not None
