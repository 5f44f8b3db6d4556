"""Who is in the organisation, and as what."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/members", tags=["members"], route_class=DoorRoute)
ROUTERS = (router,)
