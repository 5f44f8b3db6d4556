"""One-time links by which others join."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/invitations", tags=["invitations"], route_class=DoorRoute)
ROUTERS = (router,)
