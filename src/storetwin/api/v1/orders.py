"""The order board."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/orders", tags=["orders"], route_class=DoorRoute)
ROUTERS = (router,)
