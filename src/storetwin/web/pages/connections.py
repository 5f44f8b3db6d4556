"""Connections: the list, and one of them: how it stands, its test, and what a person does with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from storetwin.connections.doubts import headline
from storetwin.connections.models import Connection, Credentials
from storetwin.connections.probe import (
    STAGE_OF,
    ProbeReport,
    Watch,
    kept_checks,
    stages_again,
)
from storetwin.hub.connecting import DoesNotWorkError
from storetwin.kernel.errors import StoretwinError, UnknownNameError
from storetwin.mirror.identity import Look
from storetwin.tenancy.models import Permission
from storetwin.web.connection_checks import seen_test
from storetwin.web.connection_view import HOOK_WORD, Seen, see, see_all
from storetwin.web.listing import PageNumber, Search, part_of
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.schedule_words import WHAT, sentence
from storetwin.web.view import Deleting, Page, Reading, Updating
from storetwin.web.watching import PIECES, wants_stream, watched
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/configuration/connections"
ONE: Final = PATH + "/{connection}"
API: Final = "/api/v1/connections"
LIVE: Final = ("state", "todo", "facts")
Named = Annotated[str, InPath(alias="connection", max_length=100)]


class TestForm(BaseModel):
    """What is to be looked at.

    Args:
        check: one check of the last test; all where none is named.
    """

    __test__ = False
    model_config = ConfigDict(extra="ignore")

    check: str = Field(default="", max_length=40)


class PauseForm(BaseModel):
    """Why no run is to use a connection."""

    model_config = ConfigDict(extra="ignore")

    reason: str = Field(default="", max_length=500)


class KeysForm(BaseModel):
    """Other keys for a store."""

    model_config = ConfigDict(extra="ignore")

    consumer_key: SecretStr = Field(default=SecretStr(""), max_length=200)
    consumer_secret: SecretStr = Field(default=SecretStr(""), max_length=200)

    def credentials(self) -> Credentials:
        """Return them as the hub takes them."""
        return Credentials(self.consumer_key, self.consumer_secret)


class AcceptForm(BaseModel):
    """What a person says of a store that is not as it was."""

    model_config = ConfigDict(extra="ignore")

    url: str = Field(default="", max_length=2048)
    is_restored: bool = False
    is_replaced: bool = False


class RemoveForm(BaseModel):
    """The name of a connection, once more."""

    model_config = ConfigDict(extra="ignore")

    confirm: str = Field(default="", max_length=100)


@router.get(PATH)
async def connections_page(page: Reading, q: Search = None, number: PageNumber = 1) -> Response:
    """List the connections."""
    every = await see_all(page.hub)
    stores = part_of(every, q, number, path=PATH, at="stores-t", words=_words)
    context = {"stores": stores}
    return await page.render("connections/index.html", context, api=API)


@router.get(ONE)
async def connection_page(page: Reading, name: Named) -> Response:
    """Show a connection."""
    connection = await page.hub.register.named(name)
    return await _render(page, connection)


@router.get(ONE + "/live")
async def connection_live_page(page: Reading, name: Named) -> Response:
    """Tell how a connection goes on."""
    connection = await page.hub.register.named(name)

    async def feed() -> Mapping[str, str]:
        context = await _context(page, connection)
        parts = {part: page.part(PIECES, part, context) for part in LIVE}
        return await shell_parts(page) | parts

    return LiveStream(page, feed)


@router.post(ONE + "/test")
async def test_connection_page(
    page: Updating, name: Named, given: Annotated[TestForm, Form()]
) -> Response:
    """Test a connection, or make one check again; to whoever reads along each as it is known."""
    connection = await page.hub.register.named(name)
    known = kept_checks(connection)
    is_whole = given.check not in STAGE_OF or not known

    async def work(watch: Watch | None = None) -> ProbeReport:
        if is_whole:
            return await page.hub.test_connection(connection.name, watch)
        return await page.hub.connecting.check_again(connection.name, given.check, watch)

    async def finish(_: ProbeReport) -> Mapping[str, str]:
        context = await _context(page, connection)
        return {part: page.part(PIECES, part, context) for part in ("test", *LIVE)}

    if wants_stream(page.request):
        again = () if is_whole else stages_again(given.check, known)
        stay = () if is_whole else [c for c in known if STAGE_OF.get(c.name) not in again]
        return watched(page, connection.url, work, finish, stay)
    report = await work()
    odd = next((check for check in report.checks if check.ok is False), None)
    if odd is None:
        return page.redirect(address_of(connection), "The connection works.")
    return page.redirect(address_of(connection), odd.finding, Tone.BAD)


# -- what a person does -------------------------------------------------------------------------


@router.post(ONE + "/default")
async def set_default_connection_page(page: Updating, name: Named) -> Response:
    """Let a connection be meant where none is named."""
    found = await page.hub.register.named(name)
    await page.hub.register.make_default(found.name)
    return page.redirect(address_of(found), f"{found.name} is meant now where no store is named.")


@router.post(ONE + "/pause")
async def pause_connection_page(
    page: Updating, name: Named, given: Annotated[PauseForm, Form()]
) -> Response:
    """Let no run use a connection until it is resumed."""
    found = await page.hub.register.named(name)
    await page.hub.register.pause(found.name, given.reason.strip() or "Paused by hand.")
    told = f"{found.name} is paused. A run that is at work ends by itself; none begins."
    return page.redirect(address_of(found), told, Tone.IDLE)


@router.post(ONE + "/resume")
async def resume_connection_page(page: Updating, name: Named) -> Response:
    """Let runs use a connection again."""
    found = await page.hub.register.named(name)
    await page.hub.register.resume(found.name)
    told = f"{found.name} goes on. The next run looks first whether it is still the same store."
    return page.redirect(address_of(found), told)


@router.get(ONE + "/keys")
async def keys_page(page: Updating, name: Named) -> Response:
    """Ask for other keys."""
    found = await page.hub.register.named(name)
    return await page.render("connections/keys.html", _keys(page, found), api=API)


@router.post(ONE + "/keys")
async def rotate_keys_page(
    page: Updating, name: Named, given: Annotated[KeysForm, Form()]
) -> Response:
    """Replace the keys, once the new ones were seen to open the same store."""
    found = await page.hub.register.named(name)
    try:
        await page.hub.connecting.renew(found.name, given.credentials())
    except DoesNotWorkError as error:
        context = _keys(page, found) | {"error": error}
        context["test"] = seen_test(found.url, error.report.checks, page.hub.clock())
        return await page.render("connections/keys.html", context, status=422, api=API)
    told = f"{found.name} uses the new keys from now on. Revoke the old ones in the store."
    return page.redirect(address_of(found), told)


@router.post(ONE + "/identity/check")
async def check_identity_page(page: Updating, name: Named) -> Response:
    """Ask the store which one it is, and compare its records with the twin."""
    found = await page.hub.register.named(name)
    _, look = await page.hub.identities.look(found.name)
    return await _render(page, found, look)


@router.post(ONE + "/identity/accept")
async def accept_identity_page(
    page: Updating, name: Named, given: Annotated[AcceptForm, Form()]
) -> Response:
    """Trust the store as it is now, and let runs use the connection again."""
    found = await page.hub.register.named(name)
    kept, _ = await page.hub.identities.accept(
        found.name,
        url=given.url.strip() or None,
        is_restored=given.is_restored,
        is_replaced=given.is_replaced,
    )
    if given.url.strip():
        return page.redirect(address_of(kept), f"{kept.name} leads to {kept.url} from now on.")
    return page.redirect(
        address_of(kept), f"{kept.name} is trusted as it is now. Runs use it again."
    )


@router.get(ONE + "/remove")
async def ask_to_remove_page(page: Deleting, name: Named) -> Response:
    """Ask whether a connection is to go, and say what goes with it."""
    seen = await _seen(page, await page.hub.register.named(name))
    context = {"seen": seen, "fault": None}
    return await page.render("connections/remove.html", context, api=API)


@router.post(ONE + "/remove")
async def delete_connection_page(
    page: Deleting, name: Named, given: Annotated[RemoveForm, Form()]
) -> Response:
    """Remove a connection with its whole twin."""
    found = await page.hub.register.named(name)
    if given.confirm.strip() != found.name:
        fault = f"Nothing was removed: that is not the name of the connection, {found.name}."
        context = {"seen": await _seen(page, found), "fault": fault}
        return await page.render("connections/remove.html", context, status=422, api=API)
    removed = await page.hub.connecting.remove(found.name)
    if removed.trouble:
        told = f"{found.name} is removed. Its webhooks are still in the store: {removed.trouble}"
        return page.redirect(PATH, told, Tone.CHANGE)
    return page.redirect(PATH, f"{found.name} and its twin are removed.")


# -- what is shown ------------------------------------------------------------------------------


def _words(seen: Seen) -> str:
    """Return what a store is searched by."""
    return f"{seen.connection.name} {seen.connection.url}"


def address_of(connection: Connection) -> str:
    """Return where a connection's page is."""
    return f"{PATH}/{quote(connection.name, safe='')}"


