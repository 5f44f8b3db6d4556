"""Signing in, staying in, and signing out."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field, SecretStr

from storetwin.api.callers import Caller, Reader
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute, PublicRoute
from storetwin.api.strangers import Anybody
from storetwin.hub.people.signing_in import SignedIn
from storetwin.tenancy.access_tokens import LIFETIME
from storetwin.tenancy.models import Role
from storetwin.tenancy.passwords import LONGEST
from storetwin.tenancy.sessions import Session

public = APIRouter(prefix="/sessions", tags=["sessions"], route_class=PublicRoute)
router = APIRouter(prefix="/sessions", tags=["sessions"], route_class=DoorRoute)
ROUTERS = (public, router)
LIST = "sessions, the newest first"


class Credentials(Given):
    """Who somebody says he is."""

    email: str = Field(min_length=1, max_length=254, examples=["ada@example.org"])
    password: SecretStr = Field(min_length=1, max_length=LONGEST)
    organisation_id: UUID | None = Field(
        default=None, description="Where you go; absent: where you came first."
    )


class Refresh(Given):
    """How a session goes on."""

    refresh_token: SecretStr = Field(min_length=1, max_length=200)
    organisation_id: UUID | None = Field(
        default=None, description="Change to this organisation; absent: stay where you are."
    )


class Tokens(BaseModel):
    """What you are known by from now on."""

    access_token: str = Field(description="Send it as `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - its kind, nothing secret
    expires_in: int = Field(description="Seconds for which the access token is good.")
    refresh_token: str = Field(
        description="Asks for the next access token. It works once: the answer has the next one, "
        "and a second use ends the session."
    )
    session_id: UUID
    user_id: UUID
    organisation_id: UUID
    organisation: str = Field(description="Its name.", examples=["default"])
    role: Role


class SessionDocument(BaseModel):
    """A sign-in that stands."""

    session_id: UUID
    is_current: bool = Field(description="The one that asks.")
    organisation_id: UUID | None = Field(description="In which it was last.")
    created_at: datetime
    last_used_at: datetime = Field(description="When it was last refreshed.")
    expires_at: datetime = Field(description="When it ends, unless it is used before.")
    agent: str | None = Field(description="What the browser or program called itself.")
    address: str | None = Field(description="From where it was last refreshed.")


@public.post("", status_code=201)
async def create_session(stranger: Anybody, credentials: Credentials, response: Response) -> Tokens:
    """Sign in with e-mail and password.

    The answer is the same whether the e-mail or the password is wrong. Who fails several times has
    to wait (429, Retry-After).
    """
    signed_in = await stranger.hub.people.sessions.sign_in(
        credentials.email,
        credentials.password,
        credentials.organisation_id,
        stranger.visitor,
    )
    response.headers["Location"] = f"/api/v1/sessions/{signed_in.session_id}"
    return _tokens(signed_in, response)


@public.post("/refresh")
async def refresh_session(stranger: Anybody, given: Refresh, response: Response) -> Tokens:
    """Go on with a session, here or in another organisation of yours."""
    signed_in = await stranger.hub.people.sessions.refresh(
        given.refresh_token.get_secret_value(), given.organisation_id, stranger.visitor
    )
    return _tokens(signed_in, response)


@router.get("")
async def list_sessions(
    caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[SessionDocument]:
    """List your own sessions, the newest first."""
    position = position_of(cursor, LIST, UUID)
    found = await caller.hub.people.sessions.mine(
        caller.principal, limit=limit + 1, before=position[0] if position else None
    )
    shown = [_document(session, caller) for session in found]
    return page_of(shown, limit, LIST, lambda one: str(one.session_id))


@router.delete("", status_code=204)
async def delete_other_sessions(caller: Reader) -> None:
    """End all your sessions but the one that asks."""
    await caller.hub.people.sessions.end_others(caller.principal)


@router.delete("/current", status_code=204)
async def delete_current_session(caller: Reader) -> None:
    """Sign out: the session that asks ends, and its tokens with it."""
    await caller.hub.people.sessions.end(caller.principal)


@router.get("/{session_id}")
async def show_session(caller: Reader, session_id: UUID) -> SessionDocument:
    """Show one of your own sessions."""
    return _document(await caller.hub.people.sessions.one(caller.principal, session_id), caller)


@router.delete("/{session_id}", status_code=204)
async def delete_session(caller: Reader, session_id: UUID) -> None:
    """End one of your own sessions: its access token is refused at once."""
    await caller.hub.people.sessions.end(caller.principal, session_id)


def _tokens(signed_in: SignedIn, response: Response) -> Tokens:
    response.headers["Cache-Control"] = "no-store"
    return Tokens(
        access_token=signed_in.access_token,
        expires_in=int(LIFETIME.total_seconds()),
        refresh_token=signed_in.refresh_token,
        session_id=signed_in.session_id,
        user_id=signed_in.user_id,
        organisation_id=signed_in.place.organisation_id,
        organisation=signed_in.place.name,
        role=signed_in.place.role,
    )


def _document(session: Session, caller: Caller) -> SessionDocument:
    return SessionDocument(
        session_id=session.session_id,
        is_current=session.session_id == caller.principal.credential_id,
        organisation_id=session.organisation_id,
        created_at=session.created_at,
        last_used_at=session.last_used_at,
        expires_at=session.expires_at,
        agent=session.agent,
        address=session.address,
    )
