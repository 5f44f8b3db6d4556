"""A small receiver of webhooks on a port of its own: notes what comes, answers what it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it came: ``headers`` in order, names as sent."""

    method: str
    path: str
    protocol: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def topic(self) -> str:
        return self.headers.get("X-WC-Webhook-Topic", "")

    @property
    def is_ping(self) -> bool:
        return not self.topic


@dataclass
class Receiver:
    """Where webhooks arrive.

    Args:
        url: to deliver to.
        answer: what each request gets: a status, or (status, headers); it may sleep.
        seen: everything that came.
    """

    url: str
    answer: Callable[[Received], Any] = lambda _: 200
    seen: list[Received] = field(default_factory=list)

    @property
    def pings(self) -> list[Received]:
        return [each for each in self.seen if each.is_ping]

    @property
    def deliveries(self) -> list[Received]:
        return [each for each in self.seen if not each.is_ping]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A sender that broke off is no error here."""


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Receive until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            came = Received(
                self.command, self.path, self.request_version, dict(self.headers.items()), body,
                time.monotonic(),
            )  # fmt: skip
            receiver.seen.append(came)
            told = receiver.answer(came)
            status, headers = told if isinstance(told, tuple) else (told, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/in")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
