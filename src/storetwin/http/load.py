"""Lets requests through to a store: so many at once, with rests, and so many a minute at most."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from storetwin.http.width import Width


@dataclass(slots=True)
class Spacing:
    """So many requests a minute at most, evenly spaced: no minute ever has one more. Pure.

    Args:
        per_minute: None for no such limit.
    """

    per_minute: int | None = None
    _next: float = float("-inf")

    def reserve(self, now: float) -> float:
        """Take the next place; return the seconds to wait for it."""
        if self.per_minute is None:
            return 0.0
        place = max(now, self._next)
        self._next = place + 60.0 / self.per_minute
        return place - now


@dataclass(slots=True)
class Turn:
    """One request's time at the store, from its start to its end.

    Args:
        number: which request it is, counted from 1.
        beside: how many were in flight when it started, itself included.
    """

    number: int
    beside: int


@dataclass(slots=True)
class Limiter:
    """Lets as many requests through at once as its width says, and no more a minute than allowed.

    Args:
        width: decides how many at once, and how long to rest in between.
        spacing: decides when the next one may start.
        clock: seconds that only go forward.
        sleep: how to wait.
        gate: called before each request; raises when there must not be one now.
    """

    width: Width
    spacing: Spacing = field(default_factory=Spacing)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    gate: Callable[[], None] = lambda: None
    _flying: int = 0
    _started: int = 0
    _rest_until: float = float("-inf")
    _room: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Turn]:
        """Wait for room, and make room again at the end."""
        async with self._room:
            await self._room.wait_for(lambda: self._flying < self.width.value)
            self._flying += 1
        try:
            await self._hold_back()
            self.gate()
            self._started += 1
            started = self.clock()
            yield Turn(self._started, self._flying)
            self._rest_until = self.clock() + self.width.rest(self.clock() - started)
        finally:
            self._flying -= 1
            async with self._room:
                self._room.notify_all()

    async def _hold_back(self) -> None:
        """Wait until the store had its rest, and until the minute has room."""
        now = self.clock()
        held = max(self.spacing.reserve(now), self._rest_until - now)
        if held > 0:
            await self.sleep(held)

    def answered(self, turn: Turn, kind: str, seconds: float) -> None:
        """Tell the width of a good answer, while its turn is still on.

        Args:
            seconds: what the store took for it.
        """
        beside = min(turn.beside, self._flying)
        if beside == 1 and (turn.beside > 1 or self._started > turn.number):
            beside = 0  # alone for a part of it only
        self.width.answered(kind, seconds, beside, self.clock())

    def struggled(self) -> None:
        """Tell the width that no good answer came."""
        self.width.struggled(self.clock())
