"""Who did what."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/audit", tags=["audit"], route_class=DoorRoute)
ROUTERS = (router,)
