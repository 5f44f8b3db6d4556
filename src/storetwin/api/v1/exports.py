"""Records in bulk, as a file."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/exports", tags=["exports"], route_class=DoorRoute)
ROUTERS = (router,)
