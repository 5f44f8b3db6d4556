"""Migrations on a real server: fresh, again, many at once, changed, newer, by hand, without rights."""

from __future__ import annotations

import asyncio

import pytest

from storetwin.db.database import Database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.errors import DatabaseBusyError
from storetwin.db.migrate import Migration, SchemaError, known_migrations, pending, upgrade
from storetwin.db.schema import check_drift, describe_schema, expected_schema, render
from storetwin.db.session import connect
from storetwin.kernel.errors import ConfigurationError, InvariantError

ONE = Migration(1, "one", "CREATE SCHEMA one; CREATE TABLE one.rows (n int)")
TWO = Migration(2, "two", "INSERT INTO one.rows VALUES (2)")


async def rows(dsn: str) -> list[dict]:
    async with await connect(dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        return await (await connection.execute("SELECT n FROM one.rows")).fetchall()


async def test_the_schema_is_what_schema_sql_says(database_dsn: str) -> None:
    found = render(await describe_schema(database_dsn))
    assert found == expected_schema(), "run tools/dump_schema.py"


async def test_every_migration_runs_once(empty_dsn: str) -> None:
    known = known_migrations()
    assert await pending(empty_dsn) == known
    assert await upgrade(empty_dsn) == known
    assert await pending(empty_dsn) == ()
    assert await upgrade(empty_dsn) == ()


async def test_of_many_at_once_one_migrates(empty_dsn: str) -> None:
    done = await asyncio.gather(*(upgrade(empty_dsn, [ONE, TWO]) for _ in range(4)))
    assert sorted(done, key=len) == [(), (), (), (ONE, TWO)]
    assert await rows(empty_dsn) == [{"n": 2}]


async def test_what_is_new_runs_after_what_is_there(empty_dsn: str) -> None:
    assert await upgrade(empty_dsn, [ONE]) == (ONE,)
    assert await pending(empty_dsn, [ONE, TWO]) == (TWO,)
    assert await upgrade(empty_dsn, [ONE, TWO]) == (TWO,)


async def test_a_migration_that_fails_leaves_nothing(empty_dsn: str) -> None:
    broken = Migration(2, "broken", "INSERT INTO one.rows VALUES (1); SELECT nonsense")
    with pytest.raises(InvariantError, match="nonsense"):
        await upgrade(empty_dsn, [ONE, broken])
    assert await rows(empty_dsn) == []
    assert await upgrade(empty_dsn, [ONE, TWO]) == (TWO,)


async def test_a_changed_file_is_told_before_anything_runs(empty_dsn: str) -> None:
    await upgrade(empty_dsn, [ONE])
    changed = [Migration(1, "one", ONE.sql + ";"), TWO]
    for attempt in (upgrade, pending):
        with pytest.raises(SchemaError, match="0001_one was run from another file"):
            await attempt(empty_dsn, changed)
    assert await rows(empty_dsn) == []


async def test_a_newer_database_is_told(empty_dsn: str) -> None:
    await upgrade(empty_dsn, [ONE, TWO])
    for attempt in (upgrade, pending):
        with pytest.raises(SchemaError, match=r"newer than this Storetwin: .* 0002_two"):
            await attempt(empty_dsn, [ONE])


async def test_a_migration_does_not_wait_long_for_a_lock(empty_dsn: str) -> None:
    await upgrade(empty_dsn, [ONE])
    async with await connect(empty_dsn) as holder:
        await holder.execute("SET ROLE storetwin_owner")
        async with holder.transaction():
            await holder.execute("LOCK TABLE one.rows")
            with pytest.raises(DatabaseBusyError, match="lock timeout"):
                await upgrade(empty_dsn, [ONE, TWO])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE connections.connections ADD surprise int", "connections.connections"),
        ("DROP POLICY own_organisation ON connections.connections", "missing: CREATE POLICY"),
        ("ALTER TABLE runs.runs NO FORCE ROW LEVEL SECURITY", "NO FORCE"),
        ("CREATE INDEX ON runs.runs (owner)", "not ours: CREATE INDEX"),
        ("ALTER TABLE runs.runs ALTER requests SET DEFAULT 1", "CREATE TABLE runs.runs"),
        ("CREATE FUNCTION runs.f() RETURNS int LANGUAGE sql RETURN 1", "FUNCTION runs.f()"),
        ("REVOKE DELETE ON runs.runs FROM storetwin_app", "GRANT"),
    ],
)
async def test_a_schema_changed_by_hand_is_noticed(
    database_dsn: str, change: str, named: str
) -> None:
    await check_drift(database_dsn)
    async with await connect(database_dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        await connection.execute(change)
    with pytest.raises(SchemaError, match="changed by hand") as caught:
        await check_drift(database_dsn)
    assert named in str(caught.value)


async def test_a_user_without_rights_is_told_what_to_grant(
    postgres: EmbeddedPostgres, empty_dsn: str
) -> None:
    name = empty_dsn.split("@/")[1].split("?", maxsplit=1)[0]
    user = f"user_{name}"
    dsn = empty_dsn.replace(empty_dsn.split("@/", maxsplit=1)[0], f"postgresql://{user}:pw")
    async with await connect(postgres.admin_dsn) as admin:
        await admin.execute(f"CREATE ROLE {user} LOGIN PASSWORD 'pw'")
        try:
            with pytest.raises(ConfigurationError, match="may not prepare the roles") as caught:
                await upgrade(dsn)
            assert f'GRANT storetwin_owner, storetwin_app TO "{user}"' in str(caught.value.remedy)
            with pytest.raises(ConfigurationError, match="may not act as storetwin_app"):
                await Database.open(dsn)
            await admin.execute(f"GRANT storetwin_owner, storetwin_app TO {user}")
            assert await upgrade(dsn) == known_migrations()
            database = await Database.open(dsn)
            await database.close()
        finally:
            await admin.execute(f"DROP ROLE {user}")


async def test_a_superuser_needs_nothing_prepared_and_works_as_the_application(
    postgres: EmbeddedPostgres, empty_dsn: str
) -> None:
    name = empty_dsn.split("@/")[1].split("?", maxsplit=1)[0]
    dsn = postgres.admin_dsn.replace("@/postgres?", f"@/{name}?")
    assert await upgrade(dsn) == known_migrations()
    database = await Database.open(dsn)
    async with database.transaction(None) as transaction:
        assert await transaction.fetch_one("SELECT current_user::text AS me") == {
            "me": "storetwin_app"
        }
    await database.close()
