"""How an answer goes over the wire: whole, in pieces, without an end, or not at all."""

from __future__ import annotations

import asyncio
import math
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

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """Yield a body as it is sent; never more than a piece of it is in memory twice."""
        yield from _split(body, self.piece)
        left = self.filling
        while left > 0:
            part = _PADDING[: int(min(left, self.piece, _CHUNK))]
            yield part
            left -= len(part)
        yield from _split(self.tail, self.piece)

    @property
    def is_endless(self) -> bool:
        """Say whether the body has no end."""
        return math.isinf(self.filling)


AT_ONCE = Delivery()


def _split(body: bytes, piece: int) -> Iterator[bytes]:
    for start in range(0, len(body), piece):
        yield body[start : start + piece]


class Line:
    """The connection to one client, for as long as one request lasts.

    Args:
        receive, send: of ASGI; the request's body has been received.
        closing: set when the server stops.
        hang_up: closes the connection; what was sent still arrives.
    """

    def __init__(
        self, receive: Receive, send: Send, closing: asyncio.Event, hang_up: Callable[[], None]
    ) -> None:
        self.send = send
        self._receive = receive
        self._closing = closing
        self._hang_up = hang_up
        self._watch: asyncio.Task[None] | None = None

    async def holds(self, seconds: float = 0.0) -> bool:
        """Wait, and say whether the client is still there and the server goes on."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._until_over())
        done, _ = await asyncio.wait({self._watch}, timeout=seconds)
        return not done

    async def hang_up(self) -> None:
        """Close the connection and wait until it is closed: nothing more is answered then."""
        self._hang_up()
        await self._until_gone()

    async def release(self) -> None:
        """Stop watching."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})

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
    is_slow = delivery.pause > 0 or delivery.filling > 0
    for part in delivery.pieces(body):
        await line.send({"type": "http.response.body", "body": part, "more_body": True})
        if is_slow and not await line.holds(delivery.pause):
            break
    else:
        if not delivery.is_cut:
            await line.send({"type": "http.response.body", "body": b"", "more_body": False})
            return
    await line.hang_up()
