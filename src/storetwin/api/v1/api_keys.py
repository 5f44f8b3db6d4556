"""Keys of programs."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/api-keys", tags=["api-keys"], route_class=DoorRoute)
ROUTERS = (router,)
