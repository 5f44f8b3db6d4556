"""One unit of work on the database, and the one place that commits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import dict_row

from storetwin.db.errors import translating
from storetwin.db.pool import Pool
from storetwin.db.queries import load_queries
from storetwin.db.session import Row

Parameters = Mapping[str, Any] | Sequence[Any] | None

Q = load_queries("storetwin.db")
ORGANISATION_SETTING = "app.organisation_id"
USER_SETTING = "app.user_id"


class Transaction:
    """Runs statements between BEGIN and COMMIT. Made by `Database.transaction` only.

    Every method raises `DatabaseUnavailableError` when the connection is lost,
    `DiskFullError`, `UniqueViolationError`, and `InvariantError` for what is wrong with the
    statement. Results come in binary; ``json`` and ``jsonb`` as the exact text.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: AsyncConnection[Row]) -> None:
        self._connection = connection

    async def execute(self, query: str, params: Parameters = None) -> int:
        """Run a statement and return how many rows it affected."""
        with translating():
            cursor = await self._connection.execute(query, params, binary=True)
            return cursor.rowcount

    async def fetch_all(self, query: str, params: Parameters = None) -> list[Row]:
        """Run a statement and return its rows, each a dict by column name."""
        with translating():
            cursor = await self._connection.execute(query, params, binary=True)
            return await cursor.fetchall()

    async def fetch_one(self, query: str, params: Parameters = None) -> Row | None:
        """Run a statement and return its first row, or None."""
        with translating():
            cursor = await self._connection.execute(query, params, binary=True)
            return await cursor.fetchone()

    @asynccontextmanager
    async def pipelined(self) -> AsyncIterator[None]:
        """Send the statements within one after the other, without waiting for what came of each.

        While PostgreSQL runs one, the next is made ready. What fails is raised at the end, and how
        many rows a statement affected nobody learns.
        """
        with translating():
            async with self._connection.pipeline():
                yield

    async def stream(
        self, query: str, params: Parameters = None, size: int = 1000
    ) -> AsyncIterator[Row]:
        """Yield rows from a server-side cursor, ``size`` at a time, in bounded memory."""
        await self.set_local("idle_in_transaction_session_timeout", "0")  # its reader may be slow
        name = f"stream_{uuid4().hex}"
        with translating():
            async with self._connection.cursor(name, row_factory=dict_row) as cursor:
                cursor.itersize = size
                await cursor.execute(query, params, binary=True)
                async for row in cursor:
                    yield row

    async def set_local(self, name: str, value: str) -> None:
        """Set a PostgreSQL setting until the transaction ends."""
        await self.execute(Q.set_setting, (name, value))


@asynccontextmanager
async def transaction_on(
    pool: Pool,
    organisation_id: UUID | None,
    user_id: UUID | None = None,
    *,
    is_steady: bool = False,
) -> AsyncIterator[Transaction]:
    """Lend a connection, scope it to an organisation, commit at the end; roll back on any error.

    Without an organisation, row-level security shows no row of any tenant; without a user, no row
    of any user.

    Args:
        is_steady: every statement sees the rows as the first one did.
    """
    async with pool.lend() as connection:
        try:
            if is_steady:
                await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            transaction = Transaction(connection)
            if organisation_id is not None:
                await transaction.set_local(ORGANISATION_SETTING, str(organisation_id))
            if user_id is not None:
                await transaction.set_local(USER_SETTING, str(user_id))
            yield transaction
            with translating():
                await connection.commit()
        except BaseException:
            with suppress(psycopg.Error):  # the pool closes what could not be rolled back
                await connection.rollback()
            raise
        finally:
            if is_steady:
                with suppress(psycopg.Error):
                    await connection.set_isolation_level(None)
