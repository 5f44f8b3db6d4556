"""Every table of ours keeps organisations apart, whatever migration made it."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection, sql

from storetwin.db import Database
from storetwin.db.session import connect
from storetwin.kernel.errors import ConfigurationError, InvariantError

OWN_SCHEMAS = (  # the queue's tables carry ids only
    "SELECT oid FROM pg_namespace WHERE nspowner = 'storetwin_owner'::regrole AND nspname <> 'jobs'"
)
TABLES = f"""
SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AS is_enabled,
       c.relforcerowsecurity AS is_forced, c.relowner::regrole::text AS owner,
       (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*') AS policies,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
                  AND a.attname = 'organisation_id' AND a.attnotnull) AS has_organisation
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND n.oid IN ({OWN_SCHEMAS})
"""


OWN_USER = {
    "users",
    "passwords",
    "sessions",
    "refresh_tokens",
    "web_sessions",
}  # a user's, not an organisation's
APPEND_ONLY = {'core."changes"'}  # not even one's own are changed
NOBODYS = {"refusals"}  # reached through functions only


async def tables(dsn: str) -> list[dict]:
    async with await connect(dsn) as connection:
        return await (await connection.execute(TABLES)).fetchall()


async def test_every_table_has_a_forced_policy_for_its_organisation(database_dsn: str) -> None:
    found = await tables(database_dsn)
    assert {"connections.connections", "mirror.snapshots", "runs.runs"} <= {
        f"{table['schema']}.{table['name']}" for table in found
    }
    for table in found:
        is_special = table["schema"] == "tenancy" and table["name"] in {
            "organisations",
            *OWN_USER,
            *NOBODYS,
        }
        assert table["is_enabled"], table
        assert table["is_forced"], table
        assert table["policies"] == 1, table
        assert table["has_organisation"] or is_special, table
        assert table["owner"] == "storetwin_owner", table


async def test_every_policy_reads_the_setting_of_the_transaction(database_dsn: str) -> None:
    async with await connect(database_dsn) as connection:
        rows = await (
            await connection.execute(
                "SELECT polrelid::regclass::text AS name, pg_get_expr(polqual, polrelid) AS rule,"
                " polroles = '{0}' AS is_for_all, polpermissive FROM pg_policy"
                " WHERE polname NOT IN ('finding', 'own_memberships', 'fellow_members',"
                " 'organisations_of_members')"
            )
        ).fetchall()
    assert rows
    for row in rows:
        schema, _, table = row["name"].partition(".")
        setting, column = "organisation_id", "organisation_id"
        if schema == "tenancy" and table in OWN_USER:
            setting, column = "user_id", "user_id"
        elif schema == "tenancy" and table == "organisations":
            column = "id"
        assert row["rule"] == (
            f"({column} = (NULLIF(current_setting('app.{setting}'::text, true), ''::text))::uuid)"
        ), row
        assert row["is_for_all"], row


async def test_only_the_owner_finds_what_it_has_to_before_an_organisation_is_known(
    database_dsn: str,
) -> None:
    async with await connect(database_dsn) as connection:
        rows = await (
            await connection.execute(
                "SELECT polrelid::regclass::text AS name, polcmd::text AS command,"
                " polroles = ARRAY['storetwin_owner'::regrole::oid] AS is_the_owners"
                " FROM pg_policy WHERE polname = 'finding' ORDER BY 1"
            )
        ).fetchall()
    names = (
        "connections.authorisations",
        "connections.connections",
        "connections.webhooks",
        "mirror.inbox",
        "mirror.snapshots",
        "runs.cursors",
        "runs.dead_letters",
        "runs.runs",
        "runs.schedules",
        "staging.marks",
        "staging.records",
        "staging.rules",
        "tenancy.api_keys",
        "tenancy.invitations",
        "tenancy.memberships",
        "tenancy.organisations",
        "tenancy.refresh_tokens",
        "tenancy.refusals",
        "tenancy.sessions",
        "tenancy.users",
        "tenancy.web_sessions",
    )
    assert rows == [
        {"name": name, "command": "*" if name == "tenancy.refusals" else "r", "is_the_owners": True}
        for name in names
    ]


async def test_every_foreign_key_between_tenants_tables_includes_the_organisation(
    database_dsn: str,
) -> None:
    async with await connect(database_dsn) as connection:
        rows = await (
            await connection.execute(
                "SELECT pg_get_constraintdef(k.oid) AS rule, k.confrelid::regclass::text AS target"
                f" FROM pg_constraint k WHERE contype = 'f' AND connamespace IN ({OWN_SCHEMAS})"
            )
        ).fetchall()
    assert rows
    for row in rows:
        is_a_users = row["target"] in {"tenancy.users", "tenancy.sessions"}
        first = "FOREIGN KEY (organisation_id"
        assert row["rule"].startswith(first) or is_a_users, row


async def test_views_see_with_the_rights_of_the_reader(database_dsn: str) -> None:
    async with await connect(database_dsn) as connection:
        rows = await (
            await connection.execute(
                "SELECT relname, relkind, coalesce(reloptions, '{}') AS options FROM pg_class"
                f" WHERE relkind IN ('v', 'm') AND relnamespace IN ({OWN_SCHEMAS})"
            )
        ).fetchall()
    assert rows
    for row in rows:
        assert row["relkind"] == "v", row
        assert "security_invoker=true" in row["options"], row


def column_of(table: dict) -> str:
    """Return the column that says whose a row is."""
    if table["has_organisation"]:
        return "organisation_id"
    return {"organisations": "id", "refusals": "who"}.get(table["name"], "user_id")


def value_of(table: dict, whose: UUID) -> UUID | bytes:
    return whose.bytes if table["name"] in NOBODYS else whose


async def fill(connection: AsyncConnection, organisation) -> None:
    """Put one row of an organisation into every table (constraints are off for it)."""
    found = await (await connection.execute(TABLES)).fetchall()
    for table in found:  # all before the first row: its triggers write to other tables
        name = sql.Identifier(table["schema"], table["name"])
        column = column_of(table)
        columns = await (
            await connection.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND attnotnull AND attidentity = '' AND attname <> %s",
                (name.as_string(connection), column),
            )
        ).fetchall()
        for row in columns:
            await connection.execute(
                sql.SQL("ALTER TABLE {} ALTER {} DROP NOT NULL").format(
                    name, sql.Identifier(row["attname"])
                )
            )
    for table in found:
        name, column = sql.Identifier(table["schema"], table["name"]), column_of(table)
        await connection.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES (%s)").format(name, sql.Identifier(column)),
            (value_of(table, organisation),),
        )


DROP_CONSTRAINTS = f"""
DO $$ DECLARE k record; BEGIN
  FOR k IN SELECT conname, conrelid::regclass AS home FROM pg_constraint
            WHERE connamespace IN ({OWN_SCHEMAS}) AND contype IN ('f', 'c', 'p')
            ORDER BY contype = 'f' DESC
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', k.home, k.conname);
  END LOOP;
