"""API keys: for programs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from storetwin.api.callers import Reader
from storetwin.api.given import Given
from storetwin.api.moments import Moment
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.tenancy.keys import Key, NewKey
from storetwin.tenancy.models import Permission
from storetwin.tenancy.organisations import LONGEST_NAME

router = APIRouter(prefix="/api-keys", tags=["api keys"], route_class=DoorRoute)
ROUTERS = (router,)
LIST = "API keys, the newest first"


class ApiKeyGiven(Given):
    """What a program is to be known by."""

    name: str = Field(
        min_length=1, max_length=LONGEST_NAME, description="For people.", examples=["reports"]
    )
    scopes: list[Permission] = Field(
        min_length=1,
        max_length=len(Permission),
        description="What it may do; nothing that you may not.",
        examples=[["read"]],
    )
    expires_at: Moment | None = Field(default=None, description="When it ends by itself, if ever.")


class ApiKeyDocument(BaseModel):
    """An API key; never the key itself."""

    api_key_id: UUID
    name: str
    hint: str = Field(description="How it begins, to know it by.", examples=["stk_8fQ2aZ"])
    scopes: list[Permission]
    user_id: UUID = Field(description="Whose it is: it may never more than he.")
    email: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None


class ApiKeyMade(ApiKeyDocument):
    """An API key that was just made."""

    key: str = Field(description="Shown this once. Send it as `Authorization: Bearer …`.")


@router.get("")
async def list_api_keys(
    caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[ApiKeyDocument]:
    """List your own API keys, the newest first; administrators see all of the organisation."""
    position = position_of(cursor, LIST, UUID)
    found = await caller.hub.people.api_keys.every(
        caller.principal, limit=limit + 1, before=position[0] if position else None
    )
    shown = [_document(key) for key in found]
    return page_of(shown, limit, LIST, lambda one: str(one.api_key_id))


@router.post("", status_code=201)
async def create_api_key(caller: Reader, given: ApiKeyGiven, response: Response) -> ApiKeyMade:
    """Make an API key for yourself. It is shown this once; a key makes no keys: sign in for it."""
    verbs = caller.hub.people.api_keys
    new = NewKey(given.name, frozenset(given.scopes), given.expires_at)
    issued = await verbs.issue(caller.principal, new)
    response.headers["Location"] = f"/api/v1/api-keys/{issued.api_key_id}"
    response.headers["Cache-Control"] = "no-store"
    key = await verbs.one(caller.principal, issued.api_key_id)
    return ApiKeyMade(**dict(_document(key)), key=issued.key)


@router.get("/{api_key_id}")
async def show_api_key(caller: Reader, api_key_id: UUID) -> ApiKeyDocument:
    """Show an API key; never the key itself."""
    return _document(await caller.hub.people.api_keys.one(caller.principal, api_key_id))


@router.delete("/{api_key_id}", status_code=204)
async def delete_api_key(caller: Reader, api_key_id: UUID) -> None:
    """End an API key for ever, at once: your own, or as an administrator any."""
    await caller.hub.people.api_keys.revoke(caller.principal, api_key_id)


def _document(key: Key) -> ApiKeyDocument:
    return ApiKeyDocument(
        api_key_id=key.api_key_id,
        name=key.name,
        hint=key.hint,
        scopes=sorted(key.scopes),
        user_id=key.user_id,
        email=key.email,
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )
