"""The stream of every page that has none of its own: what waits, and what runs."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)


@router.get("/live")
async def live_page(page: Reading) -> Response:
    """Tell how the navigation looks, as it changes."""

    async def feed() -> Mapping[str, str]:
        return await shell_parts(page)

    return LiveStream(page, feed)
