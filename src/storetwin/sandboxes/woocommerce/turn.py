"""When a fault strikes: always, every N-th time, at most M times."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Turn:
    """Counts occasions and says which of them are struck.

    Args:
        every: strike each N-th occasion, the N-th first.
        times: strike at most so often; 0 for no limit.
        after: let so many occasions pass first.
    """

    every: int = 1
    times: int = 0
    after: int = 0
    seen: int = field(default=0, init=False)
    struck: int = field(default=0, init=False)

    def strikes(self) -> bool:
        """Count one occasion and say whether the fault strikes it."""
        self.seen += 1
        if self.times and self.struck >= self.times:
            return False
        if self.seen <= self.after or (self.seen - self.after) % self.every:
            return False
        self.struck += 1
        return True
