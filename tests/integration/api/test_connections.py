"""Connections over the API: made, tested, renewed under a running pull, removed, and nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.connections.identity import Identity
from storetwin.hub import Hub
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.sandboxes.woocommerce.auth import Permission as KeyPermission
from storetwin.tenancy.models import Role
from storetwin.woocommerce.errors import KeyRejectedError

BASE = "/connections"


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=60) as running:
        yield running


@pytest.fixture(scope="module")
def second() -> Iterator[Sandbox]:
    with running_store(orders=3, seed=5) as running:
        yield running


@pytest.fixture(autouse=True)
def as_at_the_start(store: Sandbox, second: Sandbox) -> Iterator[None]:
    yield
    for one in (store, second):
        one.faults.clear()
        one.shop.gate.reset()


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path, store: Sandbox) -> AsyncIterator[Twin]:
    async with open_twin(database_dsn, tmp_path, store) as opened:
        yield opened


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub))


@pytest.fixture
async def other_hub(twin: Twin) -> Hub:
    organisation_id = uuid4()
    async with twin.hub.database.transaction(organisation_id) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations VALUES (%s, 'x', %s)",
            (organisation_id, twin.hub.clock()),
        )
    return twin.hub.of(organisation_id)


def given(store: Sandbox, name: str = "second", **more: Any) -> dict[str, Any]:
    keys = {"consumer_key": store.key, "consumer_secret": store.secret}
    return {"name": name, "url": f"{store.url}/", **keys, **more}


def pair(made: Any) -> dict[str, str]:
    return {"consumer_key": made.key, "consumer_secret": made.secret}


# -- making -----------------------------------------------------------------------------------------


async def test_a_store_that_works_is_connected(api: Api, second: Sandbox, twin: Twin) -> None:
    answer = await api.ask("POST", BASE, json=given(second))
    made = answer.json
    assert answer.status == 201, made
    assert answer.headers["Location"] == f"/api/v1/connections/{made['id']}"
    assert (made["name"], made["url"], made["state"]) == ("second", second.url, "active")
    assert (made["is_default"], made["tls"], made["detected_auth"]) == (False, "checked", "oauth1")
    assert made["test"]["is_ok"]
    assert made["store"]["woocommerce"] == second.store.release.number
    assert made["tested_at"] is not None
    me = await api.get("/users/me")
    assert made["created_by"] == me["user_id"]
    for text in ("second", made["id"]):
        shown = await api.get(f"{BASE}/{text}")
        assert shown == {k: v for k, v in made.items() if k != "test"}
    pulled = await twin.hub.pull(
        "second", ["orders"], full=False, bury_many=False, observe=lambda _: None
    )
    assert pulled.is_complete


async def test_what_does_not_work_is_not_kept_unless_untested(api: Api, second: Sandbox) -> None:
    wrong = given(second, consumer_secret="cs_" + "1" * 40)
    refused = await api.post(BASE, wrong, 422)
    assert refused["code"] == "does_not_work"
    assert refused["detail"] == "The consumer secret is wrong."
    assert "Copy the secret" in refused["remedy"]
    await api.get(f"{BASE}/second", 404)
    made = (await api.ask("POST", BASE, json=wrong, params={"test": "false"})).json
    assert made["test"] is None
    assert made["tested_at"] is None
    tested = await api.post(f"{BASE}/second/test", status=200)
    assert (tested["is_ok"], tested["error"]) == (False, "key_rejected")


async def test_no_answer_has_a_key(api: Api, second: Sandbox) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("POST", f"{BASE}/test", {k: v for k, v in given(second).items() if k != "name"}),
        ("POST", BASE, given(second)),
        ("POST", BASE, given(second)),
        ("POST", f"{BASE}/second/keys", pair(second)),
        ("POST", f"{BASE}/second/keys", {"consumer_key": second.key, "consumer_secret": 7}),
        ("POST", f"{BASE}/second/keys", {**pair(second), "more": second.secret}),
        ("PATCH", f"{BASE}/second", {"consumer_key": second.key}),
        ("GET", f"{BASE}/second", None),
        ("GET", BASE, None),
        ("POST", f"{BASE}/second/test", None),
    ]
    seen = []
    for method, path, body in asked:
        answer = await api.ask(method, path, json=body)
        seen.append(answer.status)
        assert second.key not in answer.body.decode(), path
        assert second.secret not in answer.body.decode(), path
    assert seen == [200, 201, 409, 200, 422, 422, 422, 200, 200, 200]


async def test_name_and_store_are_unique(api: Api, store: Sandbox, second: Sandbox) -> None:
    taken = await api.post(BASE, given(second, NAME), 409)
    assert taken["code"] == "connection_exists"
    assert NAME in taken["detail"]
    requests = store.requests.total
    again = await api.post(BASE, given(store, "again", url=f"{store.url}/wp-json/"), 409)
    assert store.url in again["detail"]
    assert store.requests.total == requests, "it is known before anybody is asked"


async def test_a_name_that_cannot_be_one_is_refused(api: Api, second: Sandbox) -> None:
    for name in ("", ".", "..", "-", "a b", "a/b", "default", "test", "x" * 64):
        refused = await api.post(BASE, given(second, name), 422)
        assert refused["code"] in ("configuration", "invalid"), name


async def test_a_store_within_our_own_network_is_refused(api: Api, second: Sandbox) -> None:
    for url in (
        "http://127.0.0.2:9",
        "http://169.254.169.254",
        "http://[::ffff:10.0.0.1]",
        "http://0x0a000001",
    ):
        refused = await api.post(BASE, given(second, url=url), 422)
        assert refused["code"] == "does_not_work", refused
    tested = await api.post(f"{BASE}/test", {"url": "http://10.0.0.1", **pair(second)}, 200)
    assert tested["error"] == "address_refused"
    assert "STORETWIN_ALLOWED_NETWORKS" in tested["checks"][0]["remedy"]


async def test_keys_are_tested_check_by_check_and_nothing_is_kept(
    api: Api, second: Sandbox
) -> None:
    tested = await api.post(f"{BASE}/test", {"url": second.url, **pair(second.read_only)}, 200)
    found = {check["name"]: check for check in tested["checks"]}
    assert tested["is_ok"]
    names = (
        "reachable woocommerce clock keys read cache write versions zone currency webhooks identity"
    )
    assert set(names.split()) <= set(found)
    assert found["write"]["is_ok"] is None
    assert "Read/Write" in found["write"]["remedy"]
    assert all(check["remedy"] for check in tested["checks"] if check["is_ok"] is not True)
    assert [c["name"] for c in (await api.get(BASE))["data"]] == [NAME]


# -- looking up -------------------------------------------------------------------------------------


async def test_the_list_comes_in_pages(api: Api, twin: Twin, second: Sandbox) -> None:
    for at in range(5):
        body = given(second, f"s{at}", url=f"https://s{at}.example")
        assert (await api.ask("POST", BASE, json=body, params={"test": "false"})).status == 201
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        page = await api.get(BASE, limit=2, **cursor)
        seen += [connection["name"] for connection in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == ["s0", "s1", "s2", "s3", "s4", NAME]
    await api.get(BASE, 400, cursor="x")


async def test_there_is_one_default(api: Api, twin: Twin, second: Sandbox) -> None:
    assert (await api.get(f"{BASE}/default"))["name"] == NAME
    await api.post(BASE, given(second))
    answer = await api.ask("PUT", f"{BASE}/second/default")
    assert (answer.status, answer.json["is_default"]) == (200, True)
    assert (await api.get(f"{BASE}/default"))["name"] == "second"
    flags = {c["name"]: c["is_default"] for c in (await api.get(BASE))["data"]}
    assert flags == {NAME: False, "second": True}
    names = [NAME, "second"] * 6
    answers = await asyncio.gather(*(api.ask("PUT", f"{BASE}/{name}/default") for name in names))
    assert {answer.status for answer in answers} == {200}
    assert sum(c["is_default"] for c in (await api.get(BASE))["data"]) == 1
    assert (await api.ask("PUT", f"{BASE}/nobody/default")).status == 404


async def test_what_is_another_organisations_is_not_there(
    api: Api, twin: Twin, other_hub: Hub
) -> None:
    stranger = api.by(await key_of(other_hub))
    assert (await stranger.get(BASE))["data"] == []
    await stranger.get(f"{BASE}/default", 404)
    for text in (NAME, str(twin.connection.id)):
        for method, path, body in ROUTES:
            answer = await stranger.ask(method, path.format(text), json=body)
            assert answer.status == 404, path
            nobody = await stranger.ask(method, path.format("y" * len(text)), json=body)
            assert answer.json["detail"].replace(text, "") == nobody.json["detail"].replace(
                "y" * len(text), ""
            )
            assert answer.json["remedy"] == nobody.json["remedy"]


KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}
ROUTES = [
    ("GET", BASE + "/{}", None),
    ("PATCH", BASE + "/{}", {"name": "mine"}),
    ("DELETE", BASE + "/{}?confirm=shop", None),
    ("PUT", BASE + "/{}/default", None),
    ("POST", BASE + "/{}/pause", None),
    ("POST", BASE + "/{}/resume", None),
    ("POST", BASE + "/{}/test", None),
    ("POST", BASE + "/{}/keys", KEYS),
    ("GET", BASE + "/{}/identity", None),
    ("POST", BASE + "/{}/identity/check", None),
    ("POST", BASE + "/{}/identity/accept", None),
]


async def test_a_viewer_changes_nothing(api: Api, twin: Twin) -> None:
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    operator = api.by(await key_of(twin.hub, Role.OPERATOR))
    for method, path, body in ROUTES:
        answer = await viewer.ask(method, path.format(NAME), json=body)
        assert answer.status == (200 if method == "GET" else 403), path
    assert (await viewer.ask("POST", BASE, json={})).status == 403
    assert (await viewer.ask("POST", f"{BASE}/test", json={})).status == 403
    assert (await operator.ask("DELETE", f"{BASE}/{NAME}?confirm={NAME}")).status == 403
    assert (await twin.hub.register.get()).name == NAME


# -- changing ---------------------------------------------------------------------------------------


async def test_options_are_what_was_sent_and_else_as_they_were(api: Api) -> None:
    listed = {"name": "subscriptions", "path": "wc/v3/subscriptions", "secret": ["token"]}
    wanted = {
        "extra": ["order_notes"],
        "without": ["reviews"],
        "endpoints": [listed],
        "languages": ["de", "en"],
        "at_once": 3,
        "per_minute": 600,
        "quiet_hours": ["22:00-06:00"],
        "keep_versions": 10,
        "keep_days": 400,
    }
    answer = await api.ask("PATCH", f"{BASE}/{NAME}", json={"options": wanted})
    assert answer.status == 200, answer.json
    whole = {"key": "id", "parent": None, "params": {}, "is_paged": True, "can_include": True}
    options = wanted | {"endpoints": [whole | listed]}
    assert answer.json["options"] == options
    assert answer.json["forgotten"] == []
    less = {"per_minute": None, "without": [], "quiet_hours": []}
    changed = (await api.ask("PATCH", f"{BASE}/{NAME}", json={"options": less})).json
    assert changed["options"] == options | less
    assert (await api.get(f"{BASE}/{NAME}"))["options"] == options | less


BAD_OPTIONS: list[dict[str, Any]] = [
    {"at_once": 0},
    {"at_once": 65},
    {"per_minute": 2**63},
    {"quiet_hours": ["25:00-26:00"]},
    {"quiet_hours": ["00:00-01:00"] * 21},
    {"extra": ["nothing"]},
    {"without": ["zones"]},
    {"endpoints": [{"name": "x", "path": "../../wp/v2/users"}]},
    {"languages": ["$(id)"]},
    {"nothing": 1},
]


async def test_options_that_cannot_be_are_refused(api: Api) -> None:
    before = await api.get(f"{BASE}/{NAME}")
    for options in BAD_OPTIONS:
        refused = await api.ask("PATCH", f"{BASE}/{NAME}", json={"options": options})
        assert 400 <= refused.status < 500, options
    assert await api.get(f"{BASE}/{NAME}") == before


async def test_a_connection_gets_another_name_or_nothing_is_changed(
    api: Api, second: Sandbox
) -> None:
    await api.post(BASE, given(second))
    body = {"name": "renamed", "options": {"at_once": 2}}
    renamed = (await api.ask("PATCH", f"{BASE}/second", json=body)).json
    assert (renamed["name"], renamed["options"]["at_once"]) == ("renamed", 2)
    taken = await api.ask(
        "PATCH", f"{BASE}/renamed", json={"name": NAME, "options": {"at_once": 9}}
    )
    assert taken.status == 409
    assert (await api.get(f"{BASE}/renamed"))["options"]["at_once"] == 2
    assert (await api.ask("PATCH", f"{BASE}/renamed", json={"name": ".."})).status == 422


async def test_pause_and_resume(api: Api, twin: Twin) -> None:
    paused = await api.post(f"{BASE}/{NAME}/pause", {"reason": "stocktaking"}, 200)
    assert (paused["state"], paused["pause_reason"]) == ("paused", "stocktaking")
    again = await api.post(f"{BASE}/{NAME}/pause", status=200)
    assert again["pause_reason"] == "Paused by hand."
    resumed = await api.post(f"{BASE}/{NAME}/resume", status=200)
    assert (resumed["state"], resumed["pause_reason"]) == ("active", None)


# -- keys -------------------------------------------------------------------------------------------


async def test_keys_are_replaced_once_they_were_seen_to_work(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    made = store.make_keys()
    renewed = await api.post(f"{BASE}/{NAME}/keys", pair(made), 200)
    assert renewed["test"]["is_ok"]
    store.revoke(store.key)
    assert (await twin.pull("orders")).is_complete
    kept = await twin.hub.register.get(NAME)
    for wrong in (pair(made) | {"consumer_secret": "cs_x"}, pair(store)):
        refused = await api.post(f"{BASE}/{NAME}/keys", wrong, 422)
        assert refused["code"] == "does_not_work"
    after = await twin.hub.register.get(NAME)
    assert after.sealed_credentials == kept.sealed_credentials


async def test_keys_that_open_another_store_are_refused(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    assert (await twin.pull("orders")).is_complete
    backup = store.take_backup()
    store.become_another()
    try:
        refused = await api.post(f"{BASE}/{NAME}/keys", pair(store), 422)
        assert "Another store answers" in refused["detail"]
    finally:
        store.restore_backup(backup)


async def test_a_pull_in_flight_goes_on_when_its_keys_are_replaced_and_revoked(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    store.faults.switch_on("latency:ms=50")
    pull = asyncio.create_task(twin.pull())
    before = store.requests.total
    while store.requests.total < before + 15:
        await asyncio.sleep(0.01)
    made = store.make_keys()
    await api.post(f"{BASE}/{NAME}/keys", pair(made), 200)
    assert not pull.done()
    store.revoke(store.key)
    revoked_at = store.requests.total
    outcome = await pull
    assert outcome.is_complete
    assert store.requests.total > revoked_at + 5, "it was in flight"
    assert await twin.letters() == {}
    [run] = await twin.rows("SELECT state, error FROM runs.runs")
    assert (run["state"], run["error"]) == ("done", None)


async def test_a_pull_whose_keys_are_revoked_and_not_replaced_says_so(
    twin: Twin, store: Sandbox
) -> None:
    store.faults.switch_on("latency:ms=50")
    pull = asyncio.create_task(twin.pull())
    before = store.requests.total
    while store.requests.total < before + 15:
        await asyncio.sleep(0.01)
    store.revoke(store.key)
    with pytest.raises(KeyRejectedError):
        await pull


# -- identity ---------------------------------------------------------------------------------------


async def test_identity_is_shown_checked_and_accepted(api: Api, twin: Twin, store: Sandbox) -> None:
    nothing = await api.get(f"{BASE}/{NAME}/identity")
    assert (nothing["remembered"], nothing["doubt"]) == (None, None)
    assert (await twin.pull("orders")).is_complete
    shown = await api.get(f"{BASE}/{NAME}/identity")
    assert shown["remembered"]["store_id"] == store.store.store_id
    same = await api.post(f"{BASE}/{NAME}/identity/check", status=200)
    assert (same["verdict"], same["remedy"]) == ("same", None)
    backup = store.take_backup()
    store.become_another()
    try:
        other = await api.post(f"{BASE}/{NAME}/identity/check", status=200)
        assert other["verdict"] == "another"
        refused = await api.post(f"{BASE}/{NAME}/identity/accept", status=422)
        assert refused["code"] == "not_acceptable"
        both = {"is_restored": True, "is_replaced": True}
        await api.post(f"{BASE}/{NAME}/identity/accept", both, 422)
        await api.post(f"{BASE}/{NAME}/identity/accept", {"is_replaced": True}, 200)
        kept = Identity.from_json((await twin.hub.register.get(NAME)).identity)
        assert kept is not None
        assert kept.store_id == store.store.store_id
    finally:
        store.restore_backup(backup)


# -- removing ---------------------------------------------------------------------------------------


async def test_a_connection_is_removed_with_its_twin_when_it_is_confirmed(
    api: Api, twin: Twin
) -> None:
    assert (await twin.pull("orders")).is_complete
    count = "SELECT count(*) AS n FROM mirror.snapshots"
    assert (await twin.rows(count))[0]["n"] > 0
    for confirm in ("", "?confirm=", "?confirm=other"):
        assert (await api.ask("DELETE", f"{BASE}/{NAME}{confirm}")).status == 422
    gone = await api.ask("DELETE", f"{BASE}/{twin.connection.id}?confirm={NAME}")
    assert (gone.status, gone.body) == (204, b"")
    assert (await twin.rows(count))[0]["n"] == 0
    await api.get(f"{BASE}/{NAME}", 404)
    await api.get(f"{BASE}/default", 404)


async def test_a_connection_is_not_removed_under_a_run(
    api: Api, twin: Twin, store: Sandbox
) -> None:
    store.faults.switch_on("latency:ms=50")
    pull = asyncio.create_task(twin.pull("orders", "products"))
    before = store.requests.total
    while store.requests.total < before + 3:
        await asyncio.sleep(0.01)
    refused = await api.ask("DELETE", f"{BASE}/{NAME}?confirm={NAME}")
    assert refused.status == 409, refused.json
    busy = await api.ask("PATCH", f"{BASE}/{NAME}", json={"options": {"at_once": 2}})
    assert busy.status == 409
    assert (await pull).is_complete
    assert (await api.ask("DELETE", f"{BASE}/{NAME}?confirm={NAME}")).status == 204


async def test_who_may_only_read_at_the_store_is_connected_and_told(
    api: Api, second: Sandbox
) -> None:
    made = await api.post(BASE, given(second, **pair(second.make_keys(KeyPermission.READ))))
    write = next(check for check in made["test"]["checks"] if check["name"] == "write")
    assert write["is_ok"] is None
