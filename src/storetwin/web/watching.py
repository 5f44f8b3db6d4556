"""A test of a connection while it is at work: each check is sent as soon as it is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import StreamingResponse

from storetwin.connections.probe import Check, Watch
from storetwin.kernel.errors import StoretwinError
from storetwin.web.connection_checks import seen_test
from storetwin.web.view import Page

MEDIA_TYPE: Final = "text/event-stream"
PIECES: Final = "connections/pieces.html"
_T = TypeVar("_T")


def wants_stream(request: Request) -> bool:
    """Say whether whoever sent a form reads the answer as it comes."""
    return MEDIA_TYPE in request.headers.get("accept", "")


def watched(
    page: Page,
    url: str,
    work: Callable[[Watch], Awaitable[_T]],
    finish: Callable[[_T], Awaitable[Mapping[str, str]]],
    known: Sequence[Check] = (),
) -> StreamingResponse:
    """Return an answer that tells how a test goes on, and how the page looks when it is done.

    Args:
        url: of the store.
        work: makes the test.
        finish: returns parts of the page by id.
        known: checks that stay as they are.
    """
    return StreamingResponse(
        _told(page, url, work, finish, known),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _told(
    page: Page,
    url: str,
    work: Callable[[Watch], Awaitable[_T]],
    finish: Callable[[_T], Awaitable[Mapping[str, str]]],
    known: Sequence[Check],
) -> AsyncIterator[bytes]:
    found: asyncio.Queue[Check | None] = asyncio.Queue()
    checks = list(known)
    yield _patch(page.part(PIECES, "test", {"test": seen_test(url, checks, is_live=True)}))
    task = asyncio.ensure_future(work(found.put_nowait))
    task.add_done_callback(lambda _: found.put_nowait(None))
    try:
        while (check := await found.get()) is not None:
            checks.append(check)
            lines = seen_test(url, checks, is_live=True).lines
            fresh = [line for line in lines if line.name == check.name or line.word == "Running"]
            yield _patch("".join(page.part(PIECES, "check", {"check": line}) for line in fresh))
        try:
            parts = await finish(await task)
        except StoretwinError as error:
            parts = {"failures": page.part(PIECES, "failures", {"error": error})}
            parts["test"] = page.part(PIECES, "test", {"test": seen_test(url, checks)})
        yield _patch("\n".join(parts.values()))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, StoretwinError):
            await task


def _patch(html: str) -> bytes:
    return format_sse_event(event="patch", data_str=html)
