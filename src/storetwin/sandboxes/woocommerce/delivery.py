"""How an answer goes over the wire: whole, in pieces, without an end, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_CHUNK = 65_536
_PADDING = b"x" * _CHUNK


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a body is sent.

    Args:
        piece: bytes at a time.
        pause: seconds between two pieces.
        filling: bytes of padding behind the body, made while they are sent; may be infinite.
        tail: what stands behind the padding.
        is_cut: the connection is closed where the end of the body would be told.
        silence: seconds after which the connection is closed without any answer; 0 to answer.
    """

    piece: int = _CHUNK
    pause: float = 0.0
    filling: float = 0
    tail: bytes = b""
    is_cut: bool = False
    silence: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Say whether it takes so long that somebody may go away meanwhile."""
        return self.pause > 0 or self.filling > 0

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """Yield a body as it is sent; never more than a piece of it is in memory twice."""
        yield from _split(body, self.piece)
        left = self.filling
        while left > 0:
            part = _PADDING[: int(min(left, self.piece, _CHUNK))]
            yield part
            left -= len(part)
        yield from _split(self.tail, self.piece)


AT_ONCE = Delivery()


def _split(body: bytes, piece: int) -> Iterator[bytes]:
    for start in range(0, len(body), piece):
        yield body[start : start + piece]


class Line:
    """The connection to one client, for as long as one request lasts.

    Args:
        receive, send: of ASGI; the request's body has been received.
        closing: set when the server stops.
        connection: what it goes over; None where the server does not tell.
    """

    def __init__(
        self,
        receive: Receive,
        send: Send,
        closing: asyncio.Event,
        connection: asyncio.Transport | None = None,
    ) -> None:
        self.send = send
        self._receive = receive
        self._closing = closing
        self._connection = connection
        self._watch: asyncio.Task[None] | None = None

    async def holds(self, seconds: float | None = 0.0) -> bool:
        """Wait, and say whether the client is still there and the server goes on."""
        done, _ = await asyncio.wait({self._over()}, timeout=seconds)
        return not done

    async def sends(self, message: Message) -> bool:
        """Send, and say whether it was taken before the client went away or the server stopped."""
        sending = asyncio.ensure_future(self.send(message))
        await asyncio.wait({sending, self._over()}, return_when=asyncio.FIRST_COMPLETED)
        if not sending.done():
            sending.cancel()
        return await self.holds()

    async def hang_up(self) -> None:
        """Close the connection where it stands: what was sent still arrives, and no more."""
        if self._connection is None:
            return
        if not self._closing.is_set():
            self._connection.close()
            await self.holds(None)
        if self._closing.is_set():  # a client that does not read would hold a mere close for ever
            self._connection.abort()
            await self._until_gone()

    async def release(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})

    def _over(self) -> asyncio.Task[None]:
        if self._watch is None:
            self._watch = asyncio.create_task(self._until_over())
        return self._watch

    async def _until_over(self) -> None:
        ends = {
            asyncio.create_task(self._until_gone()),
            asyncio.create_task(self._until_closing()),
        }
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _until_closing(self) -> None:
        await self._closing.wait()


async def deliver(line: Line, start: Message, body: bytes, delivery: Delivery) -> None:
    """Send an answer in chunks without a Content-Length, as PHP behind nginx does.

    Args:
        line: whom to.
        start: the ASGI message with status and headers.
        body: empty for HEAD.
        delivery: how; a client that goes away ends it at once.
    """
    if delivery.silence:
        await line.holds(delivery.silence)
        await line.hang_up()
        return
    await line.send(start)
    if not await _sent(line, body, delivery) or delivery.is_cut:
        await line.hang_up()
        return
    await line.send({"type": "http.response.body", "body": b"", "more_body": False})


async def _sent(line: Line, body: bytes, delivery: Delivery) -> bool:
    """Send a body, and say whether all of it was taken."""
    for part in delivery.pieces(body):
        message = {"type": "http.response.body", "body": part, "more_body": True}
        if not delivery.is_slow:
            await line.send(message)
        elif not (await line.sends(message) and await line.holds(delivery.pause)):
            return False
    return True
