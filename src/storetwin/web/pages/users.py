"""Users and API keys: who is here and what he may, the keys of programs, and oneself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import RedirectResponse, Response

from storetwin.api.problems import answer_to
from storetwin.kernel.errors import StoretwinError
from storetwin.tenancy.invitations import NewInvitation, State
from storetwin.tenancy.keys import Key, NewKey
from storetwin.tenancy.members import LONGEST_EMAIL, LONGEST_NAME, same_email
from storetwin.tenancy.models import Permission, Role
from storetwin.tenancy.passwords import LONGEST, SHORTEST, PasswordError
from storetwin.web.route import PageRoute
from storetwin.web.view import Administering, Page, Reading
from storetwin.web.words import ROLE, Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/configuration/users"
KEYS: Final = PATH + "/api-keys"
ME: Final = PATH + "/me"
SHOWN: Final = 50
MOST_INVITATIONS: Final = 20
PEOPLE: Final = "users/people.html"
KEY_LIST: Final = "users/keys.html"
OWN: Final = "users/me.html"
LEFT: Final = "You have left the organisation."

INVITED: Final[Mapping[State, str]] = {
    State.OPEN: "Waiting",
    State.ACCEPTED: "Done",
    State.REVOKED: "Revoked",
    State.EXPIRED: "Expired",
}
ABOUT_ROLE: Final[Mapping[Role, str]] = {
    Role.VIEWER: "sees everything, changes nothing",
    Role.OPERATOR: "connects stores, runs and promotes; removes nothing",
    Role.ADMINISTRATOR: "also removes, and says who is here",
    Role.OWNER: "also makes owners, and removes the organisation",
}
ABOUT_SCOPE: Final[Mapping[Permission, str]] = {
    Permission.READ: "see stores, records, runs",
    Permission.CREATE: "connect stores",
    Permission.UPDATE: "change connections, schedules, records",
    Permission.DELETE: "remove connections and what belongs to them",
    Permission.IMPORT: "start runs and promote",
    Permission.EXPORT: "take records away in bulk",
    Permission.ADMINISTER: "users, keys of others, the audit log",
}


class Lasts(StrEnum):
    """How long a key is good."""

    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"
    EVER = "0"


LASTS: Final[Mapping[Lasts, str]] = {
    Lasts.MONTH: "30 days",
    Lasts.QUARTER: "90 days",
    Lasts.YEAR: "a year",
    Lasts.EVER: "for ever",
}


class _Sent(BaseModel):
    """A form that somebody sent; whatever else is in it is not looked at."""

    model_config = ConfigDict(extra="ignore")


class InviteForm(_Sent):
    """Whom somebody invites."""

    email: str = Field(default="", max_length=LONGEST_EMAIL)
    role: Role = Role.VIEWER


class RoleForm(_Sent):
    """What a member becomes."""

    role: Role


class KeyForm(_Sent):
    """What a program is to be known by."""

    name: str = Field(default="", max_length=LONGEST_NAME)
    scopes: list[Permission] = Field(default=[], max_length=len(Permission))
    lasts: Lasts = Lasts.QUARTER


class NameForm(_Sent):
    """What somebody calls himself."""

    name: str = Field(default="", max_length=LONGEST_NAME)


class PasswordForm(_Sent):
    """Another password, and the one there is."""

    current: SecretStr = Field(default=SecretStr(""), max_length=LONGEST)
    new: SecretStr = Field(default=SecretStr(""), max_length=LONGEST)
    again: SecretStr = Field(default=SecretStr(""), max_length=LONGEST)


class SessionForm(_Sent):
    """The session that is to end; none: all others."""

    session_id: UUID | None = None


Before = Annotated[UUID | None, Query()]
After = Annotated[str | None, Query(max_length=LONGEST_EMAIL)]


# -- people -------------------------------------------------------------------------------------


@router.get(PATH)
async def users_page(page: Reading, after: After = None) -> Response:
    """Show who is here, to those who say so; to others their own keys."""
    if not page.may(Permission.ADMINISTER):
        return RedirectResponse(KEYS, 303)
    return await _people(page, after=after)


@router.post(PATH + "/invitations")
async def create_invitation_page(
    page: Administering, given: Annotated[InviteForm, Form()]
) -> Response:
    """Make a one-time link; it is shown this once."""
    new = NewInvitation(given.role, given.email.strip() or None)
    try:
        issued = await page.hub.people.invitations.invite(page.principal, new)
    except StoretwinError as error:
        return await _people(page, error=error, form=given)
    here = page.hub.public_url or str(page.request.base_url)
    return await _people(page, link=issued.link(here), form=given)


@router.post(PATH + "/invitations/{invitation_id}/revoke")
async def delete_invitation_page(page: Administering, invitation_id: UUID) -> Response:
    """Take back an invitation that nobody has accepted."""
    await page.hub.people.invitations.revoke(invitation_id)
    return page.redirect(PATH, "The link is of no use any more.", Tone.IDLE)


@router.post(PATH + "/{user_id}/role")
async def update_member_page(
    page: Administering, user_id: UUID, given: Annotated[RoleForm, Form()]
) -> Response:
    """Make a member something else, at once, his API keys included."""
    member = await page.hub.people.members.change_role(page.principal, user_id, given.role)
    return page.redirect(PATH, f"{member.name} is {ROLE[member.role]} from now on.")


@router.post(PATH + "/{user_id}/remove")
async def delete_member_page(page: Administering, user_id: UUID) -> Response:
    """Let somebody be no member any more; his API keys end with it."""
    await page.hub.people.members.remove(page.principal, user_id)
    if user_id == page.principal.user_id:
        return page.redirect("/sign-in", LEFT, Tone.IDLE)
    return page.redirect(PATH, "He is no member any more. His API keys ended with it.")


@router.post(ME + "/leave")
async def leave_organisation_page(page: Reading) -> Response:
    """Be no member any more; one's API keys of the organisation end with it."""
    await page.hub.people.members.remove(page.principal, page.principal.user_id)
    return page.redirect("/sign-in", LEFT, Tone.IDLE)


# -- keys ---------------------------------------------------------------------------------------


@router.get(KEYS)
async def api_keys_page(page: Reading, before: Before = None) -> Response:
    """Show one's API keys; to administrators all of the organisation."""
    return await _keys(page, before=before)


@router.post(KEYS)
async def create_api_key_page(page: Reading, given: Annotated[KeyForm, Form()]) -> Response:
    """Make an API key for oneself; it is shown this once."""
    days = int(given.lasts)
    expires_at = page.hub.clock() + timedelta(days=days) if days else None
    new = NewKey(given.name, frozenset(given.scopes), expires_at)
    try:
        issued = await page.hub.people.api_keys.issue(page.principal, new)
    except StoretwinError as error:
        return await _keys(page, error=error, form=given)
    return await _keys(page, key=issued.key, form=given)


@router.post(KEYS + "/{api_key_id}/revoke")
async def delete_api_key_page(page: Reading, api_key_id: UUID) -> Response:
    """End an API key for ever, at once."""
    await page.hub.people.api_keys.revoke(page.principal, api_key_id)
    return page.redirect(KEYS, "The key opens nothing any more.")


# -- oneself ------------------------------------------------------------------------------------


@router.get(ME)
async def me_page(page: Reading, before: Before = None) -> Response:
    """Show one's name, and where one is signed in."""
    return await _own(page, before=before)


@router.post(ME + "/name")
async def update_me_page(page: Reading, given: Annotated[NameForm, Form()]) -> Response:
    """Call oneself by another name."""
    try:
        await page.hub.people.sessions.rename(page.principal, given.name)
    except StoretwinError as error:
        return await _own(page, error=error)
    return page.redirect(ME, "Saved.")


@router.post(ME + "/password")
async def change_password_page(page: Reading, given: Annotated[PasswordForm, Form()]) -> Response:
    """Change one's password; all other sessions end."""
    try:
        _check_same(given)
        await page.hub.people.sessions.change_password(
            page.principal, given.current, given.new, page.caller.address
        )
    except StoretwinError as error:
        return await _own(page, error=error)
    return page.redirect(ME, "Your password is changed. All your other sessions have ended.")


