"""Who calls, over a real socket: what a stranger, a key and a browser are told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api_callers import Api, key_of, serving_api
from database_clones import clone
from houses import House, open_house
from storetwin.api.app import Manners
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.tenancy.models import Permission, Role

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    with clone(postgres, template) as dsn:
        async with open_house(dsn, tmp_path_factory.mktemp("house")) as opened:
            yield opened


@pytest.fixture
def api(house: House) -> Api:
    return house.api


async def test_a_key_says_who_it_is(house: House, api: Api) -> None:
    key = await key_of(house.hub, Role.VIEWER)
    me = await api.by(key).get("/users/me")
    assert (me["role"], me["via"], me["permissions"]) == ("viewer", "api_key", ["read"])


@pytest.mark.parametrize("token", [None, "", "stk_", "stk_" + "x" * 43, "ey.J.x", "ä", "x" * 9000])
async def test_a_stranger_is_told_nothing(api: Api, token: str | None) -> None:
    answer = await api.by(token).ask("GET", "/users/me")
    assert answer.status == 401 or (answer.status == 400 and len(token or "") > 8000)
    if answer.status == 401:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="storetwin"'
        assert answer.json["code"] == "unauthenticated"


async def test_a_key_may_no_more_than_it_was_made_for(house: House, api: Api) -> None:
    key = await key_of(house.hub, scopes=frozenset({Permission.EXPORT}))
    assert (await api.by(key).get("/users/me", 403))["code"] == "forbidden"


async def test_what_is_unchanged_is_not_sent_again(house: House, api: Api) -> None:
    mine = api.by(await key_of(house.hub))
    first = await mine.ask("GET", "/users/me")
    again = await mine.ask("GET", "/users/me", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


async def test_who_asks_too_often_is_told_when_to_come_back(house: House) -> None:
    key = await key_of(house.hub)
    async with serving_api(house.hub, Manners(requests_per_minute=3)) as api:
        answers = [await api.by(key).ask("GET", "/users/me") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert answers[0].headers["RateLimit-Remaining"] == "2"
        assert int(answers[3].headers["Retry-After"]) >= 1
        assert (await api.by(await key_of(house.hub)).ask("GET", "/users/me")).status == 200


async def test_only_pages_of_allowed_origins_may_call(house: House) -> None:
    manners = Manners(cors_origins=("https://office.example",))
    asked = {"Access-Control-Request-Method": "GET", "Origin": "https://office.example"}
    async with serving_api(house.hub, manners) as api:
        allowed = await api.ask("OPTIONS", "/users/me", headers=asked)
        refused = await api.ask(
            "OPTIONS", "/users/me", headers=asked | {"Origin": "https://evil.example"}
        )
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://office.example"
    assert "Access-Control-Allow-Origin" not in refused.headers
