"""One run of each lane at a time; whoever sleeps or dies is replaced, and writes nothing late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from hubs import NAME, Twin
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.db.session import connect
from storetwin.hub.running import RunInProgressError
from storetwin.kernel.clock import utc_now
from storetwin.mirror.context import RunContext
from storetwin.mirror.repository import Shelf
from storetwin.mirror.writing import write_records
from storetwin.resources import named
from storetwin.runs.models import RunKind
from storetwin.runs.repository import RunTakenOverError
from storetwin.woocommerce.records import read_record

STATES = "SELECT kind, state FROM runs.runs ORDER BY started_at, run_id"
HELD = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = %s)
"""


@asynccontextmanager
async def at_work(twin: Twin, kind: RunKind) -> AsyncIterator[RunContext]:
    runner = twin.hub.runner
    async with runner.running(NAME, kind, {}, lambda _: None) as context:
        yield context


class Sleeper:
    """A run that does nothing until it is woken, then writes; in a task of its own."""

    def __init__(self, twin: Twin, kind: RunKind = RunKind.SYNC) -> None:
        self.awake = asyncio.Event()
        self.began = asyncio.Event()
        self.task = asyncio.create_task(self._sleep(twin, kind))

    async def _sleep(self, twin: Twin, kind: RunKind) -> None:
        async with at_work(twin, kind) as context:
            self.began.set()
            await self.awake.wait()
            async with context.transaction() as tx:
                await tx.execute("UPDATE runs.cursors SET position = '{}'")
            await twin.hub.runner.close(context)


async def sleeping(twin: Twin) -> Sleeper:
    sleeper = Sleeper(twin)
    await asyncio.wait_for(sleeper.began.wait(), 20)
    return sleeper


async def test_a_run_whose_heart_stopped_is_taken_over_and_writes_nothing_late(twin: Twin) -> None:
    await twin.pull("taxes")
    sleeper = await sleeping(twin)
    with pytest.raises(RunInProgressError):
        await twin.hub.sync(NAME, ["taxes"], observe=lambda _: None)
    await twin.rows(
        "UPDATE runs.runs SET heartbeat_at = clock_timestamp() - interval '11 seconds'"
        " WHERE state = 'running' RETURNING run_id"
    )
    await twin.hub.sync(NAME, ["taxes"], observe=lambda _: None)
    sleeper.awake.set()
    with pytest.raises(RunTakenOverError):
        await sleeper.task
    [cursor] = await twin.rows("SELECT position::text AS position FROM runs.cursors WHERE is_done")
    assert cursor["position"] != "{}"
    assert [row["state"] for row in await twin.rows(STATES)] == ["done", "interrupted", "done"]


async def test_a_run_whose_session_is_gone_is_closed_at_once(
    twin: Twin, postgres: EmbeddedPostgres
) -> None:
    await twin.pull("taxes")
    sleeper = await sleeping(twin)
    [here] = await twin.rows("SELECT current_database() AS name")
    async with await connect(postgres.admin_dsn) as admin:
        await admin.execute(HELD, (here["name"],))
    await twin.hub.sync(NAME, ["taxes"], observe=lambda _: None)
    sleeper.awake.set()
    with pytest.raises(RunTakenOverError):
        await sleeper.task
    assert [row["state"] for row in await twin.rows(STATES)] == ["done", "interrupted", "done"]


async def test_a_run_that_is_cancelled_twice_is_closed_all_the_same(twin: Twin) -> None:
    await twin.pull("taxes")
    sleeper = await sleeping(twin)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.fetch_all("SELECT FROM runs.runs WHERE state = 'running' FOR UPDATE")
        for _ in range(3):  # the first begins to close it, which waits for the row
            sleeper.task.cancel()
            await asyncio.sleep(0.05)
        assert not sleeper.task.done()
    with pytest.raises(asyncio.CancelledError):
        await sleeper.task
    assert [row["state"] for row in await twin.rows(STATES)] == ["done", "interrupted"]


async def test_a_run_whose_heart_stopped_is_not_followed_as_if_it_were_at_work(twin: Twin) -> None:
    await twin.pull("taxes")
    sleeper = await sleeping(twin)
    [run] = {row["run_id"] for row in await twin.hub.standings.followed(None, [])}
    await twin.rows(
        "UPDATE runs.runs SET heartbeat_at = clock_timestamp() - interval '11 seconds'"
        " WHERE state = 'running' RETURNING run_id"
    )
    assert await twin.hub.standings.followed(None, []) == []
    assert {row["run_state"] for row in await twin.hub.standings.followed(None, [run])} == {
        "interrupted"
    }
    sleeper.awake.set()
    await sleeper.task


async def test_one_run_of_each_lane_may_be_at_work(twin: Twin) -> None:
    await twin.pull("taxes")
    async with at_work(twin, RunKind.SYNC) as sync, at_work(twin, RunKind.RECEIVE) as receive:
        for kind in (RunKind.SWEEP, RunKind.RECEIVE):
            with pytest.raises(RunInProgressError):
                await Sleeper(twin, kind).task
        for context in (sync, receive):
            await twin.hub.runner.close(context)
    assert [row["state"] for row in await twin.rows(STATES)] == ["done"] * 3


async def test_a_run_that_was_replaced_while_the_database_was_away_ends(twin: Twin) -> None:
    await twin.pull("taxes")
    async with at_work(twin, RunKind.SYNC) as context:

        async def work() -> None:
            await twin.rows("UPDATE runs.runs SET state = 'interrupted' RETURNING run_id")
            raise DatabaseUnavailableError("It went away.")

        with pytest.raises(RunTakenOverError):
            await twin.hub.runner.lasting(context, work)


# -- two who write the same record ------------------------------------------------------------------


async def test_of_two_readings_of_a_record_the_newer_one_stays(twin: Twin) -> None:
    orders = named("orders")
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, orders.name)
    began = utc_now()

    async def write(
        text: str, seconds: float, *, before_commit: asyncio.Event | None = None
    ) -> None:
        record = read_record(orders, b'{"id":7,"customer_note":"%s"}' % text.encode())
        served_at = began + timedelta(seconds=seconds)
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            await write_records(tx, shelf, [record], served_at=served_at, now=utc_now())
            if before_commit is not None:
                before_commit.set()
                await asyncio.sleep(0.05)  # the other one meets the row while it is held

    for turn in range(12):
        holds = asyncio.Event()
        new, old = (f"new {turn}", 10.0 * turn + 2), (f"old {turn}", 10.0 * turn + 1)
        first, second = (new, old) if turn % 2 else (old, new)
        holding = asyncio.create_task(write(*first, before_commit=holds))
        await holds.wait()
        await asyncio.gather(holding, write(*second), write(*second))
        [document] = (await twin.documents("orders")).values()
        assert f'"new {turn}"'.encode() in document
    [row] = (await twin.snapshots("orders")).values()
    earlier = (await twin.earlier_versions("orders"))["7"]
    # Where the newer one came first the older one was nothing new.
    assert len(earlier) + 1 == row["version"] == 12 + 6
    assert len(set(earlier)) == len(earlier)
