"""The door to PostgreSQL: transactions for one organisation, and locks between processes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Self
from uuid import UUID

import psycopg
from pydantic import SecretStr

from storetwin.db.errors import translating
from storetwin.db.listening import Notice, listen
from storetwin.db.pool import Pool
from storetwin.db.queries import load_queries
from storetwin.db.session import Row
from storetwin.db.transaction import Transaction, transaction_on

__all__ = ["Database", "Row", "Transaction"]

Q = load_queries("storetwin.db")


class Database:
    """One PostgreSQL, seen as the application. Nothing done here can pass row-level security."""

    __slots__ = ("_dsn", "_pool")

    def __init__(self, pool: Pool, dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn

    @classmethod
    async def open(cls, dsn: SecretStr | str, *, pool_size: int = 8) -> Self:
        """Connect, check what we are allowed to do, and keep up to ``pool_size`` connections.

        Raises:
            DatabaseUnavailableError: the server cannot be reached.
            ConfigurationError: it does not let us in, is older than PostgreSQL 15, or the role
                we run as is a superuser, bypasses row-level security or owns tables.
        """
        plain = dsn.get_secret_value() if isinstance(dsn, SecretStr) else dsn
        pool = Pool(plain, pool_size)
        async with pool.lend():
            return cls(pool, plain)

    async def close(self) -> None:
        """Close the idle connections now, and those in use at the end of their transactions."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(
        self,
        organisation_id: UUID | None,
        *,
        user_id: UUID | None = None,
        is_steady: bool = False,
    ) -> AsyncIterator[Transaction]:
        """Open a transaction that sees one organisation's rows; None sees none.

        Args:
            user_id: whose own rows it sees as well (password, sessions).
            is_steady: every statement sees the rows as the first one did.

        Commits at the end of the block, rolls back on any exception. Never begun again by itself:
        `DatabaseUnavailableError` tells the caller that it may.
        """
        async with transaction_on(
            self._pool, organisation_id, user_id, is_steady=is_steady
        ) as transaction:
            yield transaction

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncIterator[bool]:
        """Hold a lock of this name for the block; yields False when somebody else holds it.

        It lives in the session: a process that dies, or a server that restarts, lets go of it.
        So it keeps two runs apart in the usual case, and fencing does in every other.
        """
        async with self._pool.lend() as connection:
            with translating():
                await connection.set_autocommit(True)
                row = await (await connection.execute(Q.try_lock, (name,))).fetchone()
            try:
                yield bool(row and row["is_held"])
            finally:
                # Where this fails the pool closes the connection, which lets go as well.
                with suppress(psycopg.Error):
                    await connection.execute(Q.unlock, (name,))
                    await connection.set_autocommit(False)

    def listen(self, *channels: str) -> AsyncGenerator[Notice, None]:
        """Yield what others NOTIFY on these channels, first an empty notice when it begins.

        It takes a connection of its own beside the pool's. Close the iterator to let go of it.

        Raises:
            DatabaseUnavailableError: the server cannot be reached, or went away: listen again,
                and look what was missed meanwhile.
        """
        return listen(self._dsn, channels)
