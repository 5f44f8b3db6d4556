"""The queue: procrastinate on tables of its own, with ends of jobs that are fenced."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg import AsyncConnection

from storetwin.db.errors import DatabaseUnavailableError
from storetwin.db.queries import load_queries
from storetwin.db.session import Row
from storetwin.hub import Hub
from storetwin.jobs import asked, keeping
from storetwin.telemetry.logs import Log

Q = load_queries("storetwin.jobs")
log = Log()
NAME = "storetwin"
POOL = 4  # connections of the queue itself: fetching, finishing, its heartbeat, one to spare
PATIENCE_SECONDS = 2.0
TIDY_AT = "23 3 * * *"  # UTC; once for all workers together

Task = Callable[..., Coroutine[Any, Any, None]]


class FencedJobs(JobManager):
    """Ends jobs only while they are this worker's own.

    The library ends whatever has the number: a worker that slept would end the job of the one
    that went on in its place. While PostgreSQL is away nothing is ended; the job is recovered.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: ARG002
        """Drop a job that came to its end, however it ended: what is due stands elsewhere."""
        await self._execute(job, Q.finish_own)

    async def retry_job(self, job: Job, *_: Any, **__: Any) -> None:
        """Hand a job back to the queue at once; where the same one waits already, drop it."""
        await self._execute(job, Q.hand_back_own, Q.finish_own)

    async def _execute(self, job: Job, *queries: str) -> None:
        own = {"job_id": job.id, "worker_id": job.worker_id}
        with suppress(exceptions.ConnectorException):
            for query in queries:
                await self.connector.execute_query_async(query, **own)


class HandBack(BaseRetryStrategy):
    """Who stops hands back what is in flight; what failed by itself is not tried again here."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:  # noqa: ARG002
        """Say whether a job goes back to the queue."""
        return RetryDecision() if isinstance(exception, asyncio.CancelledError) else None


@asynccontextmanager
async def open_queue(dsn: str, hub: Hub) -> AsyncIterator[procrastinate.App]:
    """Lend the queue with all its tasks.

    Args:
        hub: whose verbs the jobs call, each for its own organisation.
    """
    for library in ("procrastinate", "psycopg.pool"):  # what they would say is said here, once
        logging.getLogger(library).setLevel(logging.CRITICAL)
    connector = procrastinate.PsycopgConnector(
        conninfo=dsn, min_size=1, max_size=POOL, timeout=PATIENCE_SECONDS, configure=_dress
    )
    app = procrastinate.App(connector=connector)
    app.job_manager = FencedJobs(connector)
    _add_tasks(app, hub)
    app.periodic(cron=TIDY_AT)(app.task(name="tidy_all", queue=NAME)(_tidier(app, hub)))
    try:
        async with app.open_async():
            yield app
    finally:
        await app.close_async()  # also where opening it was cancelled: its pool is at work by then


def _add_tasks(app: procrastinate.App, hub: Hub) -> None:
    """Let the queue know what its jobs do: each calls one verb for one connection."""

    async def keep_in_step(organisation_id: str, connection_id: str) -> None:
        await keeping.keep_in_step(hub.of(UUID(organisation_id)), UUID(connection_id))

    async def drain(organisation_id: str, connection_id: str, failures: int = 0) -> None:
        of, connection = hub.of(UUID(organisation_id)), UUID(connection_id)
        again = await keeping.drain(of, connection, failures)
        if again is not None:
            await put(app, "drain", of.organisation_id, connection, after=again, times=failures + 1)

    async def tidy(organisation_id: str, connection_id: str) -> None:
        await keeping.tidy(hub.of(UUID(organisation_id)), UUID(connection_id))

    async def work_off(organisation_id: str, connection_id: str) -> None:
        await asked.work_off(hub.of(UUID(organisation_id)), UUID(connection_id))

    async def follow(organisation_id: str, connection_id: str) -> None:
        await hub.of(UUID(organisation_id)).staging.follow(UUID(connection_id))

    for task in (keep_in_step, drain, tidy, work_off, follow):
        app.task(name=task.__name__, queue=NAME, retry=HandBack())(_told(task))


def _told(task: Task) -> Task:
    """Return a task whose errors are told once, and end nothing but the job."""

    @wraps(task)
    async def do(**ids: Any) -> None:
        try:
            await task(**ids)
        except DatabaseUnavailableError as error:
            log.warning("job_without_database", task=task.__name__, error=str(error))
        except Exception:
            log.exception("job_failed", task=task.__name__, **ids)

    return do


def _tidier(app: procrastinate.App, hub: Hub) -> Callable[..., Coroutine[Any, Any, None]]:
    async def tidy_all(timestamp: int) -> None:  # noqa: ARG001 - the library gives it
        for row in await connections(hub):
            await put(app, "tidy", row["organisation_id"], row["connection_id"])

    return tidy_all


async def connections(hub: Hub) -> list[Row]:
    """Return the ids of every connection of every organisation, and whether it has schedules."""
    async with hub.database.transaction(None) as tx:
        return await tx.fetch_all(Q.scheduled_connections)


async def _dress(connection: AsyncConnection[Row]) -> None:
    await connection.set_autocommit(True)
    await connection.execute(Q.dress)


async def put(
    app: procrastinate.App,
    task: str,
    organisation_id: UUID,
    connection_id: UUID,
    *,
    after: timedelta = timedelta(0),
    times: int = 0,
) -> None:
    """Put a job into the queue, unless the same one waits already.

    Args:
        after: how long it waits at least.
        times: how often it came to nothing before.
    """
    key = f"{task}:{connection_id}"
    job = app.configure_task(
        task,
        queue=NAME,
        lock=key,
        queueing_lock=key,
        schedule_in={"seconds": after.total_seconds()} if after else None,
    )
    ids = {"organisation_id": str(organisation_id), "connection_id": str(connection_id)}
    try:
        await job.defer_async(**ids, **({"failures": times} if times else {}))
    except exceptions.AlreadyEnqueued:
        return
