"""A store that serves prepared pages of orders as fast as it can, with a latency on demand.

Speaks just enough of WooCommerce's list of orders for the hub, the floor and the peer: offset or
page, per_page, ``_fields=id,date_modified_gmt``, totals. Run as
``python -m benchmarks.page_server --orders 50000 --latency 0``; prints its URL.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
from urllib.parse import parse_qs, urlsplit

import uvloop

from storetwin.sandboxes.woocommerce import Store

DATE = b"Date: Fri, 20 Nov 2026 12:00:00 GMT\r\n"
MODIFIED = re.compile(rb'"date_modified_gmt":"[^"]+"')
DISTINCT = 2_000  # documents rendered; the rest are the same with other ids


class Pages:
    """Prepared orders. Only ``DISTINCT`` bodies are kept, so 500,000 orders need no memory."""

    def __init__(self, orders: int) -> None:
        store = Store(seed=1, orders=DISTINCT)
        self.bodies: list[bytes] = []
        self.dates: list[bytes] = []
        self.orders = orders
        filler = random.Random(1)
        for number in store.ids("orders"):
            document = store.document("orders", number)
            if document is None:
                continue
            head = b'{"id":%d,' % number
            if not document.startswith(head):
                continue
            note = bytes(
                filler.choices(b"abcdefghijklmnopqrstuvwxyz ", k=max(0, 5_400 - len(document)))
            )
            date = MODIFIED.search(document)
            if date is None:
                continue
            self.dates.append(date[0])
            self.bodies.append(
                document[len(head) : -1].replace(
                    b'"customer_note":""', b'"customer_note":"%s"' % note, 1
                )
                + b"}"
            )

    def page(self, offset: int, size: int) -> bytes:
        numbers = range(offset, min(self.orders, offset + size))
        return (
            b"["
            + b",".join(b'{"id":%d,' % (n + 1) + self.bodies[n % len(self.bodies)] for n in numbers)
            + b"]"
        )

    def light(self, offset: int, size: int) -> bytes:
        numbers = range(offset, min(self.orders, offset + size))
        dates = (self.dates[n % len(self.dates)] for n in numbers)
        pairs = zip(numbers, dates, strict=True)
        return b"[" + b",".join(b'{"id":%d,%b}' % (n + 1, date) for n, date in pairs) + b"]"


INDEX = (
    b'{"namespace":"wc/v3","routes":{"/wc/v3/orders":{"endpoints":[{"methods":["GET"],"args":{"status":'
    b'{"items":{"enum":["any","trash","completed"]}}}}]}}}'
)


class Door(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and no more."""

    pages: Pages
    latency: float = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            target = head.split(b" ", 2)[1].decode()
            if self.latency:
                asyncio.get_running_loop().call_later(self.latency, self.answer, target)
            else:
                self.answer(target)

    def answer(self, target: str) -> None:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/orders"):
            size = int(query.get("per_page", 10))
            offset = int(query.get("offset", (int(query.get("page", 1)) - 1) * size))
            make = self.pages.light if "_fields" in query else self.pages.page
            body = make(offset, size)
        elif parts.path.rstrip("/").endswith(("/wc/v3", "/wp-json")):
            body = INDEX
        else:
            body = b"{}"
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\n"
            + DATE
            + b"X-WP-Total: %d\r\nX-WP-TotalPages: %d\r\nContent-Length: %d\r\n\r\n"
            % (self.pages.orders, -(-self.pages.orders // 100), len(body))
        )
        if not self.transport.is_closing():
            self.transport.writelines([head, body])  # type: ignore[attr-defined]


async def serve(orders: int, latency: float) -> None:
    Door.pages, Door.latency = Pages(orders), latency
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    chosen = parser.parse_args()
    uvloop.run(serve(chosen.orders, chosen.latency))
