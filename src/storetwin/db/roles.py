"""The three roles, and who may take them.

``storetwin_owner`` owns the schema, ``storetwin_app`` is what the program works as, and
``storetwin_search`` owns functions that search across row-level security. None can log in.
"""

from __future__ import annotations

import psycopg
from psycopg import AsyncConnection, sql

from storetwin.db.queries import load_queries
from storetwin.db.session import Row, connect
from storetwin.kernel.errors import ConfigurationError, InvariantError

Q = load_queries("storetwin.db")
LOGIN = "storetwin"


async def can_log_in(dsn: str) -> bool:
    """Say whether role, password and database of ``dsn`` are as they should be."""
    try:
        async with await connect(dsn):
            return True
    except psycopg.OperationalError:
        return False


async def prepare_login(admin_dsn: str, database: str, password: str) -> None:
    """Give an embedded server its roles, its login role and its database; harmless when repeated.

    Raises:
        psycopg.Error: to be translated by the caller.
    """
    async with await connect(admin_dsn) as connection:
        await connection.execute(Q.create_roles)
        found = await (await connection.execute(Q.login_standing, (LOGIN, database))).fetchone()
        if found is None:
            raise InvariantError("PostgreSQL did not say which roles it has.")
        login = sql.Identifier(LOGIN)
        set_login = Q.change_login if found["has_login"] else Q.create_login
        await connection.execute(sql.SQL(set_login).format(login=login, password=password))
        await connection.execute(sql.SQL(Q.grant_roles).format(login=login))
        if not found["has_database"]:
            await connection.execute(
                sql.SQL(Q.create_database).format(database=sql.Identifier(database))
            )


async def prepare_roles(connection: AsyncConnection[Row]) -> None:
    """Make sure the roles exist, that we may take them, and that the owner may make schemas here.

    Does what the login role has the right to do itself.

    Raises:
        ConfigurationError: something is missing and the login role may not do it; the remedy
            is the SQL for somebody who may.
    """
    standing = await _standing(connection)
    if all(standing.values()):
        return
    try:
        await connection.execute(Q.create_roles)
        user = sql.Identifier(connection.info.user)
        if not (standing["may_be_owner"] and standing["may_be_app"]):
            await connection.execute(sql.SQL(Q.grant_roles).format(login=user))
        if not standing["may_create"]:
            database = sql.Identifier(connection.info.dbname)
            await connection.execute(sql.SQL(Q.grant_create).format(database=database))
        standing = await _standing(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_allowed(connection) from error
    if not all(standing.values()):
        raise _not_allowed(connection)


async def _standing(connection: AsyncConnection[Row]) -> Row:
    roles = await (await connection.execute(Q.roles_exist)).fetchone()
    if roles is None or not roles["all_exist"]:
        return {"exist": False, "may_be_owner": False, "may_be_app": False, "may_create": False}
    found = await (await connection.execute(Q.role_standing)).fetchone()
    if found is None:
        raise InvariantError("PostgreSQL did not say what our role may do.")
    return found


def _not_allowed(connection: AsyncConnection[Row]) -> ConfigurationError:
    user, database = connection.info.user, connection.info.dbname
    return ConfigurationError(
        f"The database user {user!r} may not prepare the roles of Storetwin in {database!r}.",
        remedy="Run as a superuser: CREATE ROLE storetwin_owner NOLOGIN; CREATE ROLE storetwin_app "
        "NOLOGIN; CREATE ROLE storetwin_search NOLOGIN; GRANT storetwin_owner, storetwin_app TO "
        f'"{user}"; GRANT CREATE ON DATABASE "{database}" TO storetwin_owner; GRANT CREATE ON '
        "SCHEMA public TO storetwin_owner; (leave out what exists).",
    )
