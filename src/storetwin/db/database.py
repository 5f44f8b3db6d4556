"""The door to PostgreSQL: a pool whose every connection is the application's role."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import make_conninfo
from psycopg.pq import Format
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from storetwin.db.errors import translating
from storetwin.db.queries import load_queries
from storetwin.db.transaction import Pool, Row, Transaction, transaction_on
from storetwin.kernel.errors import ConfigurationError

Q = load_queries("storetwin.db")
OLDEST_SERVER = 150000
POOL_TIMEOUT = 30.0


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


class Database:
    """A pool of connections to one PostgreSQL. Nothing it does can pass row-level security."""

    __slots__ = ("_pool",)

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, dsn: SecretStr | str, *, pool_size: int = 8) -> Self:
        """Connect, check what we are allowed to do, and keep up to ``pool_size`` connections.

        Raises:
            DatabaseUnavailableError: the server cannot be reached.
            ConfigurationError: it does not let us in, is older than PostgreSQL 15, or the role
                we run as is a superuser, bypasses row-level security or owns tables.
        """
        text = dsn.get_secret_value() if isinstance(dsn, SecretStr) else dsn
        with translating():
            connection = await connect(text)
            async with connection:
                await _become_app(connection)
                _check_role(await (await connection.execute(Q.effective_role)).fetchone())
        pool: Pool = AsyncConnectionPool(
            _careful(text),
            min_size=1,
            max_size=pool_size,
            kwargs={"row_factory": dict_row},
            configure=_configure,
            timeout=POOL_TIMEOUT,
            open=False,
            name="storetwin",
        )
        await pool.open()
        return cls(pool)

    async def close(self) -> None:
        """Close every connection; waits for those that are lent."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, organisation_id: UUID | None) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one organisation's rows; None sees none.

        Commits at the end of the block, rolls back on any exception. Never begun again by itself:
        `DatabaseUnavailableError` tells the caller that it may.
        """
        async with transaction_on(self._pool, organisation_id) as transaction:
            yield transaction

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Hold a lock of this name for the block; yields False when somebody else holds it.

        It lives in the session: a process that dies, or a server that restarts, lets go of it.
        So it keeps two runs apart in the usual case, and fencing does in every other.
        """
        with translating():
            connection = await self._pool.getconn()
        try:
            with translating():
                row = await (await connection.execute(Q.try_lock, (name,))).fetchone()
                await connection.commit()
            yield bool(row and row["is_held"])
        finally:
            with contextlib.suppress(psycopg.Error):
                await connection.execute(Q.unlock, (name,))
                await connection.commit()
            await self._pool.putconn(connection)


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


async def _configure(connection: AsyncConnection[Row]) -> None:
    await connection.set_autocommit(True)
    await _become_app(connection)
    await connection.set_autocommit(False)
    for name, loader in (("json", _JsonText), ("json", _JsonBinary), ("jsonb", _JsonText)):
        connection.adapters.register_loader(name, loader)
    connection.adapters.register_loader("jsonb", _JsonbBinary)


async def _become_app(connection: AsyncConnection[Row]) -> None:
    try:
        await connection.execute(Q.become_app)
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise ConfigurationError(
            f"The database user {connection.info.user!r} may not act as storetwin_app.",
            remedy="Run storetwin db upgrade; it says what to GRANT where it may not do it itself.",
        ) from error
    await connection.execute(Q.speak_utc)


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
