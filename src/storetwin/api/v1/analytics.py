"""What happened in a span of time."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=DoorRoute)
ROUTERS = (router,)
