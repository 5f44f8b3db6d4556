"""A worker: one life after the other, until it is told to stop.

A life ends when PostgreSQL goes away, or when other workers took this one for dead. The next one
begins by itself. What was being done then is handed back, and goes on wherever a worker is free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker as QueueWorker

from storetwin.db.errors import translated
from storetwin.db.queries import load_queries
from storetwin.hub import Hub
from storetwin.hub.running import Revive
from storetwin.jobs import queue, rounds
from storetwin.jobs.heart import BEAT, BELIEVED, beating
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.errors import StoretwinError
from storetwin.telemetry.logs import Log

Q = load_queries("storetwin.jobs")
log = Log()
POLL_SECONDS = 1.0  # a job that was handed back is not announced
STOP_SECONDS = 6.0  # runs end their page in hand well within it
HEALTHY_SECONDS = 10.0  # a life that lasted longer was no failed start
BETWEEN_LIVES = Backoff(base=0.2, longest=2.0, attempts=1_000_000)


@dataclass(slots=True)
class Worker:
    """Does what is due, as many connections at a time as it may.

    Args:
        hub: whose verbs it calls.
        dsn: where the queue is.
        concurrency: connections that are read or drained at the same time.
        revive: starts the database server again, where it is ours to start.
        random: from 0 to 1, for the waits between lives.
    """

    hub: Hub
    dsn: str
    concurrency: int
    revive: Revive
    random: Callable[[], float]
    lives: int = 0
    is_at_work: bool = False
    _left: list[int] = field(default_factory=list)

    async def run(self, *, is_start: bool = False) -> None:
        """Work until cancelled; what is in flight is handed back then.

        Args:
            is_start: the hub starts: every connection is synced now, whenever its turn would be.
        """
        loop, failures = asyncio.get_running_loop(), 0
        while True:
            begun = loop.time()
            try:
                if is_start:
                    await self._make_all_due()
                    is_start = False
                await self._live()
            except Exception as error:  # whatever ended it, the next life begins
                cause = _first(error)
                trace = None if isinstance(cause, StoretwinError) else cause
                log.warning("worker_begins_anew", why=str(cause), exc_info=trace)
            failures = 1 if loop.time() - begun > HEALTHY_SECONDS else failures + 1
            await asyncio.sleep(BETWEEN_LIVES.delay(failures, random=self.random) or 0.0)
            with suppress(StoretwinError):
                await self.revive()

    async def _live(self) -> None:
        """Work until something ends it.

        Raises:
            ExceptionGroup: why it ended.
        """
        await self._leave_former_lives()
        async with queue.open_queue(self.dsn, self.hub) as app:
            worker = QueueWorker(
                app,
                queues=[queue.NAME],
                name=None,
                concurrency=self.concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=0,
                delete_jobs="always",
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT.total_seconds(),
                stalled_worker_timeout=BELIEVED.total_seconds(),
            )
            self.lives += 1
            try:
                await self._together(app, worker)
            finally:
                self.is_at_work = False

    async def _together(self, app: procrastinate.App, worker: QueueWorker) -> None:
        """Run the jobs, the rounds and the heart, until one of them ends, or all are cancelled."""
        run: Callable[[], Coroutine[Any, Any, None]] = worker.run
        jobs = asyncio.create_task(run(), name="jobs")
        parts: list[asyncio.Future[Any]] = [jobs]
        try:
            worker_id = await _registered(worker, jobs)
            self._left.append(worker_id)
            async with beating(self.dsn, worker_id) as taken:
                _heed_cancellation()
                self.is_at_work = True
                parts += [asyncio.create_task(rounds.go_round(app, self.hub), name="rounds"), taken]
                await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
                self.is_at_work = False
                await _stop(parts)
        except asyncio.CancelledError:
            await _stop(parts)
            raise
        finally:
            if not jobs.cancelled() and jobs.done() and jobs.exception() is None:
                self._left.clear()  # it has left the queue by itself
        errors = [e for p in parts if p.done() and not p.cancelled() and (e := p.exception())]
        ordinary = [e for e in errors if isinstance(e, Exception)]
        raise ExceptionGroup("A worker's life has ended.", ordinary or [_gone()])

    async def _leave_former_lives(self) -> None:
        """Take the lives that could not say farewell off the queue.

        Raises:
            DatabaseUnavailableError: PostgreSQL is still away.
        """
        async with self.hub.database.transaction(None) as tx:
            await tx.execute(Q.leave, {"worker_ids": self._left})
        self._left.clear()

    async def _make_all_due(self) -> None:
        for row in await queue.connections(self.hub):
            if row["is_scheduled"]:
                of = self.hub.of(row["organisation_id"])
                await of.schedules.make_due(row["connection_id"])


def _heed_cancellation() -> None:
    """Raise a cancellation that was asked for while connecting, and was swallowed there.

    Before Python 3.12 `asyncio.wait_for` forgets one that comes with its result; the pool of
    connections opens by it.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def _registered(worker: QueueWorker, jobs: asyncio.Future[None]) -> int:
    """Return the number that the queue gave to a worker that was just started."""
    while worker.worker_id is None:
        if jobs.done():
            await jobs
            raise _gone()
        await asyncio.sleep(0.01)
    return worker.worker_id


async def _stop(parts: list[asyncio.Future[Any]]) -> None:
    """Cancel what still runs and wait for its end, but not for ever."""
    for part in parts:
        part.cancel()
        part.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait(parts, timeout=STOP_SECONDS)


def _gone() -> StoretwinError:
    return StoretwinError("The queue's worker has ended: PostgreSQL went away.")


def _first(error: Exception) -> Exception:
    """Return the first error of a group; of what the queue says, what PostgreSQL said."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ConnectorException) and isinstance(error.__cause__, psycopg.Error):
        return translated(error.__cause__)
    return error
