"""Records that need a person."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/dead-letters", tags=["dead-letters"], route_class=DoorRoute)
ROUTERS = (router,)
