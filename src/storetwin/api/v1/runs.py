"""Runs: start, follow, cancel, retry."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/runs", tags=["runs"], route_class=DoorRoute)
ROUTERS = (router,)
