"""When connections are read by themselves."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/schedules", tags=["schedules"], route_class=DoorRoute)
ROUTERS = (router,)
