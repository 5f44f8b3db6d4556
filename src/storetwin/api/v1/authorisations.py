"""Connecting by the store's own page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from storetwin.api.callers import Creator, Reader
from storetwin.api.given import Given
from storetwin.api.problems import documented
from storetwin.api.route import DoorRoute, Edge, PublicRoute
from storetwin.api.v1.connection_requests import LONGEST_URL, Ca, Insecure, Name, Url
from storetwin.connections.authorisation import Asked, Authorisation, Scope, Standing
from storetwin.connections.models import Credentials
from storetwin.kernel.errors import UnknownNameError
from storetwin.tenancy.models import Permission

router = APIRouter(prefix="/authorisations", tags=["authorisations"], route_class=DoorRoute)
public = APIRouter(prefix="/authorisations", tags=["authorisations"], route_class=PublicRoute)
ROUTERS = (public, router)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Storetwin</title>
<style>body {{ font: 1.1rem/1.5 system-ui; max-width: 32rem; margin: 20vh auto; padding: 0 1rem }}</style>
</head><body><h1>{title}</h1><p>{text}</p></body></html>
"""
_YES = _PAGE.format(title="Connected", text="The store is connected. You can close this page.")
_NO = _PAGE.format(title="Not connected", text="The store gave no keys. You can close this page.")


class AuthorisationGiven(Given):
    """A store that is to make keys for us."""

    name: Name
    url: Url
    scope: Scope = Field(default=Scope.READ_WRITE, description="What the keys may do.")
    return_url: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_URL,
        description="Where the store sends the browser afterwards, with `success` and `user_id`; "
        "without `%` and `+`, which WooCommerce would change.",
        examples=["https://office.example/stores"],
    )
    ca: Ca = None
    is_tls_insecure: Insecure = False


class AuthorisationDocument(BaseModel):
    """How an authorisation stands."""

    id: UUID
    name: str
    url: str
    scope: Scope
    state: Standing
    connection_id: UUID | None = Field(description="What came of it.")
    trouble: str | None = Field(description="Why the keys that came last were not taken.")
    remedy: str | None
    created_at: datetime
    created_by: UUID | None
    expires_at: datetime

    @classmethod
    def of(cls, found: Authorisation, now: datetime) -> Self:
        """Return an authorisation as it is answered."""
        return cls(
            id=found.authorisation_id,
            name=found.name,
            url=found.url,
            scope=found.scope,
            state=found.standing(now),
            connection_id=found.connection_id,
            trouble=found.trouble,
            remedy=found.remedy,
            created_at=found.created_at,
            created_by=found.created_by,
            expires_at=found.expires_at,
        )


class AuthorisationBegun(AuthorisationDocument):
    """An authorisation, and where a person goes on with it."""

    authorise_url: str = Field(
        description="The store's page: open it in the browser of somebody who manages the store."
    )


class KeysOfStore(Given):
    """What WooCommerce posts."""

    model_config = ConfigDict(extra="ignore")

    key_id: int | None = None
    user_id: str = Field(
        min_length=1,
        max_length=200,
        description="What we gave it for a state.",
        examples=["tLZ8…"],
    )
    consumer_key: SecretStr = Field(min_length=1, max_length=200)
    consumer_secret: SecretStr = Field(min_length=1, max_length=200)
    key_permissions: str | None = Field(default=None, max_length=50)


class Taken(BaseModel):
    """That keys were taken."""

    connected: bool = True


@public.post("/callback", responses=documented(408))
async def take_keys(request: Request, keys: KeysOfStore) -> Taken:
    """Take the keys that a store sends after somebody approved on its page.

    They are tried against the address that was asked, and taken once. Anything but a 200 makes
    WooCommerce delete them again.
    """
    edge: Edge = request.app.state.edge
    organisation_id, authorisation_id = await edge.hub.authorising.owner(keys.user_id)
    hub = edge.hub.of(organisation_id)
    await hub.authorising.take(
        authorisation_id, Credentials(keys.consumer_key, keys.consumer_secret)
    )
    return Taken()


@public.get("/done", response_class=HTMLResponse)
async def show_end(
    success: Annotated[int, Query(ge=0, le=1, description="1: the store was told yes.")] = 0,
    user_id: Annotated[
        str | None, Query(max_length=200, description="What we gave the store for a state.")
    ] = None,
) -> HTMLResponse:
    """Show whoever comes back from the store's page that he is done."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(_YES if success and user_id else _NO, headers=headers)


@router.post("", status_code=201)
async def begin_authorisation(
    caller: Creator, given: AuthorisationGiven, response: Response
) -> AuthorisationBegun:
    """Connect a store by its own page: the answer says where to go and press Approve.

    It lasts an hour. Where a connection of this name leads to this store already, it gets the new
    keys.
    """
    known = await _known(caller, given.name)
    if known:
        caller.principal.require(Permission.UPDATE)
    asked = Asked(
        given.name,
        given.url,
        given.scope,
        given.return_url,
        given.ca,
        given.is_tls_insecure,
        caller.principal.user_id,
    )
    begun = await caller.hub.authorising.begin(asked)
    document = AuthorisationDocument.of(begun.authorisation, caller.hub.clock())
    response.headers["Location"] = f"/api/v1/authorisations/{document.id}"
    return AuthorisationBegun(**dict(document), authorise_url=begun.authorise_url)


@router.get("/{authorisation}")
async def show_authorisation(caller: Reader, authorisation: UUID) -> AuthorisationDocument:
    """Tell how an authorisation stands."""
    found = await caller.hub.authorising.get(authorisation)
    return AuthorisationDocument.of(found, caller.hub.clock())


async def _known(caller: Creator, name: str) -> bool:
    try:
        await caller.hub.register.get(name)
    except UnknownNameError:
        return False
    return True
