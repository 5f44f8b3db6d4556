"""The web application as one object: its routes, and what runs beside them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from starlette.routing import BaseRoute

from storetwin.api.health import Health, health_routes
from storetwin.api.webhooks import Door
from storetwin.hub import Hub

log = structlog.get_logger()
Part = Callable[[], Awaitable[None]]


def create_app(hub: Hub, health: Health, beside: Sequence[Part] = ()) -> FastAPI:
    """Return the application.

    Args:
        health: what is asked whether everything works.
        beside: what runs as long as it does, like an embedded worker.
    """
    door = Door(hub)
    routes: list[BaseRoute] = [*health_routes(health), *door.routes()]
    return FastAPI(
        title="Storetwin",
        version=version("storetwin"),
        routes=routes,
        docs_url=None,  # they load from elsewhere, and a hub may have no way out
        redoc_url=None,
        lifespan=lambda _: _running([door.run, *beside]),
    )


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
