"""Invitations: one-time links by which somebody becomes a member."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr

from storetwin.api.callers import Administrator, Caller
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute, PublicRoute
from storetwin.api.strangers import Anybody
from storetwin.hub.people.joining import Acceptance
from storetwin.tenancy.invitations import Invitation, NewInvitation, State
from storetwin.tenancy.members import LONGEST_EMAIL, LONGEST_NAME
from storetwin.tenancy.models import Role
from storetwin.tenancy.passwords import LONGEST, SHORTEST

public = APIRouter(prefix="/invitations", tags=["invitations"], route_class=PublicRoute)
router = APIRouter(prefix="/invitations", tags=["invitations"], route_class=DoorRoute)
ROUTERS = (public, router)
LIST = "invitations, the newest first"


class InvitationGiven(Given):
    """Whom you invite."""

    email: str | None = Field(
        default=None,
        min_length=3,
        max_length=LONGEST_EMAIL,
        description="Who is meant; absent: whoever has the link says who he is.",
        examples=["grace@example.org"],
    )
    role: Role = Field(description="What he will be; not more than you are.")


class InvitationAccepted(Given):
    """Who comes."""

    token: SecretStr = Field(
        min_length=1, max_length=200, description="What stands behind the # of the link."
    )
    email: str | None = Field(
        default=None,
        min_length=3,
        max_length=LONGEST_EMAIL,
        description="Needed where the invitation names none.",
        examples=["grace@example.org"],
    )
    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["Grace Hopper"])
    password: SecretStr = Field(
        min_length=SHORTEST,
        max_length=LONGEST,
        description="The one you want; if you have a user here already, the one that you have.",
    )


class InvitationDocument(BaseModel):
    """An invitation; never its token."""

    invitation_id: UUID
    email: str | None
    role: Role
    state: State
    is_installation_admin: bool
    invited_by: str | None = Field(description="The e-mail of who made it, while he is a member.")
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class InvitationMade(BaseModel):
    """An invitation that was just made."""

    invitation_id: UUID
    token: str = Field(description="Shown this once.")
    link: str | None = Field(
        description="What to send; absent where STORETWIN_PUBLIC_URL is not set."
    )
    expires_at: datetime


class Welcome(BaseModel):
    """You are a member now; sign in with `POST /sessions`."""

    user_id: UUID
    email: str
    organisation_id: UUID
    role: Role


@public.post("/accept", status_code=201)
async def accept_invitation(
    stranger: Anybody, given: InvitationAccepted, response: Response
) -> Welcome:
    """Become a member by a one-time link. Without a user here you become one, with this password.

    If there is a user of this e-mail already, the password has to be his.
    """
    joined = await stranger.hub.people.invitations.accept(
        Acceptance(given.token.get_secret_value(), given.email, given.name, given.password),
        stranger.visitor,
    )
    response.headers["Location"] = "/api/v1/users/me"
    return Welcome(
        user_id=joined.user_id,
        email=joined.email,
        organisation_id=joined.organisation_id,
        role=joined.role,
    )


@router.get("")
async def list_invitations(
    caller: Administrator, limit: Limit = 50, cursor: Cursor = None
) -> Page[InvitationDocument]:
    """List the invitations of the organisation, the newest first."""
    position = position_of(cursor, LIST, UUID)
    found = await caller.hub.people.invitations.every(
        limit=limit + 1, before=position[0] if position else None
    )
    shown = [_document(invitation, caller) for invitation in found]
    return page_of(shown, limit, LIST, lambda one: str(one.invitation_id))


@router.post("", status_code=201)
async def create_invitation(
    caller: Administrator, given: InvitationGiven, response: Response
) -> InvitationMade:
    """Make a one-time link, good for seven days. Its token is shown this once."""
    issued = await caller.hub.people.invitations.invite(
        caller.principal, NewInvitation(given.role, given.email)
    )
    response.headers["Location"] = f"/api/v1/invitations/{issued.invitation_id}"
    url = caller.hub.public_url
    return InvitationMade(
        invitation_id=issued.invitation_id,
        token=issued.token,
        link=issued.link(url) if url else None,
        expires_at=issued.expires_at,
    )


@router.get("/{invitation_id}")
async def show_invitation(caller: Administrator, invitation_id: UUID) -> InvitationDocument:
    """Show an invitation; never its token."""
    return _document(await caller.hub.people.invitations.one(invitation_id), caller)


@router.delete("/{invitation_id}", status_code=204)
async def delete_invitation(caller: Administrator, invitation_id: UUID) -> None:
    """Take back an invitation that nobody has accepted."""
    await caller.hub.people.invitations.revoke(invitation_id)


def _document(invitation: Invitation, caller: Caller) -> InvitationDocument:
    return InvitationDocument(
        invitation_id=invitation.invitation_id,
        email=invitation.email,
        role=invitation.role,
        state=invitation.state(caller.hub.clock()),
        is_installation_admin=invitation.is_installation_admin,
        invited_by=invitation.invited_by,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        accepted_at=invitation.accepted_at,
        revoked_at=invitation.revoked_at,
    )
