"""A pool of connections: opened when needed, lent one at a time, thrown away when in doubt.

Nothing happens behind the caller's back: a server that is down is told to the one who asked, at
once, and the next to ask finds it up again.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from storetwin.db.errors import DatabaseBusyError, translating
from storetwin.db.session import Row, connect_as_app

PATIENCE_SECONDS = 30.0


class Pool:
    """Up to ``size`` connections of the application's role to one database."""

    __slots__ = ("_dsn", "_idle", "_is_open", "_places", "_size")

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._size = size
        self._places = asyncio.Semaphore(size)
        self._idle: list[AsyncConnection[Row]] = []
        self._is_open = True

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[AsyncConnection[Row]]:
        """Lend a connection outside any transaction; it has to come back so, or is closed.

        Raises:
            DatabaseUnavailableError: the server cannot be reached.
            DatabaseBusyError: none came back within 30 seconds.
        """
        await self._take_place()
        try:
            connection = await self._take_connection()
            try:
                yield connection
            finally:
                if self._is_open and _is_fresh(connection):
                    self._idle.append(connection)
                else:
                    await connection.close()
        finally:
            self._places.release()

    async def close(self) -> None:
        """Close the idle connections now, and the lent ones when they come back."""
        self._is_open = False
        while self._idle:
            await self._idle.pop().close()

    async def _take_place(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise DatabaseBusyError(
                f"All {self._size} connections to the database are in use.",
                remedy="Raise STORETWIN_DATABASE_POOL_SIZE.",
            ) from None

    async def _take_connection(self) -> AsyncConnection[Row]:
        while self._idle:
            connection = self._idle.pop()
            if _is_alive(connection):
                return connection
            await connection.close()
        with translating():
            return await connect_as_app(self._dsn)


def _is_fresh(connection: AsyncConnection[Row]) -> bool:
    """Say whether a connection came back as it was lent."""
    status = connection.info.transaction_status
    return status is TransactionStatus.IDLE and not connection.autocommit


def _is_alive(connection: AsyncConnection[Row]) -> bool:
    """Say whether the server is still there, without asking it.

    To an idle connection a server says nothing but farewell: what can be read is its end.
    """
    if connection.closed:
        return False
    watch = select.poll()
    watch.register(connection.fileno(), select.POLLIN)
    return not watch.poll(0)