@router.post(ME + "/sessions/end")
async def delete_session_page(page: Reading, given: Annotated[SessionForm, Form()]) -> Response:
    """End one of one's own sessions, or all but this one."""
    if given.session_id is None:
        await page.hub.people.sessions.end_others(page.principal)
        return page.redirect(ME, "You are signed in only here now.")
    await page.hub.people.sessions.end(page.principal, given.session_id)
    return page.redirect(ME, "That session has ended.")


# -- what is shown ------------------------------------------------------------------------------


async def _people(
    page: Page,
    *,
    after: str | None = None,
    error: StoretwinError | None = None,
    link: str | None = None,
    form: InviteForm | None = None,
) -> Response:
    people = page.hub.people
    found = await people.members.every(limit=SHOWN + 1, after=after)
    shown = found[:SHOWN]
    now = page.hub.clock()
    invitations = await people.invitations.every(limit=MOST_INVITATIONS)
    context = {
        "members": shown,
        "last_seen": await people.members.last_seen(shown),
        "next": same_email(shown[-1].email) if len(found) > SHOWN else None,
        "after": after,
        "invitations": [(one, one.state(now)) for one in invitations],
        "State": State,
        "INVITED": INVITED,
        "roles": [role for role in reversed(Role) if role.rank <= page.principal.role.rank],
        "ABOUT_ROLE": ABOUT_ROLE,
        "error": error,
        "link": link,
        "form": form or InviteForm(),
    }
    return await page.render(PEOPLE, context, status=_status(error), api="/api/v1/members")


async def _keys(
    page: Page,
    *,
    before: UUID | None = None,
    error: StoretwinError | None = None,
    key: str | None = None,
    form: KeyForm | None = None,
) -> Response:
    found = await page.hub.people.api_keys.every(page.principal, limit=SHOWN + 1, before=before)
    now = page.hub.clock()
    context = {
        "keys": [(one, _key_word(one, page)) for one in found[:SHOWN]],
        "next": found[SHOWN - 1].api_key_id if len(found) > SHOWN else None,
        "before": before,
        "now": now,
        "scopes": [scope for scope in Permission if scope in page.principal.permissions],
        "ABOUT_SCOPE": ABOUT_SCOPE,
        "LASTS": LASTS,
        "error": error,
        "key": key,
        "form": form or KeyForm(scopes=[Permission.READ]),
    }
    return await page.render(KEY_LIST, context, status=_status(error), api="/api/v1/api-keys")


async def _own(
    page: Page, *, before: UUID | None = None, error: StoretwinError | None = None
) -> Response:
    found = await page.hub.people.sessions.mine(page.principal, limit=SHOWN + 1, before=before)
    context: dict[str, Any] = {
        "me": await page.hub.people.sessions.me(page.principal),
        "sessions": found[:SHOWN],
        "next": found[SHOWN - 1].session_id if len(found) > SHOWN else None,
        "before": before,
        "device": device,
        "error": error,
        "shortest": SHORTEST,
    }
    return await page.render(OWN, context, status=_status(error), api="/api/v1/sessions")


def _status(error: StoretwinError | None) -> int:
    return answer_to(error).status_code if error else 200


def _key_word(key: Key, page: Page) -> str:
    """Return how a key stands, as a word of `WORDS`."""
    if key.revoked_at is not None:
        return "Revoked"
    is_over = key.expires_at is not None and key.expires_at <= page.hub.clock()
    return "Expired" if is_over else "Active"


def _check_same(given: PasswordForm) -> None:
    """Let nobody shut himself out by a slip.

    Raises:
        PasswordError: the two new passwords are not the same.
    """
    if given.new.get_secret_value() != given.again.get_secret_value():
        raise PasswordError(
            "The new password was typed in two ways. Nothing was changed.",
            remedy="Type it once more.",
        )


_BROWSERS: Final = ("Edg", "OPR", "Firefox", "Chrome", "Safari", "curl", "Python")
_SYSTEMS: Final = ("Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux")
_NAMED: Final = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS", "Python": "a program"}


def device(agent: str | None) -> str:
    """Return a browser and its system in words, from what it calls itself."""
    if not agent:
        return "it did not say"
    words = [next((one for one in names if one in agent), "") for names in (_BROWSERS, _SYSTEMS)]
    browser, system = (_NAMED.get(word, word) for word in words)
    if not browser:
        return agent[:60]
    return f"{browser} on {system}" if system else browser
