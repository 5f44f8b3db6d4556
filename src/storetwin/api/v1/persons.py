"""What is known of a person: exported and erased."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/persons", tags=["persons"], route_class=DoorRoute)
ROUTERS = (router,)
