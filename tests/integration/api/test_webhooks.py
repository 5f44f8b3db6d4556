"""Webhooks over the API: made, mended and removed in the store; deliveries looked at and retried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.connections.webhooks_plan import TOPICS
from storetwin.mirror import deliveries
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Permission, Role

AT = f"/connections/{NAME}/webhooks"
PATIENCE = 20.0


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    """A store, and a hub that it reaches: its public URL leads to an API on the same database."""
    with running_store(orders=12, seed=7) as store:
        async with (
            open_twin(database_dsn, tmp_path, store) as opened,
            serving_api(opened.hub) as door,
        ):
            yield replace(opened, hub=replace(opened.hub, public_url=door.url))


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub))


async def put(api: Api, body: Any = None, status: int = 200) -> Any:
    answer = await api.ask("PUT", AT, json=body)
    assert answer.status == status, answer.json
    return answer.json


async def tell(twin: Twin, count: int = 3) -> list[int]:
    """Change some orders in the store, and wait until it has told."""
    store = twin.sandbox.store
    usual = {"processing", "completed", "pending", "on-hold"}
    orders = [n for n in store.ids("orders") if store.status_of("orders", n) in usual][:count]
    for number in orders:
        store.edit_order(number, {"customer_note": f"note {number}"})
    assert await asyncio.to_thread(twin.sandbox.webhooks.wait_until_sent, PATIENCE)
    return orders


async def test_they_are_made_once_mended_and_removed(twin: Twin, api: Api) -> None:
    nothing = await api.get(AT)
    assert (nothing["standing"], nothing["is_wanted"], nothing["working"]) == ("off", False, [])
    assert nothing["remedy"] == f"Create them: storetwin webhook create {NAME}"

    made = await put(api)
    assert (set(made["created"]), made["refused"]) == (set(TOPICS), {})
    again = await put(api, {"allowed_ips": ["127.0.0.0/8", "::1"]})
    assert (again["created"], set(again["kept"])) == ({}, set(TOPICS))
    asked = await api.get(f"{AT}?ask=true")
    assert (set(asked["working"]), asked["lacking"]) == (set(TOPICS), {})
    assert asked["allowed_ips"] == ["127.0.0.0/8", "::1/128"]
    assert asked["of_others"] is not None
    known = await api.get(AT)
    assert known["of_others"] is None
    told_later = {name: asked[name] for name in ("of_others", "last_ping_at")}
    assert known | told_later == asked  # a ping is written down within a second

    renewed = await put(api, {"new_secret": True})
    assert (set(renewed["created"]), renewed["deleted"]) == (set(TOPICS), len(TOPICS))
    assert (await api.ask("DELETE", AT)).status == 204
    assert (await api.ask("DELETE", AT)).status == 204
    gone = await api.get(f"{AT}?ask=true")
    assert (gone["standing"], gone["working"]) == ("off", [])


async def test_who_may_deliver_is_set_and_a_test_delivery_goes_the_whole_way(
    twin: Twin, api: Api
) -> None:
    some = {"allowed_ips": ["203.0.113.7"]}
    assert (await api.ask("PATCH", AT, json=some)).json["code"] == "no_webhooks"
    assert (await api.post(f"{AT}/test", status=422))["code"] == "no_webhooks"
    await put(api)
    asked = len(twin.sandbox.requests.log)
    found = await api.ask("PATCH", AT, json=some)
    assert (found.status, found.json["allowed_ips"]) == (200, ["203.0.113.7/32"])
    assert len(twin.sandbox.requests.log) == asked
    assert (await api.post(f"{AT}/test", status=200))["status"] == 403
    answer = await api.ask("PATCH", AT, json={"allowed_ips": ["everybody"]})
    assert (answer.status, answer.json["code"]) == (422, "configuration")
    assert (await api.ask("PATCH", AT, json={"allowed_ips": []})).json["allowed_ips"] == []
    tested = await api.post(f"{AT}/test", status=200)
    assert (tested["has_arrived"], tested["status"], tested["is_kept"]) == (True, 200, True)
    latest = (await api.get(f"{AT}/deliveries"))["data"][0]
    assert (latest["resource"], latest["state"]) == ("", "ignored")
    refused = await api.post(f"{AT}/deliveries/{latest['number']}/retry", status=422)
    assert refused["code"] == "names_no_record"


async def test_deliveries_are_listed_shown_and_retried(twin: Twin, api: Api) -> None:
    await put(api)
    orders = await tell(twin)
    listed = (await api.get(f"{AT}/deliveries"))["data"]
    assert [one["number"] for one in listed] == sorted((o["number"] for o in listed), reverse=True)
    told = [one for one in listed if one["remote_id"]]
    assert {(o["topic"], o["remote_id"], o["state"]) for o in told} == {
        ("order.updated", str(number), "waiting") for number in orders
    }
    assert all(one["size"] > 100 for one in told)
    path = f"{AT}/deliveries/{told[0]['number']}"
    shown = await api.get(path)
    assert str(shown["body"]["id"]) == told[0]["remote_id"]

    await twin.hub.webhooks.drain(NAME)
    assert set(await twin.snapshots("orders")) >= {str(number) for number in orders}
    applied = await api.get(path)
    assert (applied["state"], applied["body"], applied["next_attempt_at"]) == (
        "applied",
        None,
        None,
    )

    twin.sandbox.store.edit_order(int(told[0]["remote_id"]), {"customer_note": "later"})
    retried = await api.post(f"{path}/retry", status=202)
    assert (retried["state"], retried["attempts"], retried["note"]) == ("waiting", 0, None)
    other = next(o for o in told if o["remote_id"] != told[0]["remote_id"])
    await api.post(f"{AT}/deliveries/{other['number']}/retry", status=202)
    await twin.hub.webhooks.drain(NAME)
    assert (await api.get(path))["state"] == "applied"


async def test_a_delivery_whose_record_waits_already_wakes_that_one(twin: Twin, api: Api) -> None:
    await put(api)
    [order] = await tell(twin, 1)
    await tell(twin, 1)
    await twin.hub.webhooks.drain(NAME)
    numbers = [
        one["number"] for one in (await api.get(f"{AT}/deliveries?remote_id={order}"))["data"]
    ]
    assert len(numbers) == 2
    assert (await api.post(f"{AT}/deliveries/{numbers[0]}/retry", status=202))["state"] == "waiting"
    second = await api.post(f"{AT}/deliveries/{numbers[1]}/retry", status=202)
    assert second["state"] == "applied"
    waiting = (await api.get(f"{AT}/deliveries?state=waiting"))["data"]
    assert [one["number"] for one in waiting] == [numbers[0]]


async def test_pages_of_deliveries_are_narrowed_and_bounded(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(api)
    orders = await tell(twin, 4)
    everything = (await api.get(f"{AT}/deliveries"))["data"]
    monkeypatch.setattr(deliveries, "AT_ONCE", 2)
    monkeypatch.setattr(deliveries, "MOST_LOOKED_AT", 4)
    for query, wanted in (
        ("", everything),
        ("topic=order.updated", [d for d in everything if d["topic"] == "order.updated"]),
        (f"remote_id={orders[0]}", [d for d in everything if d["remote_id"] == str(orders[0])]),
        ("state=ignored", [d for d in everything if d["state"] == "ignored"]),
        ("resource=coupons", []),
    ):
        found, cursor = [], ""
        for _ in range(50):
            page = await api.get(f"{AT}/deliveries?{query}&limit=1{cursor}")
            found += page["data"]
            cursor = f"&cursor={page['next_cursor']}"
            if page["next_cursor"] is None:
                break
        assert found == wanted, query
        assert page["next_cursor"] is None


async def test_what_a_person_said_is_shown_to_who_may_take_it_away(twin: Twin, api: Api) -> None:
    await put(api)
    await tell(twin, 1)
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    scoped = api.by(await key_of(twin.hub, scopes=frozenset({Permission.READ, Permission.UPDATE})))
    listed = await viewer.ask("GET", f"{AT}/deliveries")
    number = next(d["number"] for d in listed.json["data"] if d["remote_id"])
    end = await twin.hub.register.receiving_ends.get(twin.connection.id)
    assert end is not None
    for caller in (viewer, scoped):
        assert (await caller.get(f"{AT}/deliveries/{number}", 403))["code"] == "forbidden"
    whole = await api.ask("GET", f"{AT}/deliveries/{number}")
    shown = [listed.body, whole.body, (await api.ask("GET", AT)).body]
    for secret in (end.token, end.secret):
        assert all(secret.encode() not in body for body in shown)
    for method, path in (("PUT", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test")):
        assert (await viewer.ask(method, f"{AT}{path}", json={})).status == 403
    assert (await scoped.ask("DELETE", AT)).status == 403


async def test_what_is_not_there_or_cannot_be_is_said(twin: Twin, api: Api) -> None:
    for path, status in (
        ("/connections/nowhere/webhooks", 404),
        (f"{AT}/deliveries/77", 404),
        (f"{AT}/deliveries/0", 422),
        (f"{AT}/deliveries/9223372036854775808", 422),
        (f"{AT}/deliveries?state=lost", 422),
        (f"{AT}/deliveries?cursor=WyIiXQ", 400),
    ):
        assert (await api.ask("GET", path)).status == status, path
    assert (await api.post(f"{AT}/deliveries/77/retry", status=404))["code"] == "unknown"
    hub = replace(twin.hub, public_url=None)
    async with serving_api(hub) as served:
        hidden = served.by(api.token)
        assert (await hidden.get(AT))["standing"] == "polling only"
        assert (await put(hidden, status=422))["code"] == "no_public_url"
