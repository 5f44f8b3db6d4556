"""Connecting by the store's own page."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/authorisations", tags=["authorisations"], route_class=DoorRoute)
ROUTERS = (router,)