async def _seen(page: Page, connection: Connection) -> Seen:
    seen = await see(page.hub, connection.id)
    if seen is None:
        raise UnknownNameError(f"{connection.name} was removed meanwhile.")
    return seen


async def _render(page: Page, connection: Connection, look: Look | None = None) -> Response:
    context = await _context(page, connection)
    context["look"] = look
    context["headline"] = headline(look.judgement, connection.url) if look else None
    status = 200 if look is None or look.judgement.is_trusted else 409
    return await page.render(
        "connections/show.html", context, status=status, api=f"{API}/{connection.id}"
    )


async def _context(page: Page, connection: Connection) -> dict[str, Any]:
    seen = await _seen(page, connection)
    return {
        "seen": seen,
        "one": seen.connection,
        "test": seen.test,
        "hooks_word": HOOK_WORD[seen.hooks.standing] if seen.hooks else None,
        "key": _key(page, seen.connection),
        "added_by": await _added_by(page, seen.connection),
        "to": address_of(seen.connection),
        "sentence": sentence,
        "WHAT": WHAT,
        "remembered": seen.identity,
        "look": None,
        "headline": None,
    }


def _keys(page: Page, connection: Connection) -> dict[str, Any]:
    return {
        "one": connection,
        "key": _key(page, connection),
        "error": None,
        "test": None,
        "to": address_of(connection),
    }


def _key(page: Page, connection: Connection) -> str | None:
    """Return how the key ends, for those who may replace it."""
    if not page.may(Permission.UPDATE):
        return None
    return page.hub.connecting.ending(connection)


async def _added_by(page: Page, connection: Connection) -> str | None:
    """Return who connected the store, to those who may know who is here."""
    if connection.created_by is None or not page.may(Permission.ADMINISTER):
        return None
    try:
        return (await page.hub.people.members.one(connection.created_by)).name
    except StoretwinError:
        return None  # he left
