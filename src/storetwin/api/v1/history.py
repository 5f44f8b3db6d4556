"""What changed between two moments."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/history", tags=["history"], route_class=DoorRoute)
ROUTERS = (router,)
