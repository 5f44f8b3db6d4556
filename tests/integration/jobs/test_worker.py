"""A worker lives on: PostgreSQL goes away, others take it for dead, the event loop is busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from hubs import Twin
from storetwin.db.session import connect
from storetwin.jobs import heart, worker
from storetwin.jobs.heart import TakenForDeadError, beating
from storetwin.jobs.living import living_workers
from storetwin.jobs.worker import Worker

RUNS = "SELECT kind, state, error FROM runs.runs ORDER BY started_at"
JOBS = "SELECT status::text AS status, worker_id FROM jobs.procrastinate_jobs"
WORKERS = "SELECT id, last_heartbeat FROM jobs.procrastinate_workers ORDER BY id"
TOLD = """
WITH kept AS (
    INSERT INTO mirror.inbox (organisation_id, connection_id, topic, resource, remote_id,
                              received_at, next_attempt_at)
    SELECT organisation_id, id, 'order.updated', 'orders', %(number)s, now(), now()
    FROM connections.connections WHERE id = %(id)s RETURNING 1)
SELECT pg_notify('storetwin_inbox', '') FROM kept
"""
PATIENCE = 30.0


async def nothing() -> None:
    return


@asynccontextmanager
async def working(twin: Twin, dsn: str) -> AsyncIterator[Worker]:
    """A worker at work, cancelled at the end."""
    made = Worker(twin.hub, dsn, 2, nothing, lambda: 0.5)
    task = asyncio.create_task(made.run(is_start=True))
    try:
        await until(lambda: asyncio.sleep(0, made.is_at_work))
        yield made
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():
            await asyncio.sleep(0.02)


async def states(twin: Twin) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in await twin.rows(RUNS)]


async def test_it_reads_what_is_due_and_leaves_nothing_behind(twin: Twin, database_dsn: str):
    async def is_pulled() -> bool:
        return await states(twin) == [("pull", "done")]

    async with working(twin, database_dsn):
        assert await living_workers(twin.hub) == 1
        await until(is_pulled)
        await until(lambda: no_jobs(twin))
    assert await twin.rows(WORKERS) == []
    assert await living_workers(twin.hub) == 0


async def no_jobs(twin: Twin) -> bool:
    return await twin.rows(JOBS) == []


async def test_who_is_stopped_hands_back_at_once(twin: Twin, database_dsn: str):
    twin.sandbox.faults.switch_on("latency:ms=200")

    async def is_reading() -> bool:
        return await states(twin) == [("pull", "running")] and len(twin.sandbox.requests) > 3

    async with working(twin, database_dsn):
        await until(is_reading)
        begun = time.monotonic()
    assert time.monotonic() - begun < worker.STOP_SECONDS
    assert await states(twin) == [("pull", "interrupted")]
    assert await twin.rows(JOBS) == [{"status": "todo", "worker_id": None}]
    assert await twin.rows(WORKERS) == []


async def test_it_goes_on_when_the_server_has_cut_its_connections(twin: Twin, database_dsn: str):
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    cut += " AND datname = current_database()"

    async def is_anew() -> bool:
        return made.is_at_work and made.lives > lives

    async with working(twin, database_dsn) as made:
        lives = made.lives
        async with await connect(database_dsn) as connection:
            await connection.execute(cut)
        await until(is_anew)
        await twin.hub.schedules.make_due(twin.connection.id)
        await until(lambda: has_ended(twin))
        assert await living_workers(twin.hub) == 1, "the life before has left the queue"


async def has_ended(twin: Twin) -> bool:
    return ("pull", "done") in await states(twin)


async def test_what_a_store_tells_is_applied_between_two_turns(twin: Twin, database_dsn: str):
    await twin.pull()
    [number, *_] = twin.sandbox.store.ids("orders")

    async def is_in_step() -> bool:
        return ("sweep", "done") in await states(twin) and await no_jobs(twin)

    async def is_applied() -> bool:
        return ("receive", "done") in await states(twin)

    async with working(twin, database_dsn):
        await until(is_in_step)
        twin.sandbox.store.edit("orders", number, {"customer_note": "told"})
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            await tx.execute(TOLD, {"id": twin.connection.id, "number": str(number)})
        await until(is_applied)
    assert b"told" in (await twin.documents("orders"))[str(number)]


async def test_who_was_taken_for_dead_begins_anew(twin: Twin, database_dsn: str):
    async with working(twin, database_dsn) as made:
        lives = made.lives
        async with twin.hub.database.transaction(None) as tx:
            await tx.execute("DELETE FROM jobs.procrastinate_workers")

        async def is_anew() -> bool:
            return made.is_at_work and made.lives > lives

        await until(is_anew)
        assert await living_workers(twin.hub) == 1


async def test_the_heart_beats_on_while_the_loop_parses(twin: Twin, database_dsn: str):
    async with twin.hub.database.transaction(None) as tx:
        row = await tx.fetch_one(
            "INSERT INTO jobs.procrastinate_workers DEFAULT VALUES RETURNING id"
        )
    assert row is not None
    async with beating(database_dsn, row["id"]) as taken:
        before = (await twin.rows(WORKERS))[0]["last_heartbeat"]
        time.sleep(heart.BEAT.total_seconds() * 1.6)  # as long a parse: nothing of the loop runs
        [seen] = await twin.rows(WORKERS)
        assert seen["last_heartbeat"] > before
        async with twin.hub.database.transaction(None) as tx:
            await tx.execute("DELETE FROM jobs.procrastinate_workers")
        with pytest.raises(TakenForDeadError):
            async with asyncio.timeout(PATIENCE):
                await taken


async def test_the_heart_of_a_loop_that_is_stuck_stops(
    twin: Twin, database_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(heart, "LOOP_BELIEVED", heart.BEAT * 0.5)
    async with twin.hub.database.transaction(None) as tx:
        row = await tx.fetch_one(
            "INSERT INTO jobs.procrastinate_workers DEFAULT VALUES RETURNING id"
        )
    assert row is not None
    async with beating(database_dsn, row["id"]):
        before = await twin.rows(WORKERS)
        time.sleep(heart.BEAT.total_seconds() * 1.6)
        assert await twin.rows(WORKERS) == before
