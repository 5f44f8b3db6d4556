"""The shop as an ASGI application: its REST API and its theme, and what is broken in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from storetwin.sandboxes.woocommerce.answers import PLAIN_HTML, Answer
from storetwin.sandboxes.woocommerce.auth import Gate
from storetwin.sandboxes.woocommerce.dispatch import Dispatcher
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.wire import Exchange, Requests, WireLog

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Beginning = Callable[[], tuple[Store, Board]]
_CHUNK = 65_536
_LONGEST_URL = 8_192
_THEME = b"<!DOCTYPE html><html><head><title>Sandbox store</title></head><body>%s</body></html>"


class Shop:
    """Everything behind one URL.

    Args:
        store: the model.
        faults: what is broken on purpose.
        wire_log: where exact bytes are logged, or None.
        begin: makes the store and its faults as they were at the start, for :meth:`reset`.
    """

    def __init__(
        self,
        store: Store,
        faults: Board,
        wire_log: WireLog | None = None,
        begin: Beginning | None = None,
    ) -> None:
        self.store = store
        self.faults = faults
        self.wire_log = wire_log
        self.requests = Requests()
        self._begin = begin
        self._gate = Gate()
        self.dispatcher = Dispatcher(store, faults, self._gate)

    def reset(self) -> None:
        """Be as at the start: same records, same faults, nothing asked for yet.

        Raises:
            ValueError: nobody said what the start was.
        """
        if self._begin is None:
            raise ValueError("this shop does not know how it began")
        store, faults = self._begin()
        store.base = self.store.base
        with self.store.lock:
            self.store, self.faults = store, faults
            self.dispatcher = Dispatcher(store, faults, self._gate)
        self.requests.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = await _request(scope, receive)
        at, clock = time.time(), time.perf_counter()
        with self.store.lock:
            before = self._struck()
            answer = self.respond(request)
            delay = self.faults.delay()
            struck = tuple(name for name, n in self._struck().items() if n > before.get(name, 0))
        if delay:
            await asyncio.sleep(delay)
        date = self.store.now() + self.faults.clock_offset()  # one clock dates all: it may be set
        exchange = Exchange(
            request.method, request.path, request.query_string, answer.status, answer.records,
            at, (time.perf_counter() - clock) * 1000, len(answer.body), struck,
        )  # fmt: skip
        self.requests.note(exchange)
        if self.wire_log is not None:
            self.wire_log.write(exchange, answer.content_type, answer.body)
        await _send(answer, request, send, date)

    def respond(self, request: Request) -> Answer:
        """Return the answer to a request, after everything that is broken had its say."""
        with self.store.lock:
            before = self.faults.before(request)
            answer = self._answer(request) if before is None else before
            return self.faults.after(request, answer)

    def _struck(self) -> dict[str, int]:
        return {name: self.faults.struck(name) for name in self.faults.names}

    def _answer(self, request: Request) -> Answer:
        if len(request.path) + len(request.query_string) > _LONGEST_URL:
            body = b"<html><head><title>414 Request-URI Too Large</title></head></html>"
            return Answer(414, body, content_type="text/html", is_bare=True)
        route = request.route
        if route is None:
            found = request.path in ("/", "/index.php")
            body = _THEME % (b"Welcome" if found else b"Page not found")
            return Answer(200 if found else 404, body, content_type=PLAIN_HTML, is_bare=True)
        return self.dispatcher.answer(request, route)


async def _request(scope: Scope, receive: Receive) -> Request:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
    host = headers.get("host", "127.0.0.1")
    return Request(
        scope["method"],
        scope.get("raw_path", scope["path"].encode()).decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        f"{scope['scheme']}://{host}",
    )


async def _send(answer: Answer, request: Request, send: Send, now: float) -> None:
    """Send it in chunks without a Content-Length, as PHP behind nginx does."""
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": answer.header_lines(request.base, now),
        }
    )
    body = b"" if request.method == "HEAD" else answer.body
    for start in range(0, len(body), _CHUNK):
        part = body[start : start + _CHUNK]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
