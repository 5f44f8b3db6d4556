"""The door of webhooks: ``POST {public_url}/hooks/{token}``.

A delivery is answered 200 when it is committed, never before. Where that cannot be done it is
answered 503: the store does not send it again, and the next increment finds what it told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from storetwin.api.deliveries import Ping, Receiver, Refused, judge
from storetwin.api.keeping import RETRY_AFTER, Keeper, Limits, Notes, NotKeptError
from storetwin.api.peers import header_name, peer_of
from storetwin.api.receivers import Receivers
from storetwin.connections.webhooks import PATH, Refusal
from storetwin.hub import Hub
from storetwin.kernel.errors import StoretwinError

BODY_SECONDS = 15.0  # that a body may take to arrive
NOTES_SECONDS = 1.0  # between writing down what was refused
NOBODY = 404  # for a token that is nobody's; it says nothing else
UNREAD = frozenset({404, 403, 408, 413, 503})  # answered before the body was read: hang up


class _HungUpError(Exception):
    """The other side went away before its delivery was here."""


class Door:
    """Takes deliveries in. An ASGI application for its one route.

    Args:
        hub: of any organisation; whose a delivery is, its token says.
    """

    def __init__(self, hub: Hub, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._clock = hub.clock
        self._receivers = Receivers(hub)
        self._keeper = Keeper(hub.database, hub.clock, self._limits)
        self._notes = Notes(hub.database)
        self._proxy_header = header_name(hub.proxy_header)
        self._in_hand = 0

    def routes(self) -> list[BaseRoute]:
        """Return the route of the door, for any application that wants it."""
        return [Route(f"{PATH}{{token}}", self, methods=["POST"], include_in_schema=False)]

    async def run(self) -> None:
        """Keep what is known fresh and write down what was refused; runs until it is cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receivers.keep_fresh())
                group.create_task(self._write_notes())
        finally:
            await self._keeper.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the door for the block."""
        work = asyncio.create_task(self.run())
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _write_notes(self) -> None:
        while True:
            await asyncio.sleep(NOTES_SECONDS)
            try:
                await self._notes.write(self._clock)
            except StoretwinError:
                continue  # they are noted still

    # -- one delivery ---------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        try:
            status = await self._answer(scope, receive)
        except _HungUpError:
            return
        headers = [(b"content-length", b"0")]
        if status in UNREAD:
            headers.append((b"connection", b"close"))
        if status == 503:
            headers.append((b"retry-after", b"%d" % RETRY_AFTER))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def _answer(self, scope: Scope, receive: Receive) -> int:
        try:
            receiver = await self._receivers.find(scope["path_params"]["token"])
        except StoretwinError:
            return 503
        if receiver is None:
            return NOBODY
        peer = peer_of(scope, self._proxy_header)
        if not receiver.admits(peer):
            return self._refuse(receiver, Refused(403, f"{peer} is not allowed to deliver"))
        headers: dict[bytes, bytes] = dict(scope["headers"])
        if self._is_too_long(headers):
            return self._refuse(receiver, Refused(413, self._too_long))
        return await self._take(receiver, headers, receive)

    async def _take(self, receiver: Receiver, headers: dict[bytes, bytes], receive: Receive) -> int:
        """Read a delivery and keep it."""
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                more = True
                while more:
                    chunk, more = await _next_of(receive)
                    chunks.append(chunk)
                    size += len(chunk)
                    self._in_hand += len(chunk)
                    if size > self._limits.body:
                        return self._refuse(receiver, Refused(413, self._too_long))
                    if self._in_hand > self._limits.in_hand:
                        return 503
            return await self._keep(receiver, headers, b"".join(chunks))
        except TimeoutError:
            return self._refuse(receiver, Refused(408, "its body did not arrive in time"))
        finally:
            self._in_hand -= size

    async def _keep(self, receiver: Receiver, headers: dict[bytes, bytes], body: bytes) -> int:
        told = judge(receiver, headers, body, self._clock())
        if isinstance(told, Refused):
            return self._refuse(receiver, told)
        if isinstance(told, Ping):
            self._notes.ping(receiver.organisation_id, receiver.connection_id)
            return 200
        try:
            is_kept = await self._keeper.keep(receiver.organisation_id, told)
        except NotKeptError:
            return 503
        return 200 if is_kept else NOBODY

    def _refuse(self, receiver: Receiver, refused: Refused) -> int:
        refusal = Refusal(receiver.connection_id, 1, refused.reason, self._clock())
        self._notes.refuse(receiver.organisation_id, refusal)
        return refused.status

    def _is_too_long(self, headers: dict[bytes, bytes]) -> bool:
        length = headers.get(b"content-length", b"")
        return length.isdigit() and int(length) > self._limits.body

    @property
    def _too_long(self) -> str:
        return f"it is longer than {self._limits.body:,} bytes"


async def _next_of(receive: Receive) -> tuple[bytes, bool]:
    """Return the next piece of a body, and whether more is to come.

    Raises:
        _HungUpError: it does not come to its end.
    """
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _HungUpError
    return message.get("body", b""), message.get("more_body", False)
