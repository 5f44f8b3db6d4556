"""Signing in and out, changing the organisation, and becoming a member by a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import RedirectResponse, Response

from storetwin.api.problems import answer_to
from storetwin.api.strangers import Anybody, Stranger
from storetwin.hub.people.joining import Acceptance
from storetwin.kernel.errors import StoretwinError
from storetwin.tenancy.members import LONGEST_EMAIL, LONGEST_NAME
from storetwin.tenancy.passwords import LONGEST, SHORTEST
from storetwin.web.failures import bare
from storetwin.web.rendering import html
from storetwin.web.route import OpenPageRoute, PageRoute
from storetwin.web.view import SIGN_IN, Reading, Web, local, recognised
from storetwin.web.words import Tone

public = APIRouter(route_class=OpenPageRoute)
router = APIRouter(route_class=PageRoute)
ROUTERS = (public, router)
LONGEST_PATH = 2000
Next = Annotated[str | None, Query(alias="next", max_length=LONGEST_PATH)]


class _Sent(BaseModel):
    """A form that somebody sent; whatever else is in it is not looked at."""

    model_config = ConfigDict(extra="ignore")


class SignInForm(_Sent):
    """Who somebody says he is, and where he wanted to go."""

    email: str = Field(default="", max_length=LONGEST_EMAIL)
    password: SecretStr = Field(default=SecretStr(""), max_length=LONGEST)
    next: str | None = Field(default=None, max_length=LONGEST_PATH)


class JoinForm(_Sent):
    """Who comes by a link."""

    token: SecretStr = Field(default=SecretStr(""), max_length=200)
    email: str = Field(default="", max_length=LONGEST_EMAIL)
    name: str = Field(default="", max_length=LONGEST_NAME)
    password: SecretStr = Field(default=SecretStr(""), max_length=LONGEST)


class SwitchForm(_Sent):
    """Where somebody wants to be."""

    organisation_id: UUID


@public.get(SIGN_IN)
async def sign_in_page(request: Request, to: Next = None, email: str = "") -> Response:
    """Show the form to sign in; whoever is signed in goes on to where he wanted."""
    try:
        await recognised(request)
    except StoretwinError:
        web: Web = request.app.state.web
        note = web.jar.note(request)
        response = _sign_in(
            request, {"email": email[:LONGEST_EMAIL], "to": local(to), "note": note}
        )
        if note is not None:
            web.jar.forget_note(response)
        return response
    return RedirectResponse(local(to), 303)


@public.post(SIGN_IN)
async def begin_session_page(
    request: Request, stranger: Anybody, given: Annotated[SignInForm, Form()]
) -> Response:
    """Sign in."""
    to = local(given.next)
    try:
        return await _signed_in(request, stranger, given.email, given.password, to)
    except StoretwinError as error:
        problem = answer_to(error)
        shown = {"email": given.email, "to": to, "note": None, "error": error}
        response = _sign_in(request, shown, problem.status_code)
        if "Retry-After" in problem.headers:
            response.headers["Retry-After"] = problem.headers["Retry-After"]
        return response


@public.get("/join")
async def join_page(request: Request) -> Response:
    """Show whoever has a link how he becomes a member; its token stands behind the #."""
    return _join(request, {"given": None, "error": None})


@public.post("/join")
async def accept_invitation_page(
    request: Request, stranger: Anybody, given: Annotated[JoinForm, Form()]
) -> Response:
    """Become a member by a link, and sign in."""
    acceptance = Acceptance(
        given.token.get_secret_value(), given.email.strip() or None, given.name, given.password
    )
    try:
        joined = await stranger.hub.people.invitations.accept(acceptance, stranger.visitor)
        return await _signed_in(request, stranger, joined.email, given.password, "/")
    except StoretwinError as error:
        return _join(request, {"given": given, "error": error}, answer_to(error).status_code)


@router.post("/sign-out")
async def delete_current_session_page(page: Reading) -> Response:
    """Sign out."""
    await page.hub.people.sessions.end(page.principal)
    response = page.redirect(SIGN_IN, "You are signed out.", Tone.IDLE)
    page.web.jar.forget_session(response)
    return response


@router.post("/organisation")
async def switch_organisation_page(page: Reading, given: Annotated[SwitchForm, Form()]) -> Response:
    """Be in another organisation from now on."""
    place = await page.hub.people.sessions.switch(page.principal, given.organisation_id)
    return page.redirect("/", f"You are in {place.name} now.", Tone.IDLE)


async def _signed_in(
    request: Request, stranger: Stranger, email: str, password: SecretStr, to: str
) -> Response:
    """Begin a session, and lead on; one that the browser had before ends."""
    web: Web = request.app.state.web
    begun = await stranger.hub.people.sessions.sign_in_browser(email, password, stranger.visitor)
    try:
        before = await recognised(request)
        await before.hub.people.sessions.end(before.principal)
    except StoretwinError:
        pass  # there was none
    response = RedirectResponse(to, 303)
    web.jar.keep_session(response, begun.token, begun.ends_at)
    return response


def _sign_in(request: Request, context: Mapping[str, object], status: int = 200) -> Response:
    return html(request, bare(request, "sign_in.html", {"error": None} | dict(context)), status)


def _join(request: Request, context: Mapping[str, object], status: int = 200) -> Response:
    text = bare(request, "join.html", {"shortest": SHORTEST, "note": None} | dict(context))
    return html(request, text, status)
