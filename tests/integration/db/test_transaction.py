"""What a transaction promises: scope, one commit, our errors, exact JSON, bounded streams."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from storetwin.db import Database, DatabaseUnavailableError, UniqueViolationError
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.errors import DatabaseBusyError
from storetwin.db.organisations import DEFAULT_ORGANISATION, ensure_default_organisation
from storetwin.db.session import connect
from storetwin.kernel.errors import ConfigurationError, InvariantError

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
INSERT = "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'a', %s)"
COUNT = "SELECT count(*) AS n FROM tenancy.organisations"


async def count(database: Database, organisation_id: UUID | None) -> int:
    async with database.transaction(organisation_id) as transaction:
        row = await transaction.fetch_one(COUNT)
    assert row is not None
    return int(row["n"])


async def test_what_a_block_did_is_committed_at_its_end(database: Database) -> None:
    organisation = uuid4()
    async with database.transaction(organisation) as transaction:
        assert await transaction.execute(INSERT, (organisation, NOW)) == 1
        assert await count(database, organisation) == 0
    assert await count(database, organisation) == 1


async def test_an_exception_undoes_the_block(database: Database) -> None:
    organisation = uuid4()

    async def insert_and_fail() -> None:
        async with database.transaction(organisation) as transaction:
            await transaction.execute(INSERT, (organisation, NOW))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await insert_and_fail()
    assert await count(database, organisation) == 0


async def test_a_cancelled_block_is_undone_and_its_connection_lent_again(database_dsn) -> None:
    database = await Database.open(database_dsn, pool_size=2)
    organisation, is_inside = uuid4(), asyncio.Event()

    async def insert_and_wait() -> None:
        async with database.transaction(organisation) as transaction:
            await transaction.execute(INSERT, (organisation, NOW))
            is_inside.set()
            # A cancellation that comes before the server has begun waits for what it could not stop.
            await transaction.execute("SELECT pg_sleep(1)")

    for moment in (0, 0.02, 0.2):
        is_inside.clear()
        task = asyncio.create_task(insert_and_wait())
        await is_inside.wait()
        await asyncio.sleep(moment)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await count(database, organisation) == 0
    await database.close()


async def test_the_scope_ends_with_the_transaction(database: Database) -> None:
    await ensure_default_organisation(database, NOW)
    for _ in range(6):
        assert await count(database, DEFAULT_ORGANISATION) == 1
        assert await count(database, None) == 0


async def test_the_default_organisation_is_made_once(database: Database) -> None:
    made = await asyncio.gather(*(ensure_default_organisation(database, NOW) for _ in range(4)))
    assert set(made) == {DEFAULT_ORGANISATION}
    assert await count(database, DEFAULT_ORGANISATION) == 1


async def test_a_second_row_with_the_same_key_names_the_constraint(database: Database) -> None:
    organisation = uuid4()
    async with database.transaction(organisation) as transaction:
        await transaction.execute(INSERT, (organisation, NOW))
    with pytest.raises(UniqueViolationError) as caught:
        async with database.transaction(organisation) as transaction:
            await transaction.execute(INSERT, (organisation, NOW))
    assert caught.value.constraint == "organisations_pkey"


async def test_a_wrong_statement_is_a_bug_and_quotes_no_values(database: Database) -> None:
    with pytest.raises(InvariantError, match="22P02") as caught:
        async with database.transaction(None) as transaction:
            await transaction.execute("SELECT %s::text::json", ('{"secret',))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ['{"a" : 1e400, "a":123456789012345678901234567890}', r'"\ud800"'])
async def test_json_comes_back_as_the_exact_text(database: Database, text: str) -> None:
    async with database.transaction(None) as transaction:
        row = await transaction.fetch_one("SELECT %s::text::json AS document", (text,))
    assert row == {"document": text}


async def test_jsonb_comes_as_text_and_times_in_utc(database: Database) -> None:
    async with database.transaction(None) as transaction:
        row = await transaction.fetch_one("SELECT '[1]'::jsonb AS j, %s::timestamptz AS t", (NOW,))
    assert row is not None
    assert row["j"] == "[1]"
    assert row["t"] == NOW
    assert row["t"].utcoffset() == NOW.utcoffset()


async def test_a_stream_yields_every_row(database: Database) -> None:
    async with database.transaction(None) as transaction:
        rows = transaction.stream("SELECT generate_series(1, %s) AS n", (2500,), size=100)
        assert [row["n"] async for row in rows] == list(range(1, 2501))


async def test_a_lost_connection_is_told_and_replaced(database: Database, postgres) -> None:
    async def lose_the_connection() -> None:
        async with database.transaction(None) as transaction:
            row = await transaction.fetch_one("SELECT pg_backend_pid() AS pid")
            assert row is not None
            async with await connect(postgres.admin_dsn) as admin:
                await admin.execute("SELECT pg_terminate_backend(%s)", (row["pid"],))
            await transaction.fetch_one(COUNT)

    with pytest.raises(DatabaseUnavailableError):
        await lose_the_connection()
    assert await count(database, None) == 0


async def test_a_connection_that_died_while_idle_is_not_lent(database: Database, postgres) -> None:
    async with database.transaction(None) as transaction:
        row = await transaction.fetch_one("SELECT pg_backend_pid() AS pid")
    assert row is not None
    async with await connect(postgres.admin_dsn) as admin:
        await admin.execute("SELECT pg_terminate_backend(%s, 10000)", (row["pid"],))
    assert await count(database, None) == 0


async def test_who_asks_for_more_than_the_pool_has_is_told(database_dsn, monkeypatch) -> None:
    monkeypatch.setattr("storetwin.db.pool.PATIENCE_SECONDS", 0.05)
    database = await Database.open(database_dsn, pool_size=1)
    async with database.transaction(None):
        with pytest.raises(DatabaseBusyError, match="All 1 connections"):
            await count(database, None)
    assert await count(database, None) == 0
    await database.close()


async def test_a_lock_is_held_by_one_and_given_back(database: Database) -> None:
    async with database.lock("pull") as is_held, database.lock("verify") as is_other_held:
        assert is_held
        assert is_other_held
        async with database.lock("pull") as is_held_twice:
            assert not is_held_twice
        async with database.lock("pull") as is_still_held:
            assert not is_still_held
    async with database.lock("pull") as is_held:
        assert is_held


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await Database.open("postgresql://nobody@/nothing?host=/nonexistent")


@pytest.mark.parametrize("dsn", ["https://shop.example", "postgresql://u:p@h/d?nonsense=1"])
async def test_what_is_not_a_dsn_is_a_setting_to_correct(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="not a PostgreSQL DSN"):
        await Database.open(dsn)


async def test_a_wrong_password_is_a_setting_to_correct(postgres: EmbeddedPostgres) -> None:
    wrong = postgres.dsn.replace("storetwin:", "storetwin:x", 1)
    with pytest.raises(ConfigurationError, match="let us in"):
        await Database.open(wrong)


# -- statements one after the other ---------------------------------------------------------------


async def test_a_pipeline_does_all_in_order_and_is_done_at_its_end(database: Database) -> None:
    organisation = uuid4()
    async with database.transaction(organisation) as transaction:
        async with transaction.pipelined():
            await transaction.execute(INSERT, (organisation, NOW))
            for name in ("b", "c"):
                await transaction.execute(
                    "UPDATE tenancy.organisations SET name = name || %s", (name,)
                )
        row = await transaction.fetch_one("SELECT name FROM tenancy.organisations")
    assert row == {"name": "abc"}
    assert await count(database, organisation) == 1


async def test_what_fails_in_a_pipeline_is_told_and_undoes_the_block(database: Database) -> None:
    organisation = uuid4()

    async def insert_twice() -> None:
        async with database.transaction(organisation) as transaction, transaction.pipelined():
            await transaction.execute(INSERT, (organisation, NOW))
            await transaction.execute(INSERT, (organisation, NOW))
            for _ in range(20):  # by the last of them what failed has long been heard of
                await asyncio.sleep(0.01)
                await transaction.execute(INSERT, (uuid4(), NOW))

    with pytest.raises(UniqueViolationError) as caught:
        await insert_twice()
    assert caught.value.constraint == "organisations_pkey"
    assert await count(database, organisation) == 0


async def test_a_connection_lost_in_a_pipeline_is_told(database: Database, postgres) -> None:
    async def lose_the_connection() -> None:
        async with database.transaction(None) as transaction:
            row = await transaction.fetch_one("SELECT pg_backend_pid() AS pid")
            assert row is not None
            async with transaction.pipelined():
                async with await connect(postgres.admin_dsn) as admin:
                    await admin.execute("SELECT pg_terminate_backend(%s)", (row["pid"],))
                for _ in range(3):
                    await transaction.execute("SELECT pg_sleep(0.05)")

    with pytest.raises(DatabaseUnavailableError):
        await lose_the_connection()
    assert await count(database, None) == 0
