"""Gives the web pages to an application that has the REST API already."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from storetwin.hub import Hub
from storetwin.web import pages
from storetwin.web.assets import PREFIX, load_assets
from storetwin.web.cookies import Jar
from storetwin.web.failures import handle_lost
from storetwin.web.rendering import load_templates
from storetwin.web.view import Web


def add_pages(app: FastAPI, hub: Hub, *, is_demo: bool = False) -> None:
    """Give an application all pages.

    Args:
        hub: of any organisation; which one, the session says.
        is_demo: the hub runs with the store that comes along.

    Raises:
        ConfigurationError: what the pages load was not built.
    """
    assets = load_assets()
    routers = list(routers_of_pages())
    paths = {
        route.path for router in routers for route in router.routes if isinstance(route, Route)
    }
    jar = Jar(is_secure=(hub.public_url or "").startswith("https://"))
    app.state.web = Web(load_templates(assets), jar, paths, is_demo)

    async def static(request: Request) -> Response:
        return assets.answer(request)

    app.router.routes.append(Route(f"{PREFIX}/{{build}}/{{asset:path}}", static, name="static"))
    for router in routers:
        app.include_router(router, include_in_schema=False)
    handle_lost(app)


def routers_of_pages() -> Iterator[APIRouter]:
    """Yield the routers of all modules of `storetwin.web.pages`, in the order of their names."""
    for found in sorted(pkgutil.iter_modules(pages.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{pages.__name__}.{found.name}")
        yield from module.ROUTERS
