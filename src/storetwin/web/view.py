"""What a function of a page is given: who asks, his hub, and how to answer him."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from storetwin.api.callers import Caller, Demand
from storetwin.api.peers import header_name, peer_of
from storetwin.api.route import Edge
from storetwin.hub import Hub
from storetwin.kernel.errors import InvariantError
from storetwin.tenancy.members import User
from storetwin.tenancy.models import Permission, Principal
from storetwin.tenancy.sessions import Place
from storetwin.web import csrf, navigation
from storetwin.web.cookies import ZONE, Jar, Note
from storetwin.web.figures import Times, zone_named
from storetwin.web.guide import demo_guide
from storetwin.web.rendering import Templates, html
from storetwin.web.words import Tone

SIGN_IN: Final = "/sign-in"
JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Web:
    """What all pages of one application share; it is ``app.state.web``.

    Args:
        paths: of the pages that there are: what is not there yet is not offered.
        is_demo: the hub runs with the store that comes along.
    """

    templates: Templates
    jar: Jar
    paths: Collection[str]
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One request of somebody whom we know.

    Args:
        token: what his browser is known by.
    """

    request: Request
    web: Web
    caller: Caller
    token: str = field(repr=False)

    @property
    def hub(self) -> Hub:
        """Return the hub of his organisation."""
        return self.caller.hub

    @property
    def principal(self) -> Principal:
        """Return who asks."""
        return self.caller.principal

    def may(self, permission: Permission) -> bool:
        """Say whether he may do something: what he may not is not offered."""
        return permission in self.principal.permissions

    @property
    def times(self) -> Times:
        """Return times as he has them."""
        return times_of(self.request, self.hub)

    @property
    def wants_json(self) -> bool:
        """Say whether a program asks, and not a browser."""
        return wants_json(self.request)

    async def render(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        fragments: Collection[str] = (),
        status: int = 200,
        document: BaseModel | Mapping[str, Any] | None = None,
        api: str | None = None,
    ) -> Response:
        """Return a page; to htmx only the part that it asks for.

        Args:
            fragments: blocks of the template that can be asked for by themselves: each holds one
                element, whose id is the block's name.
            document: the data of the page, for programs.
            api: where programs find it; one of both is enough.
        """
        if self.wants_json:
            return self._to_program(document, api)
        target = self.request.headers.get("hx-target", "")
        values = self.context() | dict(context or {})
        if target in fragments and self.request.headers.get("hx-request"):
            return html(self.request, self.web.templates.block(template, target, values), status)
        note = self.web.jar.note(self.request)
        shell = await self.shell()
        text = self.web.templates.whole(template, {"said": note} | shell | values)
        response = html(self.request, text, status)
        if note is not None:
            self.web.jar.forget_note(response)
        return response

    def part(self, template: str, block: str, context: Mapping[str, Any]) -> str:
        """Return one block of a template, for a stream."""
        return self.web.templates.block(template, block, self.context() | dict(context))

    def context(self) -> dict[str, Any]:
        """Return what every template knows."""
        return {
            "page": self,
            "path": self.request.url.path,
            "times": self.times,
            "csrf": csrf.token_for(self.hub.vault, self.principal.credential_id),
            "may": self.may,
            "Permission": Permission,
        }

    async def shell(self) -> dict[str, Any]:
        """Return what stands around every page."""
        user, places = await self.hub.people.sessions.about(self.principal)
        return {
            "shell": Shell(user, places, self.principal, await navigation.standing(self.hub)),
            "groups": offered(self.web.paths),
            "current": navigation.current(self.request.url.path),
            "guide": await demo_guide(self.hub) if self.web.is_demo else None,
        }

    def redirect(self, to: str, note: str | None = None, tone: Tone = Tone.OK) -> Response:
        """Lead on after something was done.

        Args:
            to: a path of ours.
            note: what is said there.
        """
        response: Response
        if self.request.headers.get("hx-request"):
            response = Response(status_code=204, headers={"HX-Redirect": to})
        else:
            response = RedirectResponse(to, 303)
        if note is not None:
            self.web.jar.say(response, Note(note, tone))
        return response

    def _to_program(
        self, document: BaseModel | Mapping[str, Any] | None, api: str | None
    ) -> Response:
        if isinstance(document, BaseModel):
            return Response(document.model_dump_json(), media_type=JSON)
        if document is not None:
            return Response(msgspec.json.encode(document), media_type=JSON)
        if api is None:
            raise InvariantError(f"{self.request.url.path} has nothing for programs.")
        query = self.request.url.query
        return RedirectResponse(f"{api}?{query}" if query else api, 307)


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page.

    Args:
        places: the organisations he is in.
    """

    user: User
    places: list[Place]
    principal: Principal
    standing: navigation.Standing

    @property
    def place(self) -> Place:
        """Return where he is now."""
        here = self.principal.organisation_id
        return next(place for place in self.places if place.organisation_id == here)

    @property
    def initials(self) -> str:
        """Return two letters for him."""
        words = self.user.name.split() or [self.user.email]
        letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else words[0][1:2])
        return letters.upper()


@dataclass(frozen=True, slots=True)
class PageDemand(Demand):
    """What a page demands of whoever asks for it."""

    def __call__(self, request: Request) -> Page:  # type: ignore[override]
        """Return the page, which the route has made already."""
        page: Page = request.state.page
        return page


Reading = Annotated[Page, Depends(PageDemand(Permission.READ))]
Creating = Annotated[Page, Depends(PageDemand(Permission.CREATE))]
Updating = Annotated[Page, Depends(PageDemand(Permission.UPDATE))]
Deleting = Annotated[Page, Depends(PageDemand(Permission.DELETE))]
Importing = Annotated[Page, Depends(PageDemand(Permission.IMPORT))]
Exporting = Annotated[Page, Depends(PageDemand(Permission.EXPORT))]
Administering = Annotated[Page, Depends(PageDemand(Permission.ADMINISTER))]


async def recognised(request: Request) -> Page:
    """Return the page of whoever has a session; it is the request's from then on.

    Raises:
        UnauthenticatedError: he has none, or it has ended.
    """
    edge: Edge = request.app.state.edge
    web: Web = request.app.state.web
    token = web.jar.session(request)
    principal = await edge.hub.doorkeeper.recognise_browser(token)
    hub = edge.hub.of(principal.organisation_id)
    page = Page(request, web, Caller(principal, hub, address_of(request)), token or "")
    request.state.page = page
    return page


def address_of(request: Request) -> str | None:
    """Return where a request comes from."""
    edge: Edge = request.app.state.edge
    return peer_of(request.scope, header_name(edge.hub.proxy_header))


def times_of(request: Request, hub: Hub) -> Times:
    """Return times as the reader has them: his browser tells his zone in a cookie."""
    return Times(hub.clock(), zone_named(request.cookies.get(ZONE)))


def wants_json(request: Request) -> bool:
    """Say whether a program asks, and not a browser."""
    accept = request.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept


def wants_page(request: Request) -> bool:
    """Say whether a browser asks: it says so, as does htmx."""
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def offered(paths: Collection[str]) -> list[navigation.Group]:
    """Return the navigation, as far as there are pages."""
    groups = []
    for group in navigation.GROUPS:
        items = [item for item in group.items if item.path in paths]
        if items:
            groups.append(navigation.Group(group.label, items))
    return groups


def local(path: str | None, otherwise: str = "/") -> str:
    """Return a path of ours to lead to; another where it is none, or leads elsewhere.

    A browser takes a backslash for a slash and leaves out tabs and newlines, so only plain
    characters are let through.
    """
    if path is None or len(path) > 2000 or not path.startswith("/") or path.startswith("//"):
        return otherwise
    if (
        "\\" in path
        or not path.isascii()
        or any(ord(sign) <= 32 or sign == "\x7f" for sign in path)
    ):
        return otherwise
    return path


def sign_in_path(request: Request) -> str:
    """Return where one signs in, to come back then to what was asked for."""
    if request.method != "GET" or request.url.path in ("/", SIGN_IN):
        return SIGN_IN
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"{SIGN_IN}?next={quote(asked, safe='')}"
