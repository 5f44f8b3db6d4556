"""The door of webhooks over a real socket, and what a store sends to it."""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette

from hubs import NAME, Twin
from storetwin.api.keeping import Limits
from storetwin.api.webhooks import Door
from storetwin.connections.webhooks import ReceivingEnd

# As recorded of WooCommerce 10.5: a delivery has these headers beside the signature.
AGENT = "WooCommerce/10.5.0 Hookshot (WordPress/6.9.1)"


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def signature(secret: str, body: bytes) -> str:
    """Sign as WooCommerce does."""
    return b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


@dataclass
class Sender:
    """A store that delivers to one URL, keep-alive or not as the client likes."""

    session: aiohttp.ClientSession
    url: str
    secret: str
    source: str
    sent: int = field(default=0)

    def headers(self, topic: str, body: bytes, **changed: str | None) -> dict[str, str]:
        resource, _, event = topic.partition(".")
        self.sent += 1
        all_of_them = {
            "User-Agent": AGENT,
            "Content-Type": "application/json",
            "X-WC-Webhook-Source": self.source,
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(self.secret, body),
            "X-WC-Webhook-ID": "12",
            "X-WC-Webhook-Delivery-ID": "63fd5d7b59ae61734c7558d7e92a66ee",
        }
        named = {name.replace("_", "-"): value for name, value in changed.items()}
        left = {n: v for n, v in all_of_them.items() if n.lower() not in map(str.lower, named)}
        return left | {name: value for name, value in named.items() if value is not None}

    async def post(self, body: bytes, headers: dict[str, str], url: str | None = None) -> int:
        """Send these very bytes; return the status of the answer."""
        async with self.session.post(url or self.url, data=body, headers=headers) as response:
            await response.read()
            return response.status

    async def deliver(
        self, topic: str, record: object, url: str | None = None, **changed: str | None
    ) -> int:
        """Deliver a record as JSON; ``changed`` are headers, None leaves one out."""
        body = record if isinstance(record, bytes) else json.dumps(record).encode()
        return await self.post(body, self.headers(topic, body, **changed), url)


@dataclass
class Entrance:
    """A door that is open."""

    door: Door
    url: str
    sender: Sender
    end: ReceivingEnd


class _QuietServer(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """Leave the signals to pytest."""


@asynccontextmanager
async def open_door(
    twin: Twin, *, limits: Limits | None = None, proxy_header: str | None = None, **ends: Any
) -> AsyncIterator[Entrance]:
    """Serve the door of a twin's hub, with a receiving end for its connection."""
    end = await twin.hub.register.receiving_ends.ensure(twin.connection, twin.hub.clock(), **ends)
    door = Door(replace(twin.hub, proxy_header=proxy_header), limits=limits)
    async with serving(door) as url, aiohttp.ClientSession() as session:
        sender = Sender(session, end.url(url), end.secret, f"{twin.sandbox.url}/")
        yield Entrance(door, url, sender, end)


@asynccontextmanager
async def serving(door: Door, port: int = 0) -> AsyncIterator[str]:
    """Serve a door on a port of 127.0.0.1; yields its URL.

    Left to itself uvicorn believes X-Forwarded-For of whoever connects from this machine.
    """
    app = Starlette(routes=door.routes())
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", lifespan="off", proxy_headers=False
    )
    server = _QuietServer(config)
    async with door.running():
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        bound = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{bound}"
        finally:
            server.should_exit = True
            await task


async def inbox_of(twin: Twin) -> list[dict[str, Any]]:
    """Return what stands in the inbox, the oldest first."""
    return await twin.rows(
        "SELECT number, topic, resource, remote_id, parent_id, body, state, attempts, note,"
        " received_at FROM mirror.inbox WHERE connection_id = %(connection_id)s ORDER BY number"
    )


__all__ = ["NAME", "Entrance", "Sender", "free_port", "inbox_of", "open_door", "serving"]
