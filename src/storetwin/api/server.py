"""The application on a socket, until it is told to stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from storetwin.api.problems import problem
from storetwin.kernel.errors import ConfigurationError

STOP_SECONDS = 2  # requests in flight are answered within it


class _Server(uvicorn.Server):
    """Leaves signals to the command line, which stops everything else as well."""

    def __init__(self, config: uvicorn.Config, is_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._is_up = is_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._is_up()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """Refuses what is no HTTP as everything else is refused: RFC 9457, with a reason."""

    def send_400_response(self, msg: str) -> None:
        answer = problem(
            400,
            "no_request",
            msg,
            remedy="Send HTTP/1.1, with an address below 64 kB.",
            headers={"Connection": "close"},
        )
        lines = [b"HTTP/1.1 400 Bad Request", *(b"%b: %b" % one for one in answer.raw_headers)]
        self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()


def listen_on(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises:
        ConfigurationError: host or port cannot be used.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigurationError(
            f"Nothing can listen on {host}, port {port}: {error.strerror or error}.",
            remedy="Choose another with --host and --port, or STORETWIN_HOST and STORETWIN_PORT.",
        ) from error


def address_of(listening: socket.socket) -> str:
    """Return the URL at which a socket is reached from this machine."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def run_server(
    app: FastAPI,
    listening: socket.socket,
    is_up: Callable[[], None],
    is_ending: Callable[[], None] = lambda: None,
) -> None:
    """Serve until cancelled; then answer what is in flight, and stop what runs beside.

    Args:
        is_up: called when the first request can be answered.
        is_ending: called when no more are taken: what would last for ever is to end now.
    """
    config = uvicorn.Config(
        app,
        loop="none",
        http=_Protocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # else anybody on this machine may say that he is somebody else
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = _Server(config, is_up)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        is_ending()
        await serving
        raise
