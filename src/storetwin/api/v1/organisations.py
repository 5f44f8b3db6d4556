"""Organisations: the tenants, to which everything belongs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from storetwin.api.callers import Administrator, Installer, Reader
from storetwin.api.given import Given
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute
from storetwin.tenancy.models import Role
from storetwin.tenancy.organisations import LONGEST_NAME, Organisation

router = APIRouter(prefix="/organisations", tags=["organisations"], route_class=DoorRoute)
ROUTERS = (router,)
LIST = "organisations by id"


class OrganisationGiven(Given):
    """What an organisation is called."""

    name: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["Analytical Engines"])


class OrganisationDocument(BaseModel):
    """An organisation that you are in."""

    organisation_id: UUID
    name: str
    role: Role | None = Field(description="What you are in it.")
    created_at: datetime


@router.get("")
async def list_organisations(
    caller: Reader, limit: Limit = 50, cursor: Cursor = None
) -> Page[OrganisationDocument]:
    """List the organisations that you are in; with an API key the one that it is for."""
    position = position_of(cursor, LIST, UUID)
    found = await caller.hub.people.organisations.mine(
        caller.principal, limit=limit + 1, after=position[0] if position else None
    )
    shown = [_document(one) for one in found]
    return page_of(shown, limit, LIST, lambda one: str(one.organisation_id))


@router.post("", status_code=201)
async def create_organisation(
    caller: Installer, given: OrganisationGiven, response: Response
) -> OrganisationDocument:
    """Make an organisation; you become its owner. For administrators of the installation."""
    made = await caller.hub.people.organisations.make(caller.principal, given.name)
    response.headers["Location"] = f"/api/v1/organisations/{made.organisation_id}"
    return _document(made)


@router.get("/{organisation_id}")
async def show_organisation(caller: Reader, organisation_id: UUID) -> OrganisationDocument:
    """Show an organisation that you are in."""
    return _document(await caller.hub.people.organisations.one(caller.principal, organisation_id))


@router.patch("/{organisation_id}")
async def update_organisation(
    caller: Administrator, organisation_id: UUID, given: OrganisationGiven
) -> OrganisationDocument:
    """Call the organisation that you ask in by another name."""
    return _document(
        await caller.hub.people.organisations.rename(caller.principal, organisation_id, given.name)
    )


@router.delete("/{organisation_id}", status_code=204)
async def delete_organisation(
    caller: Administrator,
    organisation_id: UUID,
    name: Annotated[
        str, Query(min_length=1, max_length=LONGEST_NAME, description="Its name, once more.")
    ],
) -> None:
    """Remove the organisation that you ask in, as its owner, with members, keys and audit log.

    It is refused while it has connections, and for the default organisation.
    """
    await caller.hub.people.organisations.delete(caller.principal, organisation_id, name)


def _document(one: Organisation) -> OrganisationDocument:
    return OrganisationDocument(
        organisation_id=one.organisation_id,
        name=one.name,
        role=one.role,
        created_at=one.created_at,
    )
