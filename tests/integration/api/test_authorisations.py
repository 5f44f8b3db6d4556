"""Keys by the store's own page: over two real servers, the hub's and the store's."""

from __future__ import annotations

import asyncio
import html
import re
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from api_callers import Answer, Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.connections.authorisation import LASTS, MOST_TRIES
from storetwin.hub import authorising
from storetwin.kernel.clock import utc_now
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.tenancy.models import Permission, Role

BASE = "/authorisations"


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=5) as running:
        yield running


@pytest.fixture(scope="module")
def second() -> Iterator[Sandbox]:
    with running_store(orders=4, seed=5) as running:
        yield running


@pytest.fixture(autouse=True)
def as_at_the_start(store: Sandbox, second: Sandbox) -> Iterator[None]:
    yield
    for one in (store, second):
        one.faults.clear()
        one.shop.gate.reset()


class Clock:
    """The hub's clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> Any:
        return utc_now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def twin(
    database_dsn: str, tmp_path: Path, store: Sandbox, clock: Clock
) -> AsyncIterator[Twin]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with open_twin(database_dsn, tmp_path, store, public_url=url) as opened:
        yield replace(opened, hub=replace(opened.hub, clock=clock))


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    port = urlsplit(twin.hub.public_url or "").port
    async with serving_api(twin.hub, port=port or 0) as served:
        yield served.by(await key_of(twin.hub))


async def begin(api: Api, store: Sandbox, name: str = "second", **more: Any) -> dict[str, Any]:
    begun = await api.post(BASE, {"name": name, "url": store.url, **more})
    assert isinstance(begun, dict)
    return begun


def state_of(begun: dict[str, Any]) -> str:
    return parse_qs(urlsplit(begun["authorise_url"]).query)["user_id"][0]


async def approve(api: Api, url: str) -> tuple[int, str]:
    """Press Approve on a store's page; return what the browser then gets, and where it is sent."""
    async with api.session.get(url) as page:
        text = await page.text()
    found = re.search(r'href="([^"]+)" class="[^"]*wc-auth-approve"', text)
    assert found is not None, text
    async with api.session.get(html.unescape(found[1]), allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "")


async def call_back(api: Api, state: str, store: Sandbox, **other: Any) -> Answer:
    body = {
        "key_id": 1,
        "user_id": state,
        "consumer_key": store.key,
        "consumer_secret": store.secret,
        "key_permissions": "read_write",
    }
    return await api.by(None).ask("POST", f"{BASE}/callback", json=body | other)


async def test_a_store_is_connected_by_its_own_page(api: Api, twin: Twin, second: Sandbox) -> None:
    answer = await api.ask("POST", BASE, json={"name": "second", "url": f"{second.url}/"})
    begun = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v1{BASE}/{begun['id']}"
    assert begun["authorise_url"].startswith(f"{second.url}/wc-auth/v1/authorize?")
    assert begun["state"] == "pending"
    status, back = await approve(api, begun["authorise_url"])
    assert status == 302
    assert back.startswith(f"{twin.hub.public_url}/api/v1{BASE}/done?success=1&user_id=")
    async with api.session.get(back) as page:
        assert (page.status, page.content_type) == (200, "text/html")
        assert "The store is connected" in await page.text()
    found = await api.get(f"{BASE}/{begun['id']}")
    assert (found["state"], found["trouble"]) == ("connected", None)
    made = await api.get(f"/connections/{found['connection_id']}")
    assert (made["name"], made["url"]) == ("second", second.url)
    assert made["created_by"] == (await api.get("/users/me"))["user_id"]
    assert made["tested_at"] is not None
    kept = twin.hub.register.credentials(await twin.hub.register.get("second"))
    assert kept.key.get_secret_value() not in (second.key, "")
    pulled = await twin.hub.pull(
        "second", ["orders"], full=False, bury_many=False, observe=lambda _: None
    )
    assert pulled.is_complete
    assert (await call_back(api, state_of(begun), second)).status == 404


