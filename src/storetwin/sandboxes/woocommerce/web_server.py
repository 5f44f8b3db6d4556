"""The web server that a sandbox runs in: stops at once, whoever waits, and quietly on a signal."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from storetwin.sandboxes.woocommerce.app import CONNECTION, Shop
from storetwin.sandboxes.woocommerce.control import PREFIX, ControlDoor
from storetwin.sandboxes.woocommerce.page import Front, LiveStream
from storetwin.sandboxes.woocommerce.wc_auth import AuthPage

BACKLOG = 512
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _Protocol(HttpToolsProtocol):
    """Gives the connection to the shop, for faults that play with it."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self.scope["state"][CONNECTION] = self.transport


class WebServer(uvicorn.Server):
    """Ends quietly on a signal; uvicorn's own would raise it again and die of it.

    Args:
        config: uvicorn's.
        beside: runs in the server's loop for as long as it answers.
        let_go: called at the end; let everybody go who is kept waiting.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        beside: Callable[[], Coroutine[Any, Any, None]],
        *let_go: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._beside = beside
        self._running: asyncio.Task[None] | None = None
        self._let_go = let_go
        self.when_up: Callable[[], None] | None = None
        """Called once the store answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._running = asyncio.create_task(self._beside())
        if self.when_up is not None:
            self.when_up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; whoever has the page open or waits for an answer does not hold us."""
        for let_go in self._let_go:
            let_go()
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take Ctrl-C and SIGTERM as a wish to stop, for as long as the server runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def web_server(shop: Shop, https: tuple[str, str] | None) -> WebServer:
    """Return what serves a shop, its control door and its page.

    Args:
        shop: the shop.
        https: (certificate file, key file) for TLS, or None.
    """
    live = LiveStream(shop)
    certificate, key = https or (None, None)
    config = uvicorn.Config(
        _application(shop, live), loop="uvloop", http=_Protocol, ws="none",
        lifespan="off", log_config=None, log_level="critical", access_log=False,
        server_header=False, date_header=False, ssl_certfile=certificate, ssl_keyfile=key,
        timeout_graceful_shutdown=1, backlog=BACKLOG,
    )  # fmt: skip
    return WebServer(config, shop.webhooks.run, live.close, shop.close)


def _application(shop: Shop, live: LiveStream) -> Starlette:
    """Return the control door and the page's files below ``/sandbox``, all else before the shop."""
    front = Front(shop)
    below = [*ControlDoor(shop).routes(), *live.routes(), *front.routes()]
    pages = AuthPage(shop).routes()
    return Starlette(routes=[Mount(PREFIX, routes=below), *pages, Mount("/", app=front)])
