"""Questions of fields, filters, groups and sorts."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/queries", tags=["queries"], route_class=DoorRoute)
ROUTERS = (router,)
