"""A worker at work beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from storetwin.hub import Hub
from storetwin.jobs.worker import Worker

PATIENCE = 30.0


async def nothing() -> None:
    """Revive no server: it is not ours."""


@asynccontextmanager
async def working(hub: Hub, dsn: str, concurrency: int = 2) -> AsyncIterator[Worker]:
    """Have a worker at work for the block; it is stopped at its end."""
    made = Worker(hub, dsn, concurrency, nothing, lambda: 0.5)
    task = asyncio.create_task(made.run())
    try:
        await until(lambda: asyncio.sleep(0, made.is_at_work))
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    """Wait until something holds, but not for ever."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.02)
