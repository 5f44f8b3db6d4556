"""How everything is doing."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/status", tags=["status"], route_class=DoorRoute)
ROUTERS = (router,)
