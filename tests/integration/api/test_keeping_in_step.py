"""What a hub does by itself, over the API: schedules, status, syncs of orders, figures, proofs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.hub import Hub
from storetwin.kernel.ids import new_id
from storetwin.runs import queued
from storetwin.runs.listing import Wanted
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role
from workers import until, working

SYNC = f"/schedules/{NAME}/sync"
LISTED = 12


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=LISTED) as store:
        async with open_twin(database_dsn, tmp_path, store, database_pool_size=20) as opened:
            await opened.hub.schedules.pause(NAME, is_paused=True)
            yield opened


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub))


async def add_connection(hub: Hub, name: str, url: str) -> UUID:
    """Connect one more store of a hub's organisation; nothing is asked of it."""
    credentials = Credentials(SecretStr("ck_" + "1" * 40), SecretStr("cs_" + "2" * 40))
    added = await hub.register.add(NewConnection(name, url, credentials), hub.clock())
    return added.connection.id


@dataclass(frozen=True)
class Other:
    """Another organisation on the same database."""

    hub: Hub
    connection_id: UUID


@pytest.fixture
async def other(twin: Twin) -> Other:
    now, organisation_id = twin.hub.clock(), new_id(twin.hub.clock())
    async with twin.hub.database.transaction(organisation_id) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%(id)s, 'Other', %(now)s)",
            {"id": organisation_id, "now": now},
        )
    hub = twin.hub.of(organisation_id)
    connection_id = await add_connection(hub, "theirs", "https://theirs.example")
    await hub.schedules.pause("theirs", is_paused=True)
    return Other(hub, connection_id)


# -- schedules ------------------------------------------------------------------------------------


async def test_schedules_are_set_rest_and_go_on(twin: Twin, api: Api) -> None:
    everything = (await api.get("/schedules"))["data"]
    assert [(s["kind"], s["resource"], s["is_paused"]) for s in everything] == [
        ("sweep", None, True),
        ("sync", None, True),
    ]
    put = await api.ask("PUT", f"{SYNC}/orders", json={"every": "5m"})
    assert put.status == 200, put.json
    assert (put.json["every"], put.json["cron"], put.json["is_paused"]) == ("5m", None, False)
    assert put.json["next_at"]
    rests = await api.ask("PATCH", f"{SYNC}/orders", json={"is_paused": True})
    assert (rests.json["is_paused"], rests.json["next_at"]) == (True, None)
    changed = await api.ask("PATCH", f"{SYNC}/orders", json={"cron": "0 6 * * *"})
    assert (changed.json["cron"], changed.json["is_paused"]) == ("0 6 * * *", True)
    by_id = await api.get(f"/schedules/{twin.connection.id}/sync/orders")
    assert by_id == changed.json
    assert (await api.ask("DELETE", f"{SYNC}/orders")).status == 204
    await api.get(f"{SYNC}/orders", 404)
    woken = await api.ask("PATCH", f"{SYNC}/all", json={"is_paused": False})
    assert (woken.json["resource"], woken.json["is_paused"]) == (None, False)


async def test_pages_of_schedules_join(twin: Twin, api: Api) -> None:
    first = await api.get("/schedules", limit=1)
    second = await api.get("/schedules", limit=1, cursor=first["next_cursor"])
    assert [p["data"][0]["kind"] for p in (first, second)] == ["sweep", "sync"]
    assert second["next_cursor"] is None


async def test_a_schedule_that_cannot_be_used_is_refused(api: Api) -> None:
    both = {"every": "5m", "cron": "0 6 * * *"}
    wrong = ({"every": "soon"}, {"every": "1s"}, {"cron": "61 * * * *"}, {"cron": "0 0 30 2 *"})
    for body in (*wrong, both, {}):
        refused = await api.ask("PUT", f"{SYNC}/orders", json=body)
        assert refused.status == 422, body
        assert refused.json["code"] == "invalid" or refused.json["remedy"]


async def test_schedules_of_nothing_are_not_found(twin: Twin, api: Api) -> None:
    for path in (f"{SYNC}/unicorns", "/schedules/elsewhere/sync/orders", f"{SYNC}/products"):
        await api.get(path, 404)
    await api.get("/schedules", 404, connection="elsewhere")
    assert (await api.ask("DELETE", f"{SYNC}/all")).status == 422
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    assert (await viewer.ask("PUT", f"{SYNC}/orders", json={"every": "5m"})).status == 403


# -- status ---------------------------------------------------------------------------------------


