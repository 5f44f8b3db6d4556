"""A server that is not ours: what a database's owner may prepare without being a superuser."""

from __future__ import annotations

from storetwin.db import Database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.migrate import known_migrations, upgrade
from storetwin.db.session import connect


async def test_an_owner_who_may_make_roles_needs_no_superuser(
    own_postgres: EmbeddedPostgres,
) -> None:
    async with await connect(own_postgres.admin_dsn) as admin:
        await admin.execute("DROP DATABASE storetwin")
        await admin.execute("DROP ROLE storetwin, storetwin_owner, storetwin_app, storetwin_search")
        await admin.execute("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'pw'")
        await admin.execute("CREATE DATABASE theirs OWNER keeper")
    dsn = own_postgres.dsn_of("theirs")
    dsn = dsn.replace(dsn.split("@/")[0], "postgresql://keeper:pw")
    assert await upgrade(dsn) == known_migrations()
    assert await upgrade(dsn) == ()
    database = await Database.open(dsn)
    await database.close()
