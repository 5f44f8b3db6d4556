"""Records as the store has them, and as they were."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/snapshots", tags=["snapshots"], route_class=DoorRoute)
ROUTERS = (router,)
