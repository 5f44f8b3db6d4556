"""Organisations."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/organisations", tags=["organisations"], route_class=DoorRoute)
ROUTERS = (router,)
