"""The web application as one object: its routes, and what runs beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from storetwin.api.health import Health, health_routes
from storetwin.api.limits import RATE_HEADERS, Limits
from storetwin.api.metrics import Counting, metrics_routes, templates_of
from storetwin.api.problems import handle_problems, schemas_of_problems
from storetwin.api.route import Edge
from storetwin.api.streams import Streams
from storetwin.api.v1 import include_nouns
from storetwin.api.webhooks import Door
from storetwin.hub import Hub
from storetwin.telemetry.logs import Log

log = Log()
Part = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Manners:
    """How the REST API treats its callers.

    Args:
        cors_origins: whose web pages may call it.
        requests_per_minute: how often each may.
        metrics_token: what Prometheus has to send; None: it asks from this machine.
    """

    cors_origins: tuple[str, ...] = ()
    requests_per_minute: int = 600
    metrics_token: str | None = field(default=None, repr=False)


class Application(FastAPI):
    """What answers; its document describes the problems that every route may answer with."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        document["components"]["schemas"] |= schemas_of_problems()
        return document


def create_app(
    hub: Hub,
    health: Health,
    beside: Sequence[Part] = (),
    *,
    manners: Manners | None = None,
    mounts: Sequence[BaseRoute] = (),
) -> FastAPI:
    """Return the application.

    Args:
        health: what is asked whether everything works.
        beside: what runs as long as it does, like an embedded worker.
        manners: how the REST API treats its callers.
        mounts: what else is answered here, like the MCP server.
    """
    manners = manners or Manners()
    door = Door(hub)
    plain = [*health_routes(health), *metrics_routes(hub, manners.metrics_token), *door.routes()]
    app = Application(
        title="Storetwin",
        version=version("storetwin"),
        summary="A complete, provable twin of every WooCommerce store.",
        routes=[*plain, *mounts],
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # they load from elsewhere, and a hub may have no way out
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lambda _: _running([door.run, *beside]),
    )
    app.state.edge = Edge(hub, Limits(manners.requests_per_minute))
    app.state.streams = Streams(hub)
    handle_problems(app)
    include_nouns(app)
    if manners.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=manners.cors_origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match"],
            expose_headers=["ETag", "Location", "Retry-After", *RATE_HEADERS],
            max_age=600,
        )
    app.add_middleware(Counting, templates_of(plain))
    return app


def _running(parts: Sequence[Part]) -> AbstractAsyncContextManager[None]:
    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(_told(part)) for part in parts]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return lifespan()


async def _told(part: Part) -> None:
    """Run a part; what ends by an error of ours does not do so unheard."""
    try:
        await part()
    except Exception:
        log.exception("part_has_ended", part=getattr(part, "__qualname__", str(part)))
        raise
