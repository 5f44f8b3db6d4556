"""The user himself."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.route import DoorRoute
from storetwin.tenancy.models import Permission, Role, Via

router = APIRouter(prefix="/users", tags=["users"], route_class=DoorRoute)
ROUTERS = (router,)


class Me(BaseModel):
    """Who asks, and what he may."""

    user_id: UUID
    organisation_id: UUID
    actor: str = Field(examples=["ada@example.org"])
    via: Via
    role: Role
    permissions: list[Permission]
    is_installation_admin: bool


@router.get("/me")
async def show_me(caller: Reader) -> Me:
    """Say who you are."""
    principal = caller.principal
    return Me(
        user_id=principal.user_id,
        organisation_id=principal.organisation_id,
        actor=principal.actor,
        via=principal.via,
        role=principal.role,
        permissions=sorted(principal.permissions),
        is_installation_admin=principal.is_installation_admin,
    )
