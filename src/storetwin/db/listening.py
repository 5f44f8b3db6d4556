"""Hearing what others tell: PostgreSQL's NOTIFY, over a connection of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from psycopg import sql

from storetwin.db.errors import DatabaseUnavailableError, translating
from storetwin.db.session import connect_as_app


@dataclass(frozen=True, slots=True)
class Notice:
    """What was told on a channel.

    Args:
        channel: empty in the first notice of all: from here on nothing is missed.
    """

    channel: str = ""
    payload: str = ""


async def listen(dsn: str, channels: tuple[str, ...]) -> AsyncGenerator[Notice, None]:
    """Yield what is told on these channels, without end; first an empty notice.

    What was told before that one is not heard: who listens looks once for himself then.

    Raises:
        DatabaseUnavailableError: the server cannot be reached, or went away.
    """
    with translating():
        connection = await connect_as_app(dsn)
    try:
        with translating():
            await connection.set_autocommit(True)
            for channel in channels:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            yield Notice()
            async with aclosing(connection.notifies()) as notices:
                async for notice in notices:
                    yield Notice(notice.channel, notice.payload)
        raise DatabaseUnavailableError("PostgreSQL does not tell anything any more.")
    finally:
        await connection.close()
