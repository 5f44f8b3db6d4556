"""What happens in the shop, as server-sent events: ``/sandbox/events``.

Two kinds of event: ``requests`` (new lines of the wire log) and ``state`` (everything that the
page shows in figures). At most four a second, and only what changed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.control import sending, shown, shown_delivery
from storetwin.sandboxes.woocommerce.webhooks import Delivered

_EVERY = 0.25  # seconds
_KEEP_ALIVE = 15.0  # seconds of silence after which a comment is sent
_MOST_ROWS = 200
_MOST_SENT = 12


class LiveStream:
    """Tells whoever listens what changed.

    Args:
        shop: the shop.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._is_closing = False
        self._born = f"{time.time():.3f}"

    def routes(self) -> list[Route]:
        """Return its route, relative to the control door."""
        return [Route("/events", self.events, methods=["GET"])]

    def close(self) -> None:
        """Let every listener go, so that the server can stop at once."""
        self._is_closing = True

    async def events(self, request: Request) -> StreamingResponse:
        """Begin a stream; ``Last-Event-ID`` says where an earlier one broke off."""
        return StreamingResponse(
            self._stream(request),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def _stream(self, request: Request) -> AsyncIterator[str]:
        listener = Listener(self._shop, self._born, request.headers.get("last-event-id", ""))
        said = time.monotonic()
        yield "retry: 1000\n\n"
        while not self._is_closing and not await request.is_disconnected():
            news = listener.news()
            if news:
                said = time.monotonic()
                yield "".join(news)
            elif time.monotonic() - said > _KEEP_ALIVE:
                said = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(_EVERY)


class Listener:
    """Remembers what one listener has been told.

    Args:
        shop: the shop.
        born: names this run of the sandbox; numbers of another run mean nothing here.
        last: the id of the last event that the listener has seen, or empty.
    """

    def __init__(self, shop: Shop, born: str, last: str) -> None:
        self._shop = shop
        self._born = born
        self._clears = shop.requests.clears
        run, _, number = last.rpartition("/")
        self._number = int(number) if run == self._run and number.isdecimal() else 0
        self._is_new = self._number == 0
        self._state: dict[str, Any] = {}

    @property
    def _run(self) -> str:
        return f"{self._born}/{self._clears}"

    def news(self) -> list[str]:
        """Return the events since the last call."""
        log = self._shop.requests
        if log.clears != self._clears:
            self._clears, self._number, self._is_new = log.clears, 0, True
        found = log.since(self._number, _MOST_ROWS)
        events = []
        if found or self._is_new:
            rows = [shown(exchange) for exchange in found]
            missed = found[0].number - self._number - 1 if found else 0
            news = {"rows": rows, "missed": missed, "is_new": self._is_new}
            self._number = found[-1].number if found else 0
            self._is_new = False
            events.append(f"id: {self._run}/{self._number}\n" + _event("requests", news))
        state = self._figures()
        if state != self._state:
            self._state = state
            events.append(_event("state", state))
        return events

    def _figures(self) -> dict[str, Any]:
        """Return the figures of the page: requests, records, and the faults that are on."""
        shop = self._shop
        faults = [
            {**found, "ids": len(found["ids"]), "some_ids": found["ids"][:5]}
            for found in shop.faults.described()
        ]
        latest = shop.webhooks.deliveries.since(0, _MOST_SENT)
        return {
            "requests": shop.requests.total,
            "by_status": {str(status): n for status, n in sorted(shop.requests.by_status.items())},
            "served": shop.requests.records,
            "records": shop.store.counts(),
            "faults": faults,
            "webhooks": {**sending(shop), "latest": [_brief(each) for each in latest]},
        }


def _brief(delivered: Delivered) -> dict[str, Any]:
    """Return a delivery as the page shows it: without headers and body."""
    told = shown_delivery(delivered)
    return {name: value for name, value in told.items() if name not in ("headers", "body", "ms")}


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"
