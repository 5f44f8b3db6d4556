"""What changes on a page while somebody looks at it: one stream of server-sent events a page.

A page says how parts of it look now (`Feed`); the stream sends those that look different from what
it sent before, at most twice a second. Each part is one element with an id, and takes the place of
the element of the same id. So nothing depends on what was missed: whoever comes back is sent what
is different from what he had.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Final

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from storetwin.api.streams import AGAIN_MS, ALIVE_SECONDS, LONGEST_SECONDS, TRUST_SECONDS, Streams
from storetwin.kernel.errors import StoretwinError
from storetwin.web.view import Page

BREATH_SECONDS: Final = 0.5  # between two looks, however much happens
LOOK_SECONDS: Final = 5.0  # without a notice
SHORTEST_MARK: Final = 16

Feed = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns parts of a page as they look now: HTML by the id of its element."""


class LiveStream(StreamingResponse):
    """The stream of one page; its place is free again however it ends.

    Args:
        feed: how the parts of the page look now.
        every: seconds after which it is looked again without a notice; `LOOK_SECONDS` unless it is said.
    """

    media_type = "text/event-stream"

    def __init__(self, page: Page, feed: Feed, *, every: float | None = None) -> None:
        self._streams: Streams = page.request.app.state.streams
        self._credential_id = page.principal.credential_id
        self._bell = self._streams.enter(self._credential_id)
        super().__init__(
            _told(page, self._bell, feed, LOOK_SECONDS if every is None else every),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends, or until nobody looks any more."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave(self._credential_id, self._bell)


class Patches:
    """What was sent of a page's parts, to send only what is different.

    Args:
        known: the mark of the last event that the page had, from an earlier stream.
    """

    def __init__(self, known: str | None = None) -> None:
        self._known = known
        self._sent: dict[str, str] = {}
        self.mark = ""

    def fresh(self, parts: Mapping[str, str]) -> str:
        """Return what is new as one piece of HTML; empty where nothing is."""
        new = {name: text for name, text in parts.items() if self._sent.get(name) != text}
        self._sent.update(new)
        whole = "\0".join(f"{name}\0{text}" for name, text in sorted(self._sent.items()))
        self.mark = sha256(whole.encode("utf-8", "replace")).hexdigest()[:SHORTEST_MARK]
        known, self._known = self._known, None
        return "" if self.mark == known else "\n".join(new.values())


async def _told(page: Page, bell: asyncio.Event, feed: Feed, every: float) -> AsyncIterator[bytes]:
    """Yield what changes as it is written on the wire."""
    yield format_sse_event(retry=AGAIN_MS)
    patches = Patches(_mark_of(page))
    begun = trusted_at = sent_at = time.monotonic()
    while True:
        bell.clear()
        now = time.monotonic()
        streams: Streams = page.request.app.state.streams
        if streams.is_stopping or now - begun >= LONGEST_SECONDS:
            return  # the browser asks again
        if now - trusted_at >= TRUST_SECONDS:
            trusted_at = now
            if not await _may_still(page):
                yield format_sse_event(event="over", data_str="signed out")
                return
        try:
            fresh = patches.fresh(await feed())
        except StoretwinError:
            return  # it says itself that it is gone, and asks again
        if fresh:
            yield format_sse_event(event="patch", data_str=fresh, id=patches.mark)
            sent_at = now
        elif now - sent_at >= ALIVE_SECONDS:
            yield KEEPALIVE_COMMENT
            sent_at = now
        await asyncio.sleep(BREATH_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(every):
                await bell.wait()


def _mark_of(page: Page) -> str | None:
    headers, query = page.request.headers, page.request.query_params
    return headers.get("last-event-id") or query.get("after")


async def _may_still(page: Page) -> bool:
    """Say whether whoever looks is still whom we know, in the same organisation."""
    try:
        principal = await page.hub.doorkeeper.recognise_browser(page.token)
    except StoretwinError:
        return False
    same = principal.organisation_id == page.principal.organisation_id
    return same and principal.permissions >= page.principal.permissions


async def shell_parts(page: Page) -> dict[str, str]:
    """Return the parts of the frame that change by themselves; every feed holds them."""
    context = page.context() | await page.shell() | {"current": page.request.query_params.get("at")}
    templates = page.web.templates
    parts = {
        name: templates.block("navigation.html", name, context) for name in ("nav", "side_run")
    }
    if context["guide"]:
        parts["demo"] = templates.block("demo.html", "demo", context)
    return parts
