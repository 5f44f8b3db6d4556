"""Steps of a walk on their way to the database: read ahead, bundled, joined."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from storetwin.woocommerce.walk import Batch, Step, Unreadable


async def bundles(steps: AsyncIterator[Step], most: int) -> AsyncIterator[list[Step]]:
    """Yield what has arrived since the last time, at most ``most`` steps, at least one.

    Reading goes on while the bundle before is written. An error of the reader comes after what
    it read before.
    """
    waiting: asyncio.Queue[Step | Exception | None] = asyncio.Queue(most)

    async def read() -> None:
        try:
            async for step in steps:
                await waiting.put(step)
        except Exception as error:  # noqa: BLE001 - handed on, in its order
            await waiting.put(error)
        else:
            await waiting.put(None)

    reader = asyncio.create_task(read())
    try:
        last: Exception | None
        while True:
            bundle = [await waiting.get()]
            while len(bundle) < most and not waiting.empty():
                bundle.append(waiting.get_nowait())
            kept = [step for step in bundle if isinstance(step, Batch | Unreadable)]
            if kept:
                yield kept
            if len(kept) < len(bundle):
                last = bundle[-1] if isinstance(bundle[-1], Exception) else None
                break
        if last is not None:
            raise last
    finally:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)


def merged(steps: Sequence[Step]) -> list[Step]:
    """Join neighbouring batches that the store served in the same second: one write for all."""
    joined: list[Step] = []
    for step in steps:
        last = joined[-1] if joined else None
        if isinstance(step, Batch) and isinstance(last, Batch) and step.served_at == last.served_at:
            joined[-1] = replace(
                step,
                records=last.records + step.records,
                remarks=last.remarks + step.remarks,
                nameless=last.nameless + step.nameless,
            )
        else:
            joined.append(step)
    return joined
