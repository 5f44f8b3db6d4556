"""Row-level security as the program meets it: its own role, and the rows of two real organisations.

tests/integration/db/test_row_level_security.py looks at the policies of every table; here every
table and view holds rows of both organisations, and every function is looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import zip_longest
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from estates import MARK, World
from rows import Row, as_superuser, state_of, tables_of, whose
from storetwin.db import Database
from storetwin.kernel.errors import InvariantError

OWN_SCHEMAS = "SELECT oid FROM pg_namespace WHERE nspowner = 'storetwin_owner'::regrole"
STANDING = """
SELECT current_user::text AS role, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb,
       r.rolreplication,
       (SELECT count(*) FROM pg_class c WHERE c.relowner = r.oid)
       + (SELECT count(*) FROM pg_proc p WHERE p.proowner = r.oid)
       + (SELECT count(*) FROM pg_namespace n WHERE n.nspowner = r.oid)
       + (SELECT count(*) FROM pg_type t WHERE t.typowner = r.oid)
       + (SELECT count(*) FROM pg_database d WHERE d.datdba = r.oid) AS owned,
       (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid) AS memberships
  FROM pg_roles r WHERE r.rolname = current_user
"""
MAY_CREATE = """
SELECT n.nspname AS name FROM pg_namespace n
 WHERE has_schema_privilege('storetwin_app', n.oid, 'CREATE') AND n.nspname !~ '^pg_'
"""
VIEWS = f"""
SELECT n.nspname AS schema, c.relname AS name
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('v', 'm') AND n.oid IN ({OWN_SCHEMAS}) AND n.nspname <> 'jobs'
"""
DEFINERS = f"""
SELECT p.oid::regprocedure::text AS name, n.nspname AS schema, p.proconfig AS settings,
       o.rolname AS owner, o.rolsuper AS is_superusers, o.rolcanlogin AS can_log_in,
       has_function_privilege('public', p.oid, 'EXECUTE') AS is_everybodys,
       ARRAY(SELECT a.grantee::regrole::text FROM aclexplode(p.proacl) a
              WHERE a.privilege_type = 'EXECUTE' AND a.grantee <> p.proowner) AS others,
       coalesce(p.proallargtypes, p.proargtypes::oid[])::regtype[]::text[] AS types,
       coalesce(p.proargmodes::text[], ARRAY[]::text[]) AS modes,
       coalesce(p.proargnames, ARRAY[]::text[]) AS names, p.prorettype::regtype::text AS returns,
       p.provolatile = 'v' AS may_write
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
 WHERE p.prosecdef AND n.oid IN ({OWN_SCHEMAS}) ORDER BY 1
