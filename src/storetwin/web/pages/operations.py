"""Operations: what runs, what ran, and starting a run."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from storetwin.runs.listing import Wanted
from storetwin.web.route import PageRoute
from storetwin.web.view import Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)


@router.get("/operations")
async def operations_page(page: Reading) -> Response:
    """Show what runs, and what ran lately."""
    rows = await page.hub.asking.every(None, Wanted(limit=20))
    return await page.render("operations/index.html", {"runs": rows}, api="/api/v1/runs")
