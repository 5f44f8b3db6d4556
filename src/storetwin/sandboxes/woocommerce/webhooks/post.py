"""Sending one request the way WordPress does: HTTP/1.0, one connection each, answer thrown away."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_MOST_ANSWER = 1 << 20
_MOST_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered.

    Args:
        status: HTTP status; 0 when it did not answer, or not in HTTP.
        location: where it sends us on to; empty when it does not.
    """

    status: int = 0
    location: str = ""


SILENCE = Reply()


def host_of(url: str) -> str:
    """Return what stands in the Host header for a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]


async def post(
    url: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    seconds: float,
    tls: ssl.SSLContext | None = None,
    method: str = "POST",
) -> Reply:
    """Send a request and wait until it is answered whole.

    Args:
        url: http or https.
        headers: all of them, in order.
        body: exact bytes.
        seconds: how long it may take altogether.
        tls: whom to trust for https; None trusts whom the system trusts.
        method: of HTTP.
    """
    try:
        async with asyncio.timeout(seconds):
            return await _exchanged(url, headers, body, tls, method)
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):  # timeouts are OSErrors
        return SILENCE


async def _exchanged(
    url: str,
    headers: Sequence[tuple[str, str]],
    body: bytes,
    tls: ssl.SSLContext | None,
    method: str,
) -> Reply:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    context = (tls or ssl.create_default_context()) if is_tls else None
    port = parts.port or (443 if is_tls else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"{method} {target} HTTP/1.0", *(f"{name}: {text}" for name, text in headers)]
        writer.write("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
        await writer.drain()
        return await _reply(reader)
    finally:
        writer.transport.abort()


async def _reply(reader: asyncio.StreamReader) -> Reply:
    """Read an answer to its end.

    Raises:
        ValueError: it is not HTTP.
    """
    status, fields = await _head(reader)
    while 100 <= status < 200:
        status, fields = await _head(reader)
    left = min(int(fields.get("content-length", _MOST_ANSWER)), _MOST_ANSWER)
    while left > 0 and (part := await reader.read(min(left, 65_536))):
        left -= len(part)
    return Reply(status, fields.get("location", ""))


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    protocol, status, *_ = (await reader.readuntil(b"\n")).decode("latin-1").split(None, 2)
    if not protocol.startswith("HTTP/"):
        raise ValueError(protocol)
    fields: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = (await reader.readuntil(b"\n")).decode("latin-1").strip()
        if not line:
            return int(status), fields
        name, _, text = line.partition(":")
        fields[name.strip().lower()] = text.strip()
    raise ValueError("too many headers")
