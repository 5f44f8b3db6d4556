"""The organisation that one is in: what it is called, and its end."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.problems import answer_to
from storetwin.db.organisations import DEFAULT_ORGANISATION
from storetwin.kernel.errors import StoretwinError
from storetwin.tenancy.models import Role
from storetwin.tenancy.organisations import LONGEST_NAME
from storetwin.web.pages.users import PATH as USERS
from storetwin.web.route import PageRoute
from storetwin.web.view import Administering, Page
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = USERS + "/organisation"
TEMPLATE: Final = "users/organisation.html"


class NameForm(BaseModel):
    """What the organisation is called: from now on, or once more, to remove it."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(default="", max_length=LONGEST_NAME)


@router.get(PATH)
async def organisation_page(page: Administering) -> Response:
    """Show the organisation."""
    return await _render(page)


@router.post(PATH + "/rename")
async def update_organisation_page(
    page: Administering, given: Annotated[NameForm, Form()]
) -> Response:
    """Call the organisation by another name."""
    principal = page.principal
    try:
        renamed = await page.hub.people.organisations.rename(
            principal, principal.organisation_id, given.name
        )
    except StoretwinError as error:
        return await _render(page, error=error, name=given.name)
    return page.redirect(PATH, f"It is called {renamed.name} from now on.")


@router.post(PATH + "/delete")
async def delete_organisation_page(
    page: Administering, given: Annotated[NameForm, Form()]
) -> Response:
    """Remove the organisation with its members, keys and audit log."""
    principal = page.principal
    try:
        await page.hub.people.organisations.delete(principal, principal.organisation_id, given.name)
    except StoretwinError as error:
        return await _render(page, error=error)
    return page.redirect("/sign-in", "The organisation is removed.", Tone.IDLE)


async def _render(
    page: Page, *, error: StoretwinError | None = None, name: str | None = None
) -> Response:
    here = await page.hub.people.organisations.here()
    context = {
        "here": here,
        "name": here.name if name is None else name,
        "may_remove": page.principal.role is Role.OWNER
        and here.organisation_id != DEFAULT_ORGANISATION,
        "stores": len(await page.hub.register.every()),
        "longest": LONGEST_NAME,
        "error": error,
    }
    status = answer_to(error).status_code if error else 200
    api = f"/api/v1/organisations/{here.organisation_id}"
    return await page.render(TEMPLATE, context, status=status, api=api)
