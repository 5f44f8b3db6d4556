"""How many requests a server gets at once: more while it is well, half as soon as it struggles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

GROW_AFTER = 4  # good answers at the current width before one more is tried
SLOWER = 2.5  # an answer this much slower than usual is a struggle
MEMORY = 0.2  # weight of the newest answer in what is usual


@dataclass(slots=True)
class Width:
    """How many at once, pure: additive increase, multiplicative decrease.

    Args:
        ceiling: never more.
        value: now.
    """

    ceiling: int
    value: int = 1
    _good: int = 0
    _usual: float | None = None

    def answered(self, seconds: float, size: int) -> None:
        """Note a good answer; its time is judged by its size, so that big pages are no struggle."""
        cost = seconds / (1.0 + size / 100_000)
        usual = self._usual
        self._usual = cost if usual is None else usual + (cost - usual) * MEMORY
        if usual is not None and cost > usual * SLOWER and seconds > 1.0:
            self.struggled()
            return
        self._good += 1
        if self._good >= GROW_AFTER * self.value and self.value < self.ceiling:
            self.value, self._good = self.value + 1, 0

    def struggled(self) -> None:
        """Note a 429, a 5xx, a time-out or a very slow answer: half as many from here on."""
        self.value, self._good = max(1, self.value // 2), 0


@dataclass(slots=True)
class Limiter:
    """Lets as many requests through at once as its width says."""

    width: Width
    _flying: int = 0
    _room: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for room, and make room again at the end."""
        async with self._room:
            await self._room.wait_for(lambda: self._flying < self.width.value)
            self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1
            async with self._room:
                self._room.notify_all()
