"""The shop as an ASGI application: its REST API and its theme, and what is broken in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from storetwin.sandboxes.woocommerce.answers import PLAIN_HTML, Answer
from storetwin.sandboxes.woocommerce.auth import Gate
from storetwin.sandboxes.woocommerce.delivery import Line, Receive, Send, deliver
from storetwin.sandboxes.woocommerce.dispatch import Dispatcher
from storetwin.sandboxes.woocommerce.fault_load import Core
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.sales import run_due
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.webhooks import USUAL_DELAY, Webhooks
from storetwin.sandboxes.woocommerce.wire import Exchange, Requests, WireLog

Scope = MutableMapping[str, Any]
Beginning = Callable[[], tuple[Store, Board]]
CONNECTION = "connection"
"""Where the server puts, into a request's state, the connection that it came by."""
_LONGEST_URL = 8_192
_THEME = b"<!DOCTYPE html><html><head><title>Sandbox store</title></head><body>%s</body></html>"


class Shop:
    """Everything behind one URL.

    Args:
        store: the model.
        faults: what is broken on purpose.
        wire_log: where exact bytes are logged, or None.
        begin: makes the store and its faults as they were at the start, for :meth:`reset`.
        webhook_delay: seconds between an event and its delivery.
        webhook_faults: what happens to deliveries on their way.

    Raises:
        ValueError: a webhook fault is unknown or has a wrong parameter.
    """

    def __init__(
        self,
        store: Store,
        faults: Board,
        wire_log: WireLog | None = None,
        begin: Beginning | None = None,
        webhook_delay: float = USUAL_DELAY,
        webhook_faults: Iterable[str] = (),
    ) -> None:
        self.store = store
        self.faults = faults
        self.wire_log = wire_log
        self.requests = Requests()
        self._begin = begin
        self.gate = Gate(now=self._now)
        """Which keys open it."""
        self.waiting = 0
        """How many clients are being answered or kept waiting in this moment."""
        self._closing = asyncio.Event()
        self._core = Core(self._closing)
        self.dispatcher = Dispatcher(store, faults, self.gate)
        self.webhooks = Webhooks(lambda: self.store, self._kills, webhook_delay, webhook_faults)
        store.listener = self.webhooks.told

    def _now(self) -> float:
        """Return the time by the clock of the store as it is now: it may be another later."""
        return self.store.now()

    def _kills(self, resource: str, number: int) -> bool:
        return self.faults.kills(resource, number)

    def reset(self) -> None:
        """Be as at the start: same records, same faults, nothing asked for yet.

        Raises:
            ValueError: nobody said what the start was.
        """
        if self._begin is None:
            raise ValueError("this shop does not know how it began")
        store, faults = self._begin()
        store.base, store.listener = self.store.base, self.webhooks.told
        with self.store.lock:
            self.store, self.faults = store, faults
            self.dispatcher = Dispatcher(store, faults, self.gate)
        self.gate.reset()
        self.requests.clear()
        self.webhooks.clear()

    def close(self) -> None:
        """Let everybody go who waits for an answer; called by the server's own loop."""
        self._closing.set()
        self.webhooks.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = await _request(scope, receive)
        at, clock = time.time(), time.perf_counter()
        with self.store.lock:
            before = self._struck()
            answer = self.respond(request)
            delay = answer.wait + self.faults.delay()
            work = self.faults.work(answer.records)
            struck = tuple(name for name, n in self._struck().items() if n > before.get(name, 0))
        self.waiting += 1
        line = Line(receive, send, self._closing, scope.get("state", {}).get(CONNECTION))
        try:
            for webhook in answer.pings:
                await self.webhooks.ping(webhook)
            await self._core.burn(work)
            if delay:
                await line.holds(delay)
            cut = answer.delivery.is_cut or answer.delivery.silence
            exchange = Exchange(
                request.method, request.path, request.query_string, 0 if cut else answer.status,
                answer.records, at, (time.perf_counter() - clock) * 1000, len(answer.body), struck,
            )  # fmt: skip
            self._note(exchange, answer)
            start = self._start(answer, request)
            body = b"" if request.method == "HEAD" else answer.body
            await deliver(line, start, body, answer.delivery)
        finally:
            self.waiting -= 1
            await line.release()

    def _note(self, exchange: Exchange, answer: Answer) -> None:
        self.requests.note(exchange)
        if self.wire_log is not None:
            self.wire_log.write(exchange, answer.content_type, answer.body)

    def _start(self, answer: Answer, request: Request) -> MutableMapping[str, Any]:
        date = self.store.now() + self.faults.clock_offset()  # one clock dates all: it may be set
        headers = answer.header_lines(request.base, date)
        return {"type": "http.response.start", "status": answer.status, "headers": headers}

    def respond(self, request: Request) -> Answer:
        """Return the answer to a request, after everything that is broken had its say."""
        with self.store.lock:
            kept = self.faults.kept(request)
            if kept is not None:
                return kept
            run_due(self.store)
            before = self.faults.before(request)
            answer = self._answer(request) if before is None else before
            return self.faults.keep(request, self.faults.after(request, answer))

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
