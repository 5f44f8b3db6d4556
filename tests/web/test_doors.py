"""Nobody sees, changes or finds out about what is not his on any page; no other site acts in his name.

The walk reads from the application which pages there are: a new one is walked by itself. One whose
address names what the walk has no value for fails it: add the value to `house.settled_house`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit
from uuid import UUID, uuid4

import aiohttp
import pytest
from house import House, filled, session_of
from psycopg import sql

from rows import as_superuser, state_of
from storetwin.tenancy.models import Permission, Role
from storetwin.tenancy.one_time import hash_of
from storetwin.web.cookies import SESSION
from walks import Door, pages_of

OPEN = {"GET /sign-in", "POST /sign-in", "GET /join", "POST /join"}
"""Whoever calls these is not asked who he is."""
_USERS = "POST /configuration/users"
ONES_OWN = {
    "POST /sign-out",
    "POST /organisation",
    *(f"{_USERS}/me/{what}" for what in ("name", "password", "sessions/end", "leave")),
    f"{_USERS}/api-keys",
    f"{_USERS}/api-keys/{{api_key_id}}/revoke",
}
"""These change what is the caller's own, so reading is enough for them."""
_TOKEN = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{64}")
_SUPPORT = re.compile(r"<span class=\"mono\">[0-9a-f]{8}</span>")
_MOMENT = re.compile(r"<time.*?</time>")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    def without(self, values: list[str]) -> str:
        """Return its text without what differs from page to page, and without these values."""
        text = _MOMENT.sub("{time}", _SUPPORT.sub("{id}", _TOKEN.sub("{token}", self.text)))
        for value in sorted(values, key=len, reverse=True):
            text = text.replace(value, "{value}").replace(quote(value, safe=""), "{value}")
        return text


@dataclass(frozen=True, slots=True)
class Browsing:
    """Sends what a browser would send."""

    house: House
    session: aiohttp.ClientSession

    async def ask(
        self, door: Door, cookie: str | None, *, path: str | None = None, **headers: str | None
    ) -> Answer:
        """Ask for a page; a form comes with the headers of our own page unless others are given."""
        sent = {"Accept": "text/html", "Origin": self.house.url} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        if cookie is not None:
            kept["Cookie"] = f"{SESSION}={cookie}"
        data = b"" if door.method != "GET" else None
        url = self.house.url + (path or filled(self.house, door.path))
        async with self.session.request(
            door.method, url, headers=kept, data=data, allow_redirects=False
        ) as answer:
            kind = answer.headers.get("content-type", "")
            text = "" if kind.startswith("text/event-stream") else await answer.text()
            return Answer(answer.status, answer.headers, text)


def imaginary(house: House, door: Door) -> dict[str, str]:
    """Return values for what a page names that never were, spelled alike; none for plain words."""
    found = {}
    for name in re.findall(r"\{(\w+)", door.path):
        value = house.values[name]
        if name in ("resource", "kind", "noun"):
            continue
        try:
            UUID(value)
            found[name] = str(uuid4())
        except ValueError:
            found[name] = "9" * len(value) if value.isdecimal() else f"{value}-not-there"
    return found


@pytest.fixture
async def browsing(house: House) -> AsyncIterator[Browsing]:
    async with aiohttp.ClientSession() as session:
        yield Browsing(house, session)


def guarded(house: House) -> list[Door]:
    """Return the pages that demand something of who asks."""
    return [door for door in pages_of(house.served.app) if door.demand is not None]


def state(house: House) -> object:
    """Return what all tables hold of the organisation; who asked is left out."""
    return state_of(house.admin_dsn, house.database, house.organisation_id)


# -- who may not ---------------------------------------------------------------------------------


def test_a_page_is_open_to_everybody_only_where_it_says_so(house: House) -> None:
    doors = pages_of(house.served.app)
    assert len(doors) > 10
    assert {str(door) for door in doors if door.demand is None} == OPEN


def test_what_changes_something_demands_more_than_reading(house: House) -> None:
    lenient = {
        str(door)
        for door in guarded(house)
        if door.method != "GET" and door.demand and door.demand.permission is Permission.READ
    }
    assert lenient == ONES_OWN


async def test_strangers_are_led_to_the_sign_in(house: House, browsing: Browsing) -> None:
    """No, forged, altered, expired, revoked sessions: all the same, on every page."""
    good = await session_of(house.url, house.people[Role.OWNER])
    expired, revoked = [await session_of(house.url, house.people[Role.OWNER]) for _ in range(2)]
    with as_superuser(house.admin_dsn, house.database) as admin:
        for token, change in ((expired, "expires_at = now()"), (revoked, "revoked_at = now()")):
            query = sql.SQL(
                "UPDATE tenancy.sessions s SET {} FROM tenancy.web_sessions w"
                " WHERE w.session_id = s.session_id AND w.token_hash = %s"
            ).format(sql.SQL(change))
            assert admin.execute(query, (hash_of(token),)).rowcount == 1
    before = state(house)
    altered = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    strangers = [None, "", "stw_" + "x" * 43, "stw_é", altered, expired, revoked, "Bearer x"]
    for door in guarded(house):
        for token in strangers:
            cookie = None if token is None else quote(token)
            answer = await browsing.ask(door, cookie)
            assert answer.status == 303, (str(door), token, answer)
            to = urlsplit(answer.headers["location"])
            assert to.path == "/sign-in"
            assert (to.query != "") is (door.method == "GET" and filled(house, door.path) != "/")
        answer = await browsing.ask(door, None, Accept="application/json")
        assert answer.status == 401, (str(door), answer)
    assert state(house) == before


