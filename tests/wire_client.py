"""HTTP/1.1 by the byte: sends what no client would, and reads whatever is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PATIENCE = 20.0
CUT = 0  # the status of an answer that did not come: the connection was closed
SILENT = -1  # and of one that did not come in time


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; of a connection that was closed without an answer the status is `CUT`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(slots=True)
class Wire:
    """One connection to a server, made again whenever it was closed."""

    url: str
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    async def send(self, request: bytes) -> Reply:
        """Send these very bytes and read one answer."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._send(request)
        except TimeoutError:
            await self.close()
            return Reply(SILENT)

    async def _send(self, request: bytes) -> Reply:
        for _ in range(2):  # what was kept open may have been closed meanwhile
            is_new = self._reader is None
            reader, writer = await self._open()
            try:
                writer.write(request)
                await writer.drain()
                return await self._read(reader, is_head=request.startswith(b"HEAD "))
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()
                if is_new:
                    break
        return Reply(CUT)

    async def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()
        self._reader = self._writer = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None:
            there = urlsplit(self.url)
            self._reader, self._writer = await asyncio.open_connection(
                there.hostname, there.port, limit=2**22
            )
        return self._reader, self._writer

    async def _read(self, reader: asyncio.StreamReader, *, is_head: bool) -> Reply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        status = int(first.split()[1])
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body = b""
        if headers.get("transfer-encoding") == "chunked":
            body = await _chunks(reader)
        elif "content-length" in headers and not is_head and status not in (204, 304):
            body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        return Reply(status, headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


def request(
    method: str, target: str, headers: Mapping[str, str | bytes] | None = None, body: bytes = b""
) -> bytes:
    """Return the bytes of a request; nothing of it is checked or escaped."""
    lines = [f"{method} {target} HTTP/1.1".encode("utf-8", "surrogateescape"), b"Host: hub.example"]
    given = dict(headers or {})
    names = {name.lower() for name in given}
    if (body or method in ("POST", "PUT", "PATCH")) and not names & {
        "content-length",
        "transfer-encoding",
    }:
        given["Content-Length"] = str(len(body))
    for name, value in given.items():
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
        lines.append(name.encode() + b": " + raw)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
