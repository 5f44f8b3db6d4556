"""What the application answers to what is no request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from fastapi import FastAPI

from storetwin.api.server import listen_on, run_server


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """A server that knows no path at all."""
    with listen_on("127.0.0.1", 0) as listening:
        is_up = asyncio.Event()
        serving = asyncio.create_task(run_server(FastAPI(), listening, is_up.set))
        await is_up.wait()
        yield listening.getsockname()[1]
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /?ids=" + b"0" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",  # TLS
    ],
)
async def test_what_is_no_request_is_refused_with_a_problem(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    answer = await asyncio.wait_for(reader.read(), 5)  # to its end: the connection is closed
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", maxsplit=1) for line in lines)
    assert status == "http/1.1 400 bad request"
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-length"] == str(len(body))
    document = json.loads(body)
    assert (document["status"], document["code"]) == (400, "no_request")
    assert document["detail"]