"""
# What passes row-level security may hand out ids, a yes or no, a number, a moment: no content.
HARMLESS = {"uuid", "boolean", "void", "record", "bigint", "integer", "timestamp with time zone"}
MORE = {
    "tenancy.hold_refusals": {"bytea"},  # of the digests that it was given, those it knows
    "mirror.search_board": {"text"},  # ids of records are texts
    "mirror.search_snapshots": {"text"},
    "staging.find_by_column": {"text"},
    "runs.figures": {"text", "double precision"},  # kinds, states and ids of connections; counts
}


@pytest.fixture
async def program(world: World) -> AsyncIterator[Database]:
    """The database as the program has it."""
    opened = await Database.open(world.dsn, pool_size=2)
    yield opened
    await opened.close()


def named(row: Row) -> str:
    return f'{row["schema"]}."{row["name"]}"'


# -- who the program is -------------------------------------------------------------------------


async def test_the_programs_role_can_pass_nothing(program: Database) -> None:
    async with program.transaction(None) as tx:
        (standing,) = await tx.fetch_all(STANDING)
        creating = await tx.fetch_all(MAY_CREATE)
    assert standing == {
        "role": "storetwin_app", "rolsuper": False, "rolbypassrls": False, "rolcreaterole": False,
        "rolcreatedb": False, "rolreplication": False, "owned": 0, "memberships": 0,
    }  # fmt: skip
    assert creating == []


@pytest.mark.parametrize("role", ["storetwin_owner", "storetwin_search", "postgres"])
async def test_the_programs_role_is_nobody_elses_member(program: Database, role: str) -> None:
    async with program.transaction(None) as tx:
        (row,) = await tx.fetch_all(
            "SELECT pg_has_role(current_user, %s, 'MEMBER') AS is_member", (role,)
        )
    assert row == {"is_member": False}


# -- tables and views ---------------------------------------------------------------------------

NOBODYS = {"refusals"}  # no organisation's: reached through functions only


def test_every_table_holds_rows_of_both(world: World) -> None:
    """Else it would prove nothing that a table shows none."""
    with as_superuser(world.admin_dsn, world.database) as admin:
        for table in tables_of(admin):
            column = whose(table)
            if column is None:
                assert table["name"] in NOBODYS, table
                continue
            for estate in (world.ours, world.theirs):
                owner = estate.user_id if column == "user_id" else estate.organisation_id
                query = sql.SQL("SELECT count(*) AS n FROM {} WHERE {} = %s").format(
                    sql.Identifier(table["schema"], table["name"]), sql.Identifier(column)
                )
                row = admin.execute(query, (owner,)).fetchone()
                assert row is not None
                assert row["n"] > 0, (table, estate.mark)


SOMEBODY = uuid4()


@pytest.mark.parametrize("setting", ["another", "none", "empty", "nobody's"])
async def test_every_table_and_view_shows_only_what_is_its_readers(
    world: World, program: Database, setting: str
) -> None:
    ours, theirs = world.ours, world.theirs
    organisation = {"another": theirs.organisation_id, "nobody's": SOMEBODY}.get(setting)
    user = {"another": theirs.user_id, "nobody's": SOMEBODY}.get(setting)
    with as_superuser(world.admin_dsn, world.database) as admin:
        tables, views = tables_of(admin), admin.execute(VIEWS).fetchall()
    assert len(tables) > 15
    assert views
    for table in tables + views:
        async with program.transaction(organisation, user_id=user) as tx:
            if setting == "empty":
                await tx.set_local("app.organisation_id", "")
                await tx.set_local("app.user_id", "")
            rows = await tx.fetch_all(f"SELECT t::text AS text FROM {named(table)} t")
        texts = "\n".join(row["text"] or "" for row in rows)
        assert not {mark for mark in ours.marks if mark in texts}, named(table)
        assert str(ours.user_id) not in texts, named(table)
        if setting != "another":
            assert rows == [], named(table)
        elif table not in views and table["name"] not in NOBODYS:
            assert rows, named(table)


@pytest.mark.parametrize("setting", ["another", "none", "empty", "nobody's"])
async def test_no_table_lets_anybody_else_write(
    world: World, program: Database, setting: str
) -> None:
    """Nothing is taken away, changed, given away or slipped in."""
    before = state_of(world.admin_dsn, world.database, world.ours.organisation_id)
    organisation = {"another": world.theirs.organisation_id, "nobody's": SOMEBODY}.get(setting)
    user = {"another": world.theirs.user_id, "nobody's": SOMEBODY}.get(setting)
    with as_superuser(world.admin_dsn, world.database) as admin:
        owned = [(named(table), whose(table)) for table in tables_of(admin)]
    for name, column in owned:
        if column is None:
            continue
        victim = world.ours.user_id if column == "user_id" else world.ours.organisation_id
        await attack(program, organisation, user, name, column, victim, setting == "empty")
    assert state_of(world.admin_dsn, world.database, world.ours.organisation_id) == before


async def attack(
    program: Database,
    organisation: UUID | None,
    user: UUID | None,
    name: str,
    column: str,
    victim: UUID,
    is_empty: bool,
) -> None:
    """Try to write rows of a victim; no statement may touch one, whatever it is refused with."""
    statements = (
        f"DELETE FROM {name} WHERE {column} = %s",
        f"UPDATE {name} SET {column} = {column} WHERE {column} = %s",
        f"UPDATE {name} SET {column} = %s",  # give one's own away
        f"INSERT INTO {name} ({column}) VALUES (%s)",
    )
    for statement in statements:
        with suppress(InvariantError):  # PostgreSQL refused it
            async with program.transaction(organisation, user_id=user) as tx:
                if is_empty:
                    await tx.set_local("app.organisation_id", "")
                    await tx.set_local("app.user_id", "")
                assert await tx.execute(statement, (victim,)) == 0, statement


# -- functions that pass it ---------------------------------------------------------------------


async def test_what_passes_row_level_security_hands_out_ids_only(program: Database) -> None:
    async with program.transaction(None) as tx:
        found = await tx.fetch_all(DEFINERS)
    names = {row["name"].partition("(")[0] for row in found}
    assert {"connections.find_webhook", "tenancy.find_api_key", "runs.due_schedules"} <= names
    for row in found:
        out = [
            kind
            for kind, mode in zip(row["types"], row["modes"], strict=bool(row["modes"]))
            if mode in ("o", "b", "t")
        ]
        returned = out or [row["returns"]]
        more = MORE.get(row["name"].partition("(")[0], set())
        assert set(returned) <= HARMLESS | more, row
        assert "record" not in returned or out, row


async def test_what_passes_row_level_security_cannot_be_turned_against_us(
    program: Database,
) -> None:
    async with program.transaction(None) as tx:
        found = await tx.fetch_all(DEFINERS)
    for row in found:
        paths = [s for s in row["settings"] or [] if s.startswith("search_path=")]
        assert paths, f"{row['name']} looks things up where its caller says"
        assert "public" not in paths[0], row
        assert row["owner"] in ("storetwin_owner", "storetwin_search"), row
        assert not row["is_superusers"], row
        assert not row["can_log_in"], row
        assert not row["is_everybodys"], row
        assert row["others"] == ["storetwin_app"], row


async def test_what_searches_past_row_level_security_finds_its_readers_own_only(
    world: World, program: Database
) -> None:
    """It takes the organisation of the transaction, whatever else is named."""
    ours = world.ours
    given = {
        "wanted_connection": ours.values["connection_id"],
        "wanted_connections": [ours.values["connection_id"]],
        "wanted_resource": "orders",
        "wanted_statuses": [status for (status,) in await statuses(world)],
        "wanted_text": MARK,
        "pattern": f"%{MARK}%",
        "pieces": [f"%{MARK}%"] * 3,
        "most_looked_at": 100,
        "after_id": "",
        "since": None,
        "until": None,
        "most": 10,
    }
    async with program.transaction(None) as tx:
        found = [row for row in await tx.fetch_all(DEFINERS) if ".search_" in row["name"]]
    assert len(found) >= 2
    for row in found:
        taken = [
            (name, kind)
            for name, kind, mode in zip_longest(row["names"], row["types"], row["modes"])
            if mode in (None, "i")
        ]
        arguments = ", ".join(f"%({name})s::{kind}" for name, kind in taken)
        call = f"SELECT * FROM {row['name'].partition('(')[0]}({arguments})"
        for organisation in (ours.organisation_id, world.theirs.organisation_id, SOMEBODY, None):
            async with program.transaction(organisation) as tx:
                rows = await tx.fetch_all(call, {name: given[name] for name, _ in taken})
            told = [found for found in rows if any(found.values())]  # nor how many others have
            assert bool(told) is (organisation == ours.organisation_id), (row["name"], rows)


async def statuses(world: World) -> list[tuple[str]]:
    with as_superuser(world.admin_dsn, world.database) as admin:
        rows = admin.execute("SELECT DISTINCT coalesce(status, '') AS s FROM mirror.snapshots")
        return [(row["s"],) for row in rows.fetchall()]


async def test_nobody_but_the_program_can_do_anything(world: World) -> None:
    """A role that was just made sees no schema of ours, and no table, and calls no function."""
    with as_superuser(world.admin_dsn, world.database) as admin:
        rows = admin.execute(
            "SELECT n.nspname AS name FROM pg_namespace n WHERE n.oid IN ("
            f"{OWN_SCHEMAS}) AND has_schema_privilege('public', n.oid, 'USAGE')"
            " UNION ALL SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace IN ("
            f"{OWN_SCHEMAS}) AND c.relkind IN ('r', 'p', 'v') AND"
            " has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE')"
        ).fetchall()
    assert rows == []