async def test_status_says_how_each_resource_is_doing(twin: Twin, api: Api) -> None:
    await twin.pull("orders")
    told = await api.get("/status")
    assert told["workers"] == 0
    assert "storetwin serve" in told["remedy"]
    [shop] = told["data"]
    assert (shop["connection"], shop["is_complete"]) == (NAME, True)
    assert shop["standings"]["orders"]["synced_at"]
    assert shop["standings"]["products"]["standing"] == "never read"
    assert shop["resources"]["orders"]["listed"] == LISTED
    assert shop["last_run"]["kind"] == "pull"
    assert (await api.get("/status", connection=str(twin.connection.id)))["data"] == [shop]


# -- syncs of orders ------------------------------------------------------------------------------


async def test_orders_are_synced_in_the_background(twin: Twin, api: Api, database_dsn: str) -> None:
    resting = await add_connection(twin.hub, "resting", "https://resting.example")
    await twin.rows(
        "UPDATE connections.connections SET state = 'paused' WHERE id = %(id)s RETURNING 1",
        id=resting,
    )
    found = await api.post("/orders/sync", {}, 202)
    assert found["paused"] == ["resting"]
    [waiting] = found["queued"]
    assert waiting["is_new"]
    again = await api.post("/orders/sync", {"connection": NAME}, 202)
    assert [(q["run_id"], q["is_new"]) for q in again["queued"]] == [(waiting["run_id"], False)]
    assert (await api.post("/orders/sync", {"connection": "resting"}, 422))["remedy"]
    before = {s["connection"]: s for s in (await api.get("/orders/sync/status"))["data"]}
    assert [r["run_id"] for r in before[NAME]["runs"]] == [waiting["run_id"]]
    assert (before[NAME]["orders"], before[NAME]["standing"]) == (0, "never read")

    async def is_done() -> bool:
        return (await api.get(f"/runs/{waiting['run_id']}"))["state"] == "done"

    async with working(twin.hub, database_dsn):
        await until(is_done)
    after = (await api.get("/orders/sync/status", connection=NAME))["data"][0]
    assert after["orders"] >= LISTED
    assert after["synced_at"]
    assert after["runs"] == []


async def test_so_many_days_back_are_read_again(twin: Twin, api: Api, database_dsn: str) -> None:
    found = await api.post("/orders/sync", {"days_back": 3650}, 202)
    run_id = found["queued"][0]["run_id"]

    async def is_done() -> bool:
        return (await api.get(f"/runs/{run_id}"))["state"] == "done"

    async with working(twin.hub, database_dsn):
        await until(is_done)
    run = await api.get(f"/runs/{run_id}")
    assert run["records"]["created"] == LISTED
    assert "since" in run["options"]
    await api.post("/orders/sync", {"days_back": 0}, 422)


async def test_without_a_store_it_is_said_what_to_do(other: Other, api: Api) -> None:
    await other.hub.register.remove("theirs")
    theirs = api.by(await key_of(other.hub))
    refused = await theirs.post("/orders/sync", {}, 422)
    assert (refused["code"], "connections" in refused["remedy"]) == ("no_connection", True)
    for path in ("/orders/sync/status", "/status"):
        told = await theirs.get(path)
        assert (told["data"], "Connect one" in told["remedy"]) == ([], True)
    assert (await theirs.post("/runs", {}, 404))["remedy"]


async def test_all_organisations_are_synced_by_their_installations_administrator(
    twin: Twin, other: Other, api: Api, database_dsn: str
) -> None:
    await api.post("/orders/sync/all", {}, 403)
    theirs = await add_connection(other.hub, "paused", "https://paused.example")
    await other.hub.schedules.pause("paused", is_paused=True)
    async with other.hub.database.transaction(other.hub.organisation_id) as tx:
        await tx.execute(
            "UPDATE connections.connections SET state = 'paused' WHERE id = %(id)s",
            {"id": theirs},
        )
    installer = api.by(await key_of(twin.hub, is_installation_admin=True))
    found = await installer.post("/orders/sync/all", {}, 202)
    assert found == {
        "organisations": 2,
        "connections": 3,
        "queued": 2,
        "waiting_already": 0,
        "paused": 1,
        "failed": 0,
    }
    again = await installer.post("/orders/sync/all", {}, 202)
    assert (again["queued"], again["waiting_already"]) == (0, 2)
    assert len((await api.get("/runs"))["data"]) == 1, "of the caller's own organisation"

    async def all_ended() -> bool:
        mine = await twin.hub.asking.every(None, Wanted(limit=10))
        their = await other.hub.asking.every(None, Wanted(limit=10))
        return all(row["state"] not in ("queued", "running") for row in (*mine, *their))

    async with working(twin.hub, database_dsn):
        await until(all_ended)
    [mine] = await twin.hub.asking.every(None, Wanted(limit=10))
    [their] = await other.hub.asking.every(None, Wanted(limit=10))
    assert (mine["state"], their["state"]) == ("done", "failed")
    assert their["error"]
    assert their["remedy"] or their["error_code"]


