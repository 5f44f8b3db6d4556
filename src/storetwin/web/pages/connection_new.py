"""Connecting a store: its address first, then keys from its own page, or by hand."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import RedirectResponse, Response

from storetwin.api.problems import answer_to
from storetwin.connections.authorisation import (
    Asked,
    NoPublicUrlError,
    Scope,
    Standing,
    UnknownAuthorisationError,
    check_public_url,
)
from storetwin.connections.models import (
    MAX_NAME_LENGTH,
    RESERVED_NAMES,
    AuthScheme,
    Credentials,
    normalise_url,
)
from storetwin.connections.probe import Watch
from storetwin.connections.register import NewConnection
from storetwin.hub.connecting import DoesNotWorkError, Tried
from storetwin.kernel.errors import StoretwinError
from storetwin.tenancy.models import Permission
from storetwin.web.connection_checks import seen_test
from storetwin.web.guarding import guard
from storetwin.web.pages.connections import API, PATH
from storetwin.web.route import PageRoute
from storetwin.web.view import Creating, Page, Reading
from storetwin.web.watching import PIECES, wants_stream, watched
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
NEW: Final = PATH + "/new"
BACK: Final = NEW + "/back"
TEMPLATE: Final = "connections/new.html"
LONGEST_URL: Final = 2048
_NO_NAME: Final = re.compile(r"[^\w.-]+")
_COMMON: Final = frozenset({"www", "shop", "store"})


class _Sent(BaseModel):
    """A form that somebody sent; whatever else is in it is not looked at."""

    model_config = ConfigDict(extra="ignore")


class FindForm(_Sent):
    """Where a shop is, as somebody types it."""

    address: str = Field(default="", max_length=LONGEST_URL)


class AuthoriseForm(_Sent):
    """A store that is to make keys for us."""

    name: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=LONGEST_URL)
    scope: Scope = Scope.READ_WRITE


class ConnectForm(_Sent):
    """A store, and keys that were made by hand.

    Args:
        anyway: keep it as soon as it can be read.
    """

    name: str = Field(default="", max_length=200)
    url: str = Field(default="", max_length=LONGEST_URL)
    consumer_key: SecretStr = Field(default=SecretStr(""), max_length=200)
    consumer_secret: SecretStr = Field(default=SecretStr(""), max_length=200)
    auth: AuthScheme = AuthScheme.AUTO
    ca: str = Field(default="", max_length=100_000)
    is_tls_insecure: bool = False
    anyway: bool = False

    def connection(self, page: Page) -> NewConnection:
        """Return the connection that is meant."""
        return NewConnection(
            self.name,
            self.url,
            Credentials(self.consumer_key, self.consumer_secret),
            self.auth,
            self.ca.strip() or None,
            self.is_tls_insecure,
            page.principal.user_id,
        )


Address = Annotated[str | None, Query(max_length=LONGEST_URL)]


@router.get(NEW)
async def new_connection_page(page: Creating, url: Address = None) -> Response:
    """Ask where the shop is; as soon as that is known, for keys."""
    if url is None:
        return await page.render(TEMPLATE, await _context(page, None), api=API)
    normal = normalise_url(url)
    taken = await _leading_to(page, normal)
    form = ConnectForm(url=normal, name=taken or suggested_name(normal, await _names(page)))
    return await _second(page, form)


@router.post(PATH + "/find")
async def find_store_page(page: Creating, given: Annotated[FindForm, Form()]) -> Response:
    """Look where a shop is; no keys are sent, and nothing is kept."""
    try:
        found = await page.hub.connecting.find(given.address)
    except StoretwinError as error:
        context = await _context(page, None) | {"address": given.address, "error": error}
        return await page.render(TEMPLATE, context, status=422, api=API)
    if found.report.is_ok:
        return page.redirect(f"{NEW}?url={quote(found.url, safe='')}")
    context = await _context(page, None) | {"address": given.address, "found": found}
    context["test"] = seen_test(found.url, found.report.checks, page.hub.clock(), groups={"Reach"})
    return await page.render(TEMPLATE, context, status=422, api=API)


# -- keys from the store's own page -------------------------------------------------------------


@router.post(PATH + "/authorise")
async def begin_authorisation_page(
    page: Creating, given: Annotated[AuthoriseForm, Form()]
) -> Response:
    """Lead to the store's own page, which makes keys and sends them here."""
    known = [one for one in await page.hub.register.every() if one.name == given.name.strip()]
    if known:
        page.principal.require(Permission.UPDATE)
    asked = Asked(
        given.name,
        given.url,
        given.scope,
        (page.hub.public_url or "").rstrip("/") + BACK,
        created_by=page.principal.user_id,
    )
    try:
        begun = await page.hub.authorising.begin(asked)
    except StoretwinError as error:
        return await _second(page, ConnectForm(name=given.name, url=given.url), error=error)
    return RedirectResponse(begun.authorise_url, 303)


