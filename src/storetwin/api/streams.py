"""Server-sent events: streams that tell what happens, while whoever listens still may hear it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from storetwin.api.callers import Caller
from storetwin.api.problems import ProblemError
from storetwin.hub import Hub
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.following import ENDED, Event, Teller
from storetwin.telemetry.metrics import stream_closed, stream_opened
from storetwin.tenancy.models import Permission

CHANNEL = "storetwin_progress"
LOOK_SECONDS = 1.0  # without a notice
BREATH_SECONDS = 0.2  # between two looks, however much happens
ALIVE_SECONDS = 15.0  # so often at least something is sent: proxies cut what is silent
TRUST_SECONDS = 5.0  # so often it is asked whether the listener still may
LONGEST_SECONDS = 3600  # then it ends, and the listener asks again
MOST_STREAMS = 200
MOST_OF_ONE = 10  # with one key or session
AGAIN_MS = 2000  # when a listener asks again whose stream has ended

Look = Callable[[Sequence[UUID]], Awaitable[list[dict[str, Any]]]]


@dataclass(slots=True)
class Streams:
    """The streams of one process: one of them hears PostgreSQL's notices for all.

    Args:
        hub: of any organisation: notices carry ids only.
    """

    hub: Hub
    is_stopping: bool = False
    _open: Counter[UUID] = field(default_factory=Counter)
    _bells: set[asyncio.Event] = field(default_factory=set)
    _hearing: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """Return how many are open."""
        return self._open.total()

    def enter(self, credential_id: UUID) -> asyncio.Event:
        """Make room for one more; return what rings when something has happened.

        Raises:
            ProblemError: 429, there are too many.
        """
        if self.count >= MOST_STREAMS or self._open[credential_id] >= MOST_OF_ONE:
            raise ProblemError(
                429,
                "too_many_streams",
                f"At most {MOST_OF_ONE} streams of one caller, and {MOST_STREAMS} of all, are open "
                "at the same time.",
                remedy="Close one, or ask for the run itself from time to time.",
                headers={"Retry-After": "5"},
            )
        self._open[credential_id] += 1
        stream_opened()
        bell = asyncio.Event()
        self._bells.add(bell)
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._hear(), name="hearing of runs")
        return bell

    def leave(self, credential_id: UUID, bell: asyncio.Event) -> None:
        """Give a place back."""
        self._bells.discard(bell)
        self._open[credential_id] -= 1
        if self._open[credential_id] <= 0:
            del self._open[credential_id]
        stream_closed()
        if not self._bells and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    def stop(self) -> None:
        """Let every stream end by itself: the program stops, and its listeners ask again."""
        self.is_stopping = True
        for bell in self._bells:
            bell.set()

    async def _hear(self) -> None:
        """Ring at each notice; where they cannot be heard each stream looks once a second."""
        while True:
            with suppress(StoretwinError):
                async for _ in self.hub.database.listen(CHANNEL):
                    for bell in self._bells:
                        bell.set()
            await asyncio.sleep(LOOK_SECONDS)


class EventStream(StreamingResponse):
    """A stream of events to one listener; its place is free again however it ends."""

    media_type = "text/event-stream"

    def __init__(
        self, request: Request, caller: Caller, look: Look, teller: Teller, *, seconds: float
    ) -> None:
        self._streams: Streams = request.app.state.streams
        self._credential_id = caller.principal.credential_id
        self._bell = self._streams.enter(self._credential_id)
        listener = _Listener(request, caller, seconds)
        super().__init__(
            _written(listener, self._bell, look, teller),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends, or until nobody listens any more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._credential_id, self._bell)


class _Listener:
    """Who listens, and until when he may."""

    __slots__ = ("_caller", "_ends_at", "_request", "_trusted_at")

    def __init__(self, request: Request, caller: Caller, seconds: float) -> None:
        self._request = request
        self._caller = caller
        self._trusted_at = time.monotonic()
        self._ends_at = self._trusted_at + min(seconds, LONGEST_SECONDS)

    async def why_not(self) -> str | None:
        """Return why nothing more is told; asks again who it is from time to time."""
        streams: Streams = self._request.app.state.streams
        if streams.is_stopping:
            return "stopping"
        now = time.monotonic()
        if now >= self._ends_at:
            return "time"
        if now - self._trusted_at < TRUST_SECONDS:
            return None
        self._trusted_at = now
        return None if await self._may_still_listen() else "credentials"

    async def _may_still_listen(self) -> bool:
        token = self._request.headers.get("authorization", "").partition(" ")[2].strip()
        try:
            principal = await self._caller.hub.doorkeeper.recognise(token)
        except StoretwinError:
            return False
        same = principal.organisation_id == self._caller.principal.organisation_id
        return same and Permission.READ in principal.permissions


async def _written(
    listener: _Listener, bell: asyncio.Event, look: Look, teller: Teller
) -> AsyncIterator[bytes]:
    """Yield what happens as it is written on the wire."""
    yield format_sse_event(retry=AGAIN_MS)
    sent_at = time.monotonic()
    while True:
        bell.clear()
        if (reason := await listener.why_not()) is not None:
            yield format_sse_event(event="closed", data_str=json.dumps({"reason": reason}))
            return
        try:
            rows = await look(teller.at_work)
        except StoretwinError:
            yield format_sse_event(event="closed", data_str='{"reason": "unavailable"}')
            return
        for event in teller.see(rows):
            yield _event(event)
            sent_at = time.monotonic()
        if teller.is_over:
            return
        if time.monotonic() - sent_at >= ALIVE_SECONDS:
            yield KEEPALIVE_COMMENT
            sent_at = time.monotonic()
        await asyncio.sleep(BREATH_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await bell.wait()


def _event(event: Event) -> bytes:
    return format_sse_event(
        event=event.name, data_str=json.dumps(event.data, default=str), id=event.mark
    )


def was_told_the_end(last_event_id: str | None) -> bool:
    """Say whether a listener who asks again has been told the end of his run."""
    return (last_event_id or "").endswith(f"-{ENDED}")
