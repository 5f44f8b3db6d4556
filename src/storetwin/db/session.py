"""How a connection is opened and dressed: timeouts, exact JSON, UTC, the application's role."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import make_conninfo
from psycopg.pq import Format
from psycopg.rows import dict_row

from storetwin.db.arrays import JsonColumn, JsonColumnDumper
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import ConfigurationError

Row = dict[str, Any]
Q = load_queries("storetwin.db")
OLDEST_SERVER = 150000


class _JsonText(Loader):
    """``json`` as its exact text: a parser would turn 1e400 into infinity."""

    format = Format.TEXT

    def load(self, data: Buffer) -> str:
        return bytes(data).decode()


class _JsonBinary(_JsonText):
    format = Format.BINARY


class _JsonbBinary(_JsonText):
    """``jsonb`` in binary is its text behind one version byte."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        return bytes(data)[1:].decode()


async def connect(dsn: str) -> AsyncConnection[Row]:
    """Open one connection in autocommit, outside any pool, as the login role of ``dsn``.

    Raises:
        ConfigurationError: the server is older than PostgreSQL 15, or ``dsn`` is no DSN.
        psycopg.Error: to be translated by the caller.
    """
    try:
        connection = await AsyncConnection.connect(
            _careful(dsn), autocommit=True, row_factory=dict_row
        )
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            "The address of the database is not a PostgreSQL DSN.",
            remedy="Write STORETWIN_DATABASE_URL like postgresql://user:password@host/database.",
        ) from error
    if connection.info.server_version < OLDEST_SERVER:
        version = connection.info.parameter_status("server_version")
        await connection.close()
        raise ConfigurationError(
            f"The database is PostgreSQL {version}, Storetwin needs 15 or newer.",
            remedy="Upgrade the server, or unset STORETWIN_DATABASE_URL to use the embedded one.",
        )
    return connection


def _careful(dsn: str) -> str:
    """Return the DSN with limits on how long a silent network is believed, in seconds."""
    return make_conninfo(dsn, connect_timeout=10, keepalives_idle=30, keepalives_interval=10)


async def connect_as_app(dsn: str) -> AsyncConnection[Row]:
    """Open one connection as ``storetwin_app``, ready for transactions.

    Raises:
        ConfigurationError: as `connect`, or the login role may not become the application, or
            the application could pass row-level security.
        psycopg.Error: to be translated by the caller.
    """
    connection = await connect(dsn)
    try:
        await _become_app(connection)
        for name, loader in (("json", _JsonText), ("json", _JsonBinary), ("jsonb", _JsonText)):
            connection.adapters.register_loader(name, loader)
        connection.adapters.register_loader("jsonb", _JsonbBinary)
        connection.adapters.register_dumper(JsonColumn, JsonColumnDumper)
        await connection.set_autocommit(False)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _become_app(connection: AsyncConnection[Row]) -> None:
    try:
        await connection.execute(Q.become_app)
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise ConfigurationError(
            f"The database user {connection.info.user!r} may not act as storetwin_app.",
            remedy="Run storetwin db upgrade; it says what to GRANT where it may not do it itself.",
        ) from error
    await connection.execute(Q.speak_utc)
    _check_role(await (await connection.execute(Q.effective_role)).fetchone())


def _check_role(role: Row | None) -> None:
    """Refuse a role that row-level security does not hold."""
    dangers = {
        "is_superuser": "is a superuser",
        "bypasses_rls": "bypasses row-level security",
        "owns_tables": "owns tables",
    }
    for column, what in dangers.items():
        if role is None or role[column]:
            name = role["name"] if role else "unknown"
            raise ConfigurationError(
                f"The database role {name} {what}: one organisation could read another's rows.",
                remedy=f"Take that right from {name} (ALTER ROLE … NOSUPERUSER NOBYPASSRLS, "
                "or REASSIGN OWNED BY … TO storetwin_owner).",
            )
