"""Signing in, staying in, and signing out."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/sessions", tags=["sessions"], route_class=DoorRoute)
ROUTERS = (router,)
