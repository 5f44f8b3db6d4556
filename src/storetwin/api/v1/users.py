"""The user himself."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr, model_validator

from storetwin.api.callers import Caller, Reader
from storetwin.api.given import Given
from storetwin.api.route import DoorRoute
from storetwin.tenancy.members import LONGEST_NAME
from storetwin.tenancy.models import Permission, Role, Via
from storetwin.tenancy.passwords import LONGEST, SHORTEST

router = APIRouter(prefix="/users", tags=["users"], route_class=DoorRoute)
ROUTERS = (router,)


class Me(BaseModel):
    """Who asks, and what he may."""

    user_id: UUID
    organisation_id: UUID
    email: str = Field(examples=["ada@example.org"])
    name: str = Field(examples=["Ada Lovelace"])
    actor: str = Field(
        description="How the audit log names whoever asks: the e-mail, with a key its name.",
        examples=["ada@example.org"],
    )
    via: Via
    role: Role
    permissions: list[Permission]
    is_installation_admin: bool


class MyChanges(Given):
    """What you change of yourself. What is absent stays as it is."""

    name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    password: SecretStr | None = Field(
        default=None,
        min_length=SHORTEST,
        max_length=LONGEST,
        description="A new one; needs `current_password`, and ends all your other sessions.",
    )
    current_password: SecretStr | None = Field(default=None, min_length=1, max_length=LONGEST)

    @model_validator(mode="after")
    def _proves_himself(self) -> Self:
        if (self.password is None) is not (self.current_password is None):
            raise ValueError("password and current_password belong together")
        return self


@router.get("/me")
async def show_me(caller: Reader) -> Me:
    """Say who you are."""
    return await _me(caller)


@router.patch("/me")
async def update_me(caller: Reader, changes: MyChanges) -> Me:
    """Change your name or your password. A new password ends all your other sessions."""
    verbs = caller.hub.people.sessions
    if changes.password is not None and changes.current_password is not None:
        await verbs.change_password(
            caller.principal, changes.current_password, changes.password, caller.address
        )
    if changes.name is not None:
        await verbs.rename(caller.principal, changes.name)
    return await _me(caller)


async def _me(caller: Caller) -> Me:
    principal = caller.principal
    user = await caller.hub.people.sessions.me(principal)
    return Me(
        user_id=principal.user_id,
        organisation_id=principal.organisation_id,
        email=user.email,
        name=user.name,
        actor=principal.actor,
        via=principal.via,
        role=principal.role,
        permissions=sorted(principal.permissions),
        is_installation_admin=principal.is_installation_admin,
    )