@router.get(BACK)
async def authorisation_done_page(
    page: Reading,
    success: Annotated[int, Query(ge=0, le=1)] = 0,
    user_id: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Say what came of it, to whoever comes back from the store's page."""
    if not user_id:
        return page.redirect(NEW, "The store gave no keys. Nothing has happened.", Tone.IDLE)
    authorising = page.hub.authorising
    organisation_id, authorisation_id = await authorising.owner(user_id)
    if organisation_id != page.principal.organisation_id:
        raise UnknownAuthorisationError
    found = await authorising.get(authorisation_id)
    if found.standing(page.hub.clock()) is Standing.CONNECTED and found.connection_id:
        return page.redirect(f"{PATH}/{quote(found.name, safe='')}", f"{found.name} is connected.")
    to = f"{NEW}?url={quote(found.url, safe='')}"
    if found.trouble:
        told = f"The store sent keys that do not work. {found.trouble} {found.remedy or ''}"
        return page.redirect(to, told.strip(), Tone.BAD)
    told = "The store gave no keys: it was not approved there. Nothing has happened."
    return page.redirect(to, told if not success else "The keys are not here yet.", Tone.IDLE)


# -- keys by hand -------------------------------------------------------------------------------


@router.post(PATH + "/test")
async def test_keys_page(page: Creating, given: Annotated[ConnectForm, Form()]) -> Response:
    """Test keys and an address; nothing is kept."""
    new = given.connection(page)
    try:
        url = page.hub.register.draft(new, page.hub.clock()).url
    except StoretwinError as error:
        return await _second(page, given, error=error)

    async def work(watch: Watch) -> Tried:
        return await page.hub.connecting.try_out(new, watch)

    async def finish(tried: Tried) -> Mapping[str, str]:
        context = _tested(page, tried)
        return {part: page.part(PIECES, part, context) for part in ("test", "save")}

    if wants_stream(page.request):
        return watched(page, url, work, finish)
    return await _second(page, given, tried=await page.hub.connecting.try_out(new))


@router.post(PATH)
async def create_connection_page(page: Creating, given: Annotated[ConnectForm, Form()]) -> Response:
    """Connect a store; it is tested first."""
    try:
        tried = await page.hub.connecting.add(
            given.connection(page), is_enough_to_read=given.anyway
        )
    except DoesNotWorkError as error:
        return await _second(page, given, error=error, tried=error.tried)
    except StoretwinError as error:
        return await _second(page, given, error=error)
    name = tried.connection.name
    told = f"{name} is connected. Nothing was changed in the store. Next: pull everything once."
    return page.redirect(f"{PATH}/{quote(name, safe='')}", told)


# -- what is shown ------------------------------------------------------------------------------


def suggested_name(url: str, taken: Collection[str]) -> str:
    """Return a name for a store that is free: from its address."""
    parts = urlsplit(url)
    labels = [label for label in (parts.hostname or "").split(".") if label not in _COMMON]
    is_number = not labels or ":" in labels[0] or labels[0].isdigit()
    plain = _NO_NAME.sub("-", "store" if is_number else labels[0])[: MAX_NAME_LENGTH - 4]
    free = [plain, *(f"{plain}-{n}" for n in range(2, len(taken) + 3))]
    return next(name for name in free if name not in taken and name not in RESERVED_NAMES)


async def _names(page: Page) -> list[str]:
    return [one.name for one in await page.hub.register.every()]


async def _context(page: Page, form: ConnectForm | None) -> dict[str, Any]:
    return {
        "form": form,
        "address": form.url if form else "",
        "found": None,
        "error": None,
        "test": None,
        "save": None,
        "warnings": (),
        "schemes": AuthScheme,
        "no_page": _no_page(page),
        "taken": await _leading_to(page, form.url) if form else None,
    }


async def _leading_to(page: Page, url: str) -> str | None:
    """Return the name of the connection that leads to a store already."""
    return next((one.name for one in await page.hub.register.every() if one.url == url), None)


def _tested(page: Page, tried: Tried) -> dict[str, Any]:
    assert tried.report is not None
    url, now = tried.connection.url, page.hub.clock()
    can_save = tried.report.is_ok or tried.can_read
    return {
        "test": seen_test(url, tried.report.checks, now),
        "save": ("Save" if tried.report.is_ok else "Save all the same") if can_save else None,
        "warnings": tried.warnings,
    }


def _no_page(page: Page) -> NoPublicUrlError | None:
    """Return why the store's own page cannot be used, if it cannot."""
    try:
        check_public_url(page.hub.public_url)
    except NoPublicUrlError as error:
        return error
    return None


async def _second(
    page: Page,
    form: ConnectForm,
    *,
    error: StoretwinError | None = None,
    tried: Tried | None = None,
) -> Response:
    """Ask for keys; secrets are never filled in again."""
    context = await _context(page, form) | {"error": error}
    if tried is not None:
        context |= _tested(page, tried)
    status = answer_to(error).status_code if error else 200
    response = await page.render(TEMPLATE, context, status=status, api=API)
    parts = urlsplit(form.url)
    if parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:\[\]-]+", parts.netloc, re.ASCII):
        origin = f"{parts.scheme}://{parts.netloc}"
        guard(response, is_secure=page.web.jar.is_secure, forms_to=origin)
    return response
