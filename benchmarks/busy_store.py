"""A store on a small host: every request costs processor time, as PHP's do.

Processes that each serve one request at a time, on one core or on several, with the costs that
were measured on a real WooCommerce (docs/explanation/how-a-store-behaves.md): any request 39 ms,
an order 6 ms more, its id and date 1 ms, a shopper's page 50 ms. They are burnt, not slept. Run as
``python -m benchmarks.busy_store --orders 5000 --cores 1``; prints its URL; ends with its parent.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import time
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from benchmarks.page_server import DATE, INDEX, Pages

ANY, ORDER, LIGHT, SHOPPER = 0.039, 0.006, 0.001, 0.050
WORKERS = 8


def burn(seconds: float) -> None:
    """Keep a core busy until this process has used so much of it."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


def answer(pages: Pages, target: str) -> bytes:
    """Return a whole HTTP answer, having worked for it as long as PHP would."""
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    extra = b""
    if parts.path.endswith("/orders"):
        offset, size = int(query.get("offset", 0)), int(query.get("per_page", 10))
        is_light = "_fields" in query
        body = (pages.light if is_light else pages.page)(offset, size)
        extra = b"X-WP-Total: %d\r\n" % pages.orders
        burn(ANY + (LIGHT if is_light else ORDER) * max(0, min(size, pages.orders - offset)))
    elif "/wp-json" in parts.path:
        body = INDEX if parts.path.rstrip("/").endswith(("/wc/v3", "/wp-json")) else b"{}"
        burn(ANY)
    else:
        body = b"<!DOCTYPE html><title>Shop</title>"
        burn(SHOPPER)
    kind = b"text/html" if body.startswith(b"<") else b"application/json"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nConnection: close\r\n"
    return head + DATE + extra + b"Content-Length: %d\r\n\r\n" % len(body) + body


def serve(listener: socket.socket, pages: Pages) -> None:
    """Answer one request after the other, for ever."""
    while True:
        client, _ = listener.accept()
        with client:
            received = b""
            while b"\r\n\r\n" not in received:
                more = client.recv(65_536)
                if not more:
                    break
                received += more
            else:
                whole = answer(pages, received.split(b" ", 2)[1].decode())
                with suppress(OSError):  # whoever asked has gone away; PHP works to the end as well
                    client.sendall(whole)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=5_000)
    parser.add_argument("--cores", type=int, default=2)
    chosen = parser.parse_args()
    pages = Pages(chosen.orders)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: chosen.cores])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    workers = []
    for _ in range(WORKERS):
        if not (pid := os.fork()):
            serve(listener, pages)
        workers.append(pid)

    def stop(*_: object) -> None:
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    signal.signal(signal.SIGTERM, stop)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    for pid in workers:
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
