"""Bodies of requests: read once, within bounds."""

from __future__ import annotations

import asyncio

from fastapi import Request
from starlette.types import Message

from storetwin.api.problems import ProblemError

MOST_BYTES = 1024 * 1024
MOST_DISCARDED = 16 * MOST_BYTES  # who is hung up on while sending may never read why
SECONDS = 15.0  # that a body may take to arrive


async def with_body(request: Request) -> tuple[Request, bytes]:
    """Return a request whose body was read, and the body.

    Raises:
        ProblemError: 413, it is too long; 408, it does not come to its end; 400, it is no text.
        ClientDisconnect: the other side went away.
    """
    told = request.headers.get("content-length", "")
    if told.isdecimal() and (len(told) > 12 or int(told) > MOST_DISCARDED):
        raise _too_long()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= MOST_BYTES:
                    chunks.append(chunk)
                elif size > MOST_DISCARDED:
                    raise _too_long()
    except TimeoutError:
        raise ProblemError(
            408, "body_timeout", f"The body did not arrive within {SECONDS:g} s."
        ) from None
    if size > MOST_BYTES:
        raise _too_long()
    body = b"".join(chunks)
    if "json" in request.headers.get("content-type", "") and not _is_utf8(body):
        raise ProblemError(
            400,
            "bad_text",
            "The body is not UTF-8.",
            remedy="JSON is UTF-8 (RFC 8259, section 8.1).",
        )
    return Request(request.scope, _Again(request, body)), body


class _Again:
    """Gives a body once more, and then what the connection says."""

    def __init__(self, request: Request, body: bytes) -> None:
        self._request = request
        self._body: bytes | None = body

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._request.receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _is_utf8(body: bytes) -> bool:
    """Say whether a JSON text is UTF-8: a NUL in it tells of UTF-16, which the parser would take."""
    try:
        return "\x00" not in body.decode()
    except UnicodeDecodeError:
        return False


def _too_long() -> ProblemError:
    return ProblemError(
        413,
        "too_long",
        f"The body is longer than {MOST_BYTES:,} bytes.",
        remedy="Send less at a time.",
        headers={"Connection": "close"},
    )