END $$
"""


async def test_no_row_is_seen_changed_or_written_across_organisations(
    database: Database, database_dsn: str, postgres
) -> None:
    theirs, ours = uuid4(), uuid4()
    admin_dsn = postgres.admin_dsn.replace("@/postgres?", f"@/{name_of(database_dsn)}?")
    async with await connect(admin_dsn) as admin:
        await admin.execute(DROP_CONSTRAINTS)
        await fill(admin, theirs)
    for table in await tables(database_dsn):
        name = f'{table["schema"]}."{table["name"]}"'
        column = column_of(table)
        for nobody in (None, ours):
            async with database.transaction(nobody, user_id=nobody) as transaction:
                assert await transaction.fetch_all(f"SELECT FROM {name}") == [], name
            for deed in (f"DELETE FROM {name}", f"UPDATE {name} SET {column} = NULL"):
                async with database.transaction(nobody, user_id=nobody) as transaction:
                    if name in APPEND_ONLY:
                        with pytest.raises(InvariantError, match="permission denied"):
                            await transaction.execute(deed)
                        continue
                    assert await transaction.execute(deed) == 0, name
            with pytest.raises(InvariantError, match="row-level security"):
                async with database.transaction(nobody, user_id=nobody) as transaction:
                    await transaction.execute(
                        f"INSERT INTO {name} ({column}) VALUES (%s)", (value_of(table, theirs),)
                    )
        if table["name"] not in NOBODYS:
            async with database.transaction(theirs, user_id=theirs) as transaction:
                # More than the one that was put there only where triggers write some as well.
                assert await transaction.fetch_all(f"SELECT FROM {name}"), name


async def test_an_empty_setting_shows_nothing_and_is_no_error(database: Database) -> None:
    async with database.transaction(None) as transaction:
        await transaction.set_local("app.organisation_id", "")
        assert await transaction.fetch_all("SELECT * FROM tenancy.organisations") == []


def name_of(dsn: str) -> str:
    return dsn.split("@/")[1].split("?", maxsplit=1)[0]


@pytest.mark.parametrize(
    ("danger", "name"),
    [
        ("ALTER ROLE storetwin_app SUPERUSER", "superuser"),
        ("ALTER ROLE storetwin_app BYPASSRLS", "bypasses row-level security"),
        ("CREATE TABLE public.mine (); ALTER TABLE public.mine OWNER TO storetwin_app", "owns"),
    ],
)
async def test_a_role_that_could_pass_is_refused(own_postgres, danger: str, name: str) -> None:
    async with await connect(own_postgres.admin_dsn) as admin:
        await admin.execute(danger)
    with pytest.raises(ConfigurationError, match=name):
        await Database.open(own_postgres.admin_dsn)
