"""Proofs of completeness."""

from __future__ import annotations

from fastapi import APIRouter

from storetwin.api.route import DoorRoute

router = APIRouter(prefix="/certificates", tags=["certificates"], route_class=DoorRoute)
ROUTERS = (router,)
