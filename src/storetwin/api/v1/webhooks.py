"""Webhooks of a connection, and their deliveries."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=DoorRoute)
ROUTERS = (router,)