async def test_a_connection_that_is_there_gets_the_new_keys(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    assert (await twin.pull("orders")).is_complete
    begun = await begin(api, store, NAME)
    store.revoke(store.key)
    assert (await approve(api, begun["authorise_url"]))[0] == 302
    found = await api.get(f"{BASE}/{begun['id']}")
    assert found["connection_id"] == str(twin.connection.id)
    assert (await twin.pull("orders")).is_complete


async def test_wrong_used_and_expired_states_are_one_and_the_same(
    api: Api, clock: Clock, second: Sandbox
) -> None:
    used = state_of(await begin(api, second))
    assert (await call_back(api, used, second)).status == 200
    expired = state_of(await begin(api, second, "second"))
    clock.ahead = LASTS
    answers = [
        await call_back(api, state, second)
        for state in (used, expired, "0" * 64, "x", "ä" * 200, "'; --")
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1


async def test_keys_of_another_store_are_not_taken_and_it_says_so(
    api: Api, second: Sandbox
) -> None:
    begun = await begin(api, second)
    other = second.make_keys()
    second.revoke(other.key)
    refused = await call_back(
        api, state_of(begun), second, consumer_key=other.key, consumer_secret=other.secret
    )
    assert refused.status == 422
    found = await api.get(f"{BASE}/{begun['id']}")
    assert found["state"] == "pending"
    assert "consumer key" in found["trouble"]
    assert found["remedy"]
    await api.get("/connections/second", 404)
    assert (await approve(api, begun["authorise_url"]))[0] == 302
    found = await api.get(f"{BASE}/{begun['id']}")
    assert (found["state"], found["trouble"]) == ("connected", None)


async def test_whoever_guesses_keys_is_shut_out_soon(api: Api, second: Sandbox) -> None:
    begun = await begin(api, second)
    wrong = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
    statuses = [
        (await call_back(api, state_of(begun), second, **wrong)).status
        for _ in range(MOST_TRIES + 1)
    ]
    assert statuses == [422] * MOST_TRIES + [404]
    assert (await api.get(f"{BASE}/{begun['id']}"))["state"] == "expired"
    assert (await call_back(api, state_of(begun), second)).status == 404


async def test_of_several_deliveries_at_once_one_is_taken(
    api: Api, twin: Twin, second: Sandbox
) -> None:
    second.faults.switch_on("latency:ms=50")
    begun = await begin(api, second)
    answers = await asyncio.gather(*(call_back(api, state_of(begun), second) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 404, 404, 404]
    names = [c.name for c in await twin.hub.register.every()]
    assert sorted(names) == ["second", NAME]


async def test_a_store_that_does_not_answer_us_in_time_keeps_no_keys_of_ours(
    api: Api, second: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authorising, "TEST_SECONDS", 0.3)
    begun = await begin(api, second)
    second.faults.switch_on("latency:ms=900")
    before = second.shop.gate.pairs
    assert (await approve(api, begun["authorise_url"]))[0] == 401
    assert second.shop.gate.pairs == before
    assert "did not answer within" in (await api.get(f"{BASE}/{begun['id']}"))["trouble"]


async def test_what_could_not_end_well_is_not_begun(
    api: Api, twin: Twin, store: Sandbox, second: Sandbox
) -> None:
    taken = await api.post(BASE, {"name": NAME, "url": second.url}, 409)
    assert taken["code"] == "connection_exists"
    await api.post(BASE, {"name": "again", "url": store.url}, 409)
    await api.post(
        BASE, {"name": "x", "url": second.url, "return_url": "https://a.example/%2B"}, 422
    )
    await api.post(BASE, {"name": "x", "url": second.url, "scope": "admin"}, 422)
    await api.post(BASE, {"name": "x", "url": "ftp://x"}, 422)
    for public_url in (None, "http://hub.example"):
        async with serving_api(replace(twin.hub, public_url=public_url)) as served:
            refused = await served.by(api.token).post(BASE, {"name": "x", "url": second.url}, 422)
            assert refused["code"] == "no_public_url"
            assert "STORETWIN_PUBLIC_URL" in refused["remedy"]


async def test_nobody_else_sees_it_and_nobody_sees_the_state_again(
    api: Api, twin: Twin, second: Sandbox
) -> None:
    begun = await begin(api, second)
    shown = await api.ask("GET", f"{BASE}/{begun['id']}")
    assert state_of(begun) not in shown.body.decode()
    organisation_id = uuid4()
    async with twin.hub.database.transaction(organisation_id) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations VALUES (%s, 'x', %s)",
            (organisation_id, twin.hub.clock()),
        )
    stranger = api.by(await key_of(twin.hub.of(organisation_id)))
    theirs = await stranger.ask("GET", f"{BASE}/{begun['id']}")
    nobodys = await stranger.ask("GET", f"{BASE}/{uuid4()}")
    assert (theirs.status, theirs.body) == (404, nobodys.body)
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    await viewer.post(BASE, {"name": "x", "url": second.url}, 403)
    assert (await viewer.get(f"{BASE}/{begun['id']}"))["state"] == "pending"


async def test_who_may_only_create_does_not_replace_keys(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    scopes = frozenset({Permission.READ, Permission.CREATE})
    creator = api.by(await key_of(twin.hub, scopes=scopes))
    await creator.post(BASE, {"name": NAME, "url": store.url}, 403)


BAD_BODIES = [
    b"",
    b"[]",
    b'{"user_id": "x"}',
    b'{"user_id": 7, "consumer_key": "a", "consumer_secret": "b"}',
    b'{"user_id": "\\u0000", "consumer_key": "a", "consumer_secret": "b"}',
    b'{"user_id": "\\ud800", "consumer_key": "a", "consumer_secret": "b"}',
    b'{"user_id": "x", "consumer_key": "a", "consumer_secret": "' + b"b" * 300 + b'"}',
    b'{"a":' * 30 + b"1" + b"}" * 30,
    b"\xff\xfe",
]


async def test_a_callback_that_is_none_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    for body in BAD_BODIES:
        answer = await api.by(None).ask("POST", f"{BASE}/callback", data=body, headers=headers)
        assert 400 <= answer.status < 500, body
        assert b"bbbb" not in answer.body


async def test_only_so_many_wait(
    api: Api, second: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storetwin.connections.authorisations.MOST_WAITING", 2)
    for _ in range(2):
        await begin(api, second)
    refused = await api.post(BASE, {"name": "second", "url": second.url}, 409)
    assert refused["code"] == "too_many_authorisations"
