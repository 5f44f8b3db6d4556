"""The members of the organisation, and what they are in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from storetwin.api.callers import Administrator, Reader
from storetwin.api.given import Given
from storetwin.api.moments import AtText
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.tenancy.members import Member, same_email
from storetwin.tenancy.models import Role

router = APIRouter(prefix="/members", tags=["members"], route_class=DoorRoute)
ROUTERS = (router,)
LIST = "members by e-mail"


class MemberChanges(Given):
    """What a member becomes."""

    role: Role


class MemberDocument(BaseModel):
    """Somebody in the organisation."""

    user_id: UUID
    email: str = Field(examples=["ada@example.org"])
    name: str = Field(examples=["Ada Lovelace"])
    role: Role
    created_at: datetime = Field(description="Since when he is a member.")
    is_disabled: bool = Field(description="He was shut out of the whole installation.")


@router.get("")
async def list_members(
    caller: Administrator, limit: Limit = 50, cursor: Cursor = None
) -> Page[MemberDocument]:
    """List the members of the organisation by e-mail."""
    position = position_of(cursor, LIST, AtText)
    found = await caller.hub.people.members.every(
        limit=limit + 1, after=position[0] if position else None
    )
    shown = [_document(member) for member in found]
    return page_of(shown, limit, LIST, lambda one: same_email(one.email))


@router.get("/{user_id}")
async def show_member(caller: Administrator, user_id: UUID) -> MemberDocument:
    """Show a member."""
    return _document(await caller.hub.people.members.one(user_id))


@router.patch("/{user_id}")
async def update_member(
    caller: Administrator, user_id: UUID, changes: MemberChanges
) -> MemberDocument:
    """Make a member something else, at once, his API keys included.

    Nobody makes anybody more than he is himself; the last owner stays one.
    """
    return _document(
        await caller.hub.people.members.change_role(caller.principal, user_id, changes.role)
    )


@router.delete("/{user_id}", status_code=204)
async def delete_member(caller: Reader, user_id: UUID) -> None:
    """Let somebody be no member any more; his API keys end with it.

    Administrators remove others; everybody may leave. The last owner stays.
    """
    await caller.hub.people.members.remove(caller.principal, user_id)


def _document(member: Member) -> MemberDocument:
    return MemberDocument(
        user_id=member.user_id,
        email=member.email,
        name=member.name,
        role=member.role,
        created_at=member.created_at,
        is_disabled=member.disabled_at is not None,
    )
