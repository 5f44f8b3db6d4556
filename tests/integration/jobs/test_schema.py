"""The queue's tables come from the library, once, and a newer queue is not touched."""

from __future__ import annotations

import asyncio

import pytest
from procrastinate.schema import SchemaManager

from storetwin.bootstrap import pending_of, upgrade_database
from storetwin.db.migrate import SchemaError, upgrade
from storetwin.db.schema import check_drift
from storetwin.db.session import connect
from storetwin.jobs.schema import known_steps, missing_steps, pending_steps, upgrade_queue

TEXTS = """
SELECT table_name || '.' || column_name AS name FROM information_schema.columns
WHERE table_schema = 'jobs' AND table_name LIKE 'procrastinate%'
"""


async def test_any_number_of_processes_make_it_and_one_does(empty_dsn: str) -> None:
    await upgrade(empty_dsn)
    assert await pending_steps(empty_dsn) == tuple(known_steps())
    done = await asyncio.gather(*(upgrade_queue(empty_dsn) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, len(known_steps())]
    assert await pending_of(empty_dsn) == 0
    assert await upgrade_database(empty_dsn) == ()
    await check_drift(empty_dsn)


async def test_a_new_version_of_the_library_brings_what_is_missing(empty_dsn: str) -> None:
    """An older queue: made from the library's migrations, without the last ones."""
    await upgrade(empty_dsn)
    known = known_steps()
    old = [step for step in known if step < "03.04"]
    async with await connect(empty_dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        await connection.execute("CREATE SCHEMA jobs")
        await connection.execute("SET search_path = jobs")
        await connection.execute("CREATE TABLE jobs.storetwin_queue (step text PRIMARY KEY)")
        for step in old:
            await connection.execute(known[step].read_bytes())
            await connection.execute("INSERT INTO jobs.storetwin_queue VALUES (%s)", (step,))
    assert 0 < await pending_of(empty_dsn) < len(known)
    assert await upgrade_queue(empty_dsn) == tuple(s for s in known if s not in old)
    async with await connect(empty_dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        rows = await (await connection.execute(TEXTS)).fetchall()
        await connection.execute("CREATE SCHEMA fresh")
        await connection.execute("SET search_path = fresh")
        await connection.execute(SchemaManager.get_schema())
        fresh = await (await connection.execute(TEXTS.replace("'jobs'", "'fresh'"))).fetchall()
    assert {row["name"] for row in rows} == {row["name"] for row in fresh}


async def test_a_newer_queue_is_told(database_dsn: str) -> None:
    async with await connect(database_dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        await connection.execute("INSERT INTO jobs.storetwin_queue (step) VALUES ('99.00_x')")
    for look in (pending_steps, upgrade_queue, pending_of):
        with pytest.raises(SchemaError, match=r"newer .* 99\.00_x"):
            await look(database_dsn)


def test_what_is_missing_keeps_its_order() -> None:
    assert missing_steps(["a", "b", "c"], ["b"]) == ["a", "c"]
