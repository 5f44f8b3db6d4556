"""A store, or many, that deliver over kept connections as fast as they are answered.

The last line of standard output is JSON: how many were answered with which status, in which time,
and the longest of the waits.
"""

from __future__ import annotations

import argparse
import asyncio
import hmac
import json
import time
from base64 import b64encode
from collections import Counter
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

RECORDED = 2177  # bytes of the order that WooCommerce delivered when it was recorded


def body_of(number: int) -> bytes:
    """Return an order's delivery of the recorded length."""
    head = f'{{"id":{number},"parent_id":0,"status":"processing","currency":"USD","note":"'
    return (head + "x" * (RECORDED - len(head) - 2) + '"}').encode()


def request_of(chosen: argparse.Namespace, number: int) -> bytes:
    """Return all bytes of one delivery, signed."""
    body = body_of(number)
    signature = b64encode(hmac.digest(chosen.secret.encode(), body, "sha256")).decode()
    head = (
        f"POST {chosen.path} HTTP/1.1\r\nHost: 127.0.0.1:{chosen.port}\r\n"
        "User-Agent: WooCommerce/10.5.0 Hookshot (WordPress/6.9.1)\r\n"
        "Accept: */*\r\nAccept-Encoding: deflate, gzip, br, zstd\r\n"
        "Content-Type: application/json\r\n"
        f"X-WC-Webhook-Source: {chosen.source}/\r\nX-WC-Webhook-Topic: order.updated\r\n"
        "X-WC-Webhook-Resource: order\r\nX-WC-Webhook-Event: updated\r\n"
        f"X-WC-Webhook-Signature: {signature}\r\nX-WC-Webhook-ID: 2\r\n"
        f"X-WC-Webhook-Delivery-ID: {number:032x}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Delivering(asyncio.Protocol):
    """One kept connection: the next delivery goes out when the last one was answered."""

    def __init__(self, requests: list[bytes], at: int, step: int) -> None:
        self.requests, self.at, self.step = requests, at, step
        self.statuses: Counter[int] = Counter()
        self.answered: list[int] = []
        self.waits: list[float] = []
        self.is_over = False
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        self._send()

    def _send(self) -> None:
        self.sent_at = time.perf_counter()
        self.transport.write(self.requests[self.at % len(self.requests)])

    def data_received(self, data: bytes) -> None:
        status = int(data[9:12])
        self.statuses[status] += 1
        self.waits.append(time.perf_counter() - self.sent_at)
        if status == 200:
            self.answered.append(self.at % len(self.requests))
        self.at += self.step
        if self.is_over or status >= 500:
            self._end()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._end()

    def _end(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def main(chosen: argparse.Namespace) -> None:
    requests = [request_of(chosen, number) for number in json.loads(Path(chosen.ids).read_text())]
    loop = asyncio.get_running_loop()
    count = chosen.connections
    stores: list[Delivering] = []
    began = time.perf_counter()
    for number in range(count):
        at = number * len(requests) // count
        delivering = partial(Delivering, requests, at, 1)
        _, store = await loop.create_connection(delivering, "127.0.0.1", chosen.port)
        stores.append(store)
    await asyncio.wait([store.done for store in stores], timeout=chosen.seconds)
    for store in stores:
        store.is_over = True
    await asyncio.wait([store.done for store in stores], timeout=60)
    seconds = time.perf_counter() - began
    statuses = sum((store.statuses for store in stores), Counter[int]())
    waits = sorted(wait for store in stores for wait in store.waits)
    if chosen.answered:
        ids = json.loads(Path(chosen.ids).read_text())
        told = [ids[at] for store in stores for at in store.answered]
        Path(chosen.answered).write_text(json.dumps(told))
    found = {
        "statuses": {str(status): n for status, n in statuses.items()},
        "seconds": seconds,
        "median": waits[len(waits) // 2] if waits else 0.0,
        "p99": waits[len(waits) * 99 // 100] if waits else 0.0,
    }
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--path", "--secret", "--source", "--ids", "--answered"):
        parser.add_argument(option)
    parser.add_argument("--port", type=int)
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=10.0)
    uvloop.run(main(parser.parse_args()))
