"""Connections to stores."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/connections", tags=["connections"], route_class=DoorRoute)
ROUTERS = (router,)