async def test_another_organisation_cannot_tell_what_exists(
    house: House, browsing: Browsing
) -> None:
    """Somebody else's thing and a thing that never was: the same page."""
    before = state(house)
    token = await _csrf(browsing, house.foreign)
    asked = 0
    for door in guarded(house):
        if "{" not in door.path or not (other := imaginary(house, door)):
            continue
        asked += 1
        real = await browsing.ask(door, house.foreign, x_csrf_token=token)
        unreal = await browsing.ask(
            door, house.foreign, path=filled(house, door.path, **other), x_csrf_token=token
        )
        named = [house.values[name] for name in other]
        values = [*named, *other.values()]
        assert (real.status, real.without(values)) == (unreal.status, unreal.without(values)), door
        assert real.status in (404, 422), (str(door), real)
    assert asked >= 4
    assert state(house) == before


async def test_who_may_not_is_told_so_before_anything_is_looked_up(
    house: House, browsing: Browsing
) -> None:
    """A viewer, at what is there and at what is not; without a token as well: nothing is said of it."""
    before = state(house)
    viewer = house.cookies[Role.VIEWER]
    doors = [d for d in guarded(house) if d.demand and d.demand.permission is not Permission.READ]
    assert len(doors) >= 4
    for door in doors:
        real = await browsing.ask(door, viewer)
        unreal = await browsing.ask(
            door, viewer, path=filled(house, door.path, **imaginary(house, door))
        )
        assert real.status == unreal.status == 403, (str(door), real)
        assert "It takes the role" in real.text
    assert state(house) == before


async def test_who_may_finds_his_pages(house: House, browsing: Browsing) -> None:
    """Else the rest would prove nothing."""
    for door in guarded(house):
        if door.method == "GET":
            answer = await browsing.ask(door, house.cookies[Role.OWNER])
            assert answer.status in (200, 204, 303, 307), (str(door), answer)


# -- other sites ---------------------------------------------------------------------------------


async def _csrf(browsing: Browsing, cookie: str) -> str:
    """Return a token as a page of that session has it."""
    page = next(d for d in pages_of(browsing.house.served.app) if str(d) == "GET /operations")
    found = re.search(
        r"X-CSRF-Token&#34;: &#34;([^&]+)|X-CSRF-Token\": \"([^\"]+)",
        (await browsing.ask(page, cookie)).text,
    )
    assert found is not None
    return found[1] or found[2]


async def test_a_form_counts_only_from_a_page_of_the_same_session(
    house: House, browsing: Browsing
) -> None:
    owner = house.cookies[Role.OWNER]
    good, foreign = await _csrf(browsing, owner), await _csrf(browsing, house.foreign)
    before = state(house)
    nonce, _, signature = good.partition(".")
    tokens = (None, "", "x", foreign, f"{nonce}.", f"{'0' * 32}.{signature}", good[:-1])
    origins = ("https://evil.example", "null", house.url + ".evil.example", "http://", None)
    for place, door in enumerate(d for d in guarded(house) if d.method != "GET"):
        # Everything at the first one; at the others, which have the same guard, one after the other.
        for token in tokens if place == 0 else (tokens[place % len(tokens)],):
            answer = await browsing.ask(door, owner, x_csrf_token=token)
            assert answer.status == 403, (str(door), token, answer)
            assert "Nothing was changed" in answer.text
        for origin in origins if place == 0 else (origins[place % len(origins)],):
            answer = await browsing.ask(door, owner, x_csrf_token=good, Origin=origin)
            assert answer.status == 403, (str(door), origin, answer)
        told = await browsing.ask(
            door, owner, x_csrf_token=good, Origin=None, Sec_Fetch_Site="cross-site"
        )
        assert told.status == 403
    assert state(house) == before


@pytest.mark.parametrize("path", ["/sign-in", "/join"])
async def test_nobody_is_signed_in_by_another_site(
    house: House, browsing: Browsing, path: str
) -> None:
    person = house.people[Role.OWNER]
    form = {"email": person.email, "password": person.password, "name": "x", "token": "sti_x"}
    for origin in ("https://evil.example", "null"):
        async with browsing.session.post(
            house.url + path, data=form, headers={"Origin": origin}, allow_redirects=False
        ) as answer:
            assert answer.status == 403
            assert SESSION not in answer.cookies


async def test_every_page_says_what_the_browser_may_do_with_it(
    house: House, browsing: Browsing
) -> None:
    owner = house.cookies[Role.OWNER]
    for door in pages_of(house.served.app):
        for cookie in (owner, None):
            answer = await browsing.ask(door, cookie)
            policy = answer.headers["content-security-policy"]
            for rule in (
                "default-src 'self'",
                "object-src 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "frame-ancestors 'none'",
            ):
                assert rule in policy, (str(door), policy)
            assert "unsafe" not in policy
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "no-store" in answer.headers["cache-control"], str(door)


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        " /x",
        "http:evil",
    ],
)
async def test_a_sign_in_never_leads_elsewhere(house: House, browsing: Browsing, to: str) -> None:
    person = house.people[Role.OWNER]
    form = {"email": person.email, "password": person.password, "next": to}
    async with browsing.session.post(
        f"{house.url}/sign-in", data=form, headers={"Origin": house.url}, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        location = answer.headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\", "/\t"))