async def test_what_fails_for_one_organisation_stops_no_other(
    twin: Twin, other: Other, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = queued.queue_run

    async def queue_run(tx: Any, owner: tuple[UUID, UUID], *args: Any, **more: Any) -> Any:
        if owner[0] == twin.hub.organisation_id:
            raise RuntimeError("broken")
        return await real(tx, owner, *args, **more)

    monkeypatch.setattr(queued, "queue_run", queue_run)
    installer = api.by(await key_of(twin.hub, is_installation_admin=True))
    found = await installer.post("/orders/sync/all", {}, 202)
    assert (found["queued"], found["failed"]) == (1, 1)


# -- certificates ---------------------------------------------------------------------------------


async def test_a_proof_is_asked_for_at_any_time_and_kept(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    asked = await api.ask(
        "POST", f"/connections/{NAME}/certificates", json={"level": "ids", "resources": ["orders"]}
    )
    assert asked.status == 202, asked.json
    assert asked.json["kind"] == "verify"
    path = asked.headers["Location"].removeprefix("/api/v1")

    async def is_done() -> bool:
        return (await api.get(path))["certificate_id"] is not None

    async with working(twin.hub, database_dsn):
        await until(is_done)
    run = await api.get(path)
    [listed] = (await api.get("/certificates", connection=NAME))["data"]
    assert (listed["certificate_id"], listed["level"]) == (run["certificate_id"], "ids")
    whole = await api.get(f"/certificates/{run['certificate_id']}")
    [orders] = whole["document"]["resources"]
    assert orders["in_store"] == LISTED
    assert (await api.get("/certificates", is_complete="false"))["data"] == []
    await api.post("/connections/elsewhere/certificates", {}, 404)


# -- figures --------------------------------------------------------------------------------------


async def test_figures_are_of_what_was_really_kept(twin: Twin, api: Api, database_dsn: str) -> None:
    nothing = await api.get("/analytics")
    assert (nothing["total"]["success_rate"], nothing["kept_since"]) == (None, None)
    twin.sandbox.faults.switch_on("rate-limit:wait=0,every=5")
    await twin.pull("orders")
    found = await api.get("/analytics", timeframe="24h")
    total = found["total"]
    [row] = await twin.rows(
        "SELECT requests, answers, answer_ms, slowest_ms, answer_times FROM runs.runs"
    )
    assert total["runs"]["ended"] == total["runs"]["done"] == 1
    assert total["success_rate"] == 1.0
    assert total["records"]["created"] == LISTED
    assert total["response_times"]["requests"] == row["requests"] > 3
    assert total["response_times"]["average_ms"] == round(row["answer_ms"] / row["answers"], 1)
    times = total["response_times"]
    assert times["timed"] == row["answers"] == sum(row["answer_times"])
    assert 0 <= times["p50_ms"] <= times["p95_ms"] <= times["slowest_ms"] == row["slowest_ms"]
    for line in (*found["by_time"], *found["by_connection"]):
        assert line["response_times"] == times
    assert total["rate_limiting"]["throttled"] >= 1
    assert total["batches"] >= 1
    assert found["unit"] == "hour"
    assert [line["runs"]["ended"] for line in found["by_time"]] == [1]
    assert [c["connection"] for c in found["by_connection"]] == [NAME]
    assert (await api.get("/analytics", timeframe="30d"))["unit"] == "day"
    for bad in ("1m", "400d", "soon", "-1d"):
        assert (await api.get("/analytics", 422, timeframe=bad))["code"] == "bad_timeframe"


async def test_nobody_sees_anothers(twin: Twin, other: Other, api: Api) -> None:
    await twin.pull("orders")
    run = (await api.get("/runs"))["data"][0]
    certificate = (await api.get("/certificates"))["data"][0]
    theirs = api.by(await key_of(other.hub))
    for path in (
        f"/runs/{run['run_id']}",
        f"/runs/{run['run_id']}/events",
        f"/certificates/{certificate['certificate_id']}",
        f"/schedules/{NAME}/sync/all",
        f"/schedules/{twin.connection.id}/sync/all",
    ):
        await theirs.get(path, 404)
    for path in (f"/runs/{run['run_id']}/cancel", f"/runs/{run['run_id']}/retry"):
        await theirs.post(path, None, 404)
    for path in ("/runs", "/certificates"):
        assert (await theirs.get(path))["data"] == []
    for path in ("/status", "/analytics", "/orders/sync/status", "/runs", "/certificates"):
        await theirs.get(path, 404, connection=str(twin.connection.id))
    assert (await theirs.get("/analytics"))["total"]["runs"]["ended"] == 0
    assert [s["connection"] for s in (await theirs.get("/status"))["data"]] == ["theirs"]
