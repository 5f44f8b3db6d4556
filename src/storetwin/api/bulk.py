"""Answers that are longer than memory: sent as they come, and never mistaken for whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from storetwin.api.problems import ProblemError
from storetwin.kernel.errors import StoretwinError
from storetwin.telemetry.logs import Log

log = Log()
PATIENCE = 60.0  # seconds that a reader may take for one piece
MOST_AT_ONCE = 3  # of one process: each holds a connection to the database


class SlowReaderError(Exception):
    """Somebody asked for much and does not read it."""


class Streamed(StreamingResponse):
    """Sends pieces while somebody reads them.

    An error in the middle closes the connection without the last chunk, so HTTP itself says that
    the answer is not whole. Whoever goes away, or does not read for a minute, frees what it takes.
    """

    def __init__(
        self,
        pieces: AsyncGenerator[bytes],
        held: AsyncExitStack,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, and let go of everything however that ends.

        The task that reads the database is cancelled once and then waited for: it has to close its
        cursor and its transaction.
        """

        async def patiently(message: Message) -> None:
            try:
                async with asyncio.timeout(PATIENCE):
                    await send(message)
            except TimeoutError:
                raise SlowReaderError from None

        async with self._held:
            sending = asyncio.create_task(self.stream_response(patiently))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done() and (error := sending.exception()):
                    # The answer has begun: leaving it unfinished closes the connection.
                    log.warning("answer_broke_off", path=scope["path"], why=_why(error))
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)


def _why(error: BaseException) -> str:
    return error.message if isinstance(error, StoretwinError) else type(error).__name__


async def _left(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def place(request: Request) -> AsyncIterator[None]:
    """Hold one of the few places for long answers.

    Raises:
        ProblemError: 503, all are taken.
    """
    state = request.app.state
    taken = getattr(state, "exports_under_way", 0)
    if taken >= MOST_AT_ONCE:
        raise ProblemError(
            503,
            "busy",
            f"{taken} exports are under way.",
            remedy="Ask again when one of them is done.",
            headers={"Retry-After": "10"},
        )
    state.exports_under_way = taken + 1
    try:
        yield
    finally:
        state.exports_under_way -= 1


async def streamed(
    request: Request,
    pieces: AsyncGenerator[bytes],
    media_type: str,
    headers: Mapping[str, str],
) -> Streamed:
    """Return an answer that has begun: what fails before its first piece is a problem as usual.

    Raises:
        ProblemError: 503, too many are under way.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(place(request))
        await stack.enter_async_context(aclosing(pieces))
        first = await anext(pieces, b"")
        held = stack.pop_all()
    return Streamed(_all(first, pieces), held, media_type, headers)


async def _all(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for piece in rest:
        yield piece
