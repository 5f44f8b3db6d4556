"""A shopper who asks for one page every so often, whatever comes of the one before.

Run as ``python -m benchmarks.shopper URL``. Each line of standard output is an answer: when it was
asked for (seconds of the system's monotonic clock), and how long it took (seconds). Ends on
SIGTERM.
"""

from __future__ import annotations

import asyncio
import sys
import time

import aiohttp


async def ask(session: aiohttp.ClientSession, url: str) -> None:
    started = time.monotonic()
    async with session.get(url, ssl=False) as answer:
        await answer.read()
        took = time.monotonic() - started
        print(started, took if answer.status == 200 else -1.0, flush=True)


async def shop(url: str, every: float) -> None:
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        due = time.monotonic()
        while True:
            group.create_task(ask(session, url))
            due += every
            await asyncio.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    asyncio.run(shop(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.2))
