"""A worker's heart: it beats in a thread of its own, so that a long parse does not stop it.

It stops when the event loop has not turned for a minute: such a process does nothing any more,
whatever its threads do.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg

from storetwin.db.queries import load_queries
from storetwin.kernel.errors import ConflictError

Q = load_queries("storetwin.jobs")
BEAT = timedelta(seconds=2)
BELIEVED = timedelta(seconds=8)  # a heart that has not beaten for longer has stopped
LOOP_BELIEVED = timedelta(seconds=60)
CONNECT_SECONDS = 5


class TakenForDeadError(ConflictError):
    """Other workers took this one for dead: what it was doing is theirs."""

    code = "taken_for_dead"
    default_remedy = "Nothing was lost. This worker begins anew by itself."


@asynccontextmanager
async def beating(dsn: str, worker_id: int) -> AsyncIterator[asyncio.Future[None]]:
    """Keep a worker's heart beating for the block.

    Yields:
        What ends with `TakenForDeadError` when others took the worker for dead.
    """
    loop = asyncio.get_running_loop()
    taken: asyncio.Future[None] = loop.create_future()
    heart = _Heart(dsn, worker_id, lambda: loop.call_soon_threadsafe(_fail, taken))
    turning = asyncio.create_task(_turn(heart))
    heart.start()
    try:
        yield taken
    finally:
        turning.cancel()
        heart.stopped.set()
        await asyncio.to_thread(heart.join, CONNECT_SECONDS)
        taken.cancel()


async def _turn(heart: _Heart) -> None:
    while True:
        heart.turned_at = time.monotonic()
        await asyncio.sleep(BEAT.total_seconds() / 2)


def _fail(taken: asyncio.Future[None]) -> None:
    if not taken.done():
        taken.set_exception(TakenForDeadError("This worker was taken for dead by another."))


class _Heart(threading.Thread):
    """The thread, with a connection of its own that it opens again where it is lost."""

    def __init__(self, dsn: str, worker_id: int, on_death: Callable[[], object]) -> None:
        super().__init__(name=f"heart of worker {worker_id}", daemon=True)
        self._dsn = dsn
        self._worker_id = worker_id
        self._on_death = on_death
        self.stopped = threading.Event()
        self.turned_at = time.monotonic()

    def run(self) -> None:
        while not self.stopped.is_set():
            # A server that is away is noticed by the loop's own queries, which end this life.
            with suppress(psycopg.Error), self._connect() as connection:
                while not self.stopped.wait(BEAT.total_seconds()):
                    if self._is_loop_stuck():
                        continue
                    if connection.execute(Q.beat, {"worker_id": self._worker_id}).rowcount == 0:
                        self._on_death()
                        return
            self.stopped.wait(BEAT.total_seconds())

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        connection = psycopg.connect(self._dsn, autocommit=True, connect_timeout=CONNECT_SECONDS)
        connection.execute(Q.become_app)
        return connection

    def _is_loop_stuck(self) -> bool:
        return time.monotonic() - self.turned_at > LOOP_BELIEVED.total_seconds()
