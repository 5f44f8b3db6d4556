"""Runs over the API: asked for, begun by a worker, followed, stopped, repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.api import streams
from storetwin.connections.choices import Choices
from storetwin.connections.options import QuietHours
from storetwin.runs import queued
from storetwin.runs.schedules import ScheduleKind
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role
from workers import until, working

LISTED = 30  # orders that the store's lists show; a few more are in none
ONE = {"resources": ["orders"], "kind": "pull"}


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=LISTED) as store:
        async with open_twin(database_dsn, tmp_path, store, database_pool_size=20) as opened:
            # Nothing begins by itself: what runs here was asked for.
            await opened.hub.schedules.pause(NAME, is_paused=True)
            yield opened


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.OPERATOR))


async def run_of(api: Api, run_id: str) -> Any:
    return await api.get(f"/runs/{run_id}")


async def ended(api: Api, run_id: str) -> Any:
    async def has_ended() -> bool:
        return (await run_of(api, run_id))["state"] not in ("queued", "running")

    await until(has_ended)
    return await run_of(api, run_id)


async def at_work(api: Api, twin: Twin, run_id: str) -> None:
    async def is_reading() -> bool:
        run = await run_of(api, run_id)
        return run["state"] == "running" and run["cost"]["requests"] > 3

    await until(is_reading)


# -- asking ---------------------------------------------------------------------------------------


async def test_without_a_worker_a_run_waits_and_says_so(twin: Twin, api: Api) -> None:
    answer = await api.ask("POST", "/runs", json=ONE)
    assert answer.status == 202
    run = answer.json
    assert (run["state"], run["waiting_for"]) == ("queued", "worker")
    assert (run["started_at"], run["options"]) == (None, {"resources": ["orders"]})
    assert answer.headers["Location"] == f"/api/v1/runs/{run['run_id']}"


async def test_a_worker_begins_it_and_its_result_is_kept(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    asked = await api.post("/runs", ONE, 202)
    async with working(twin.hub, database_dsn):
        run = await ended(api, asked["run_id"])
    assert run["state"] == "done"
    assert run["records"]["processed"] == run["records"]["created"] == LISTED
    assert run["records"]["failed"] == run["records"]["unchanged"] == 0
    assert run["cost"]["requests"] >= 3
    assert run["cost"]["average_ms"] > 0
    assert [(line["stage"], line["state"]) for line in run["progress"]] == [
        ("pull", "done"),
        ("verify", "done"),
    ]
    certificate = await api.get(f"/certificates/{run['certificate_id']}")
    assert certificate["run_id"] == run["run_id"]
    assert certificate["is_complete"]


async def test_what_is_asked_for_twice_is_done_once(twin: Twin, api: Api) -> None:
    both = await asyncio.gather(*(api.post("/runs", ONE, 202) for _ in range(8)))
    assert len({run["run_id"] for run in both}) == 1
    other = await api.post("/runs", ONE | {"full": True}, 202)
    assert other["run_id"] != both[0]["run_id"]


async def test_a_queue_that_is_full_takes_no_more(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queued, "MOST_QUEUED", 2)
    for size in (11, 12):
        await api.post("/runs", ONE | {"batch_size": size}, 202)
    assert (await api.post("/runs", ONE | {"batch_size": 13}, 409))["code"] == "queue_full"


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"direction": "push"}, "not_askable"),
    ({"direction": "both"}, "not_askable"),
    ({"kind": "sync", "full": True}, "not_askable"),
    ({"kind": "sweep", "since": "2026-01-01"}, "not_askable"),
    ({"kind": "sync", "bury": True}, "not_askable"),
    ({"kind": "pull", "level": "bytes"}, "not_askable"),
    ({"dry_run": True, "full": True}, "not_askable"),
    ({"since": "2026-02-01", "until": "2026-01-01"}, "not_askable"),
    ({"since": "yesterday"}, "configuration"),
    ({"records": [{"resource": "orders", "remote_id": "1"}], "full": True}, "not_askable"),
    ({"batch_size": 101}, "invalid"),
    ({"batch_size": 9}, "invalid"),
    ({"status": "completed"}, "invalid"),
    ({"kind": "receive"}, "invalid"),
]


async def test_what_does_not_go_together_is_refused(api: Api) -> None:
    for wishes, code in REFUSED:
        assert (await api.post("/runs", wishes, 422))["code"] == code, wishes
    assert (await api.get("/runs"))["data"] == []


async def test_what_is_not_there_is_not_found(twin: Twin, api: Api) -> None:
    await api.post("/runs", {"connection": "elsewhere"}, 404)
    await api.post("/runs", {"resources": ["unicorns"]}, 404)
    for path in (f"/runs/{uuid4()}", f"/runs/{uuid4()}/events", f"/certificates/{uuid4()}"):
        await api.get(path, 404)
    for verb in ("cancel", "retry"):
        await api.post(f"/runs/{uuid4()}/{verb}", None, 404)


async def test_a_viewer_starts_nothing(twin: Twin, api: Api) -> None:
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    await viewer.post("/runs", ONE, 403)
    await viewer.get("/runs")


async def test_parts_and_rehearsals_keep_what_they_found(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    number = str(twin.sandbox.store.ids("orders")[0])
    dry = await api.post("/runs", ONE | {"dry_run": True}, 202)
    one = await api.post("/runs", {"records": [{"resource": "orders", "remote_id": number}]}, 202)
    span = await api.post("/runs", ONE | {"since": "2000-01-01", "batch_size": 17}, 202)
    async with working(twin.hub, database_dsn):
        rehearsed, pulled, spanned = [await ended(api, run["run_id"]) for run in (dry, one, span)]
    assert (rehearsed["kind"], rehearsed["state"]) == ("rehearse", "done"), rehearsed
    assert rehearsed["result"][0]["new"] == LISTED
    assert rehearsed["records"]["created"] == 0
    assert [(r["remote_id"], r["fate"]) for r in pulled["result"]] == [(number, "new")]
    assert spanned["state"] == "done"
    assert spanned["result"]["zone"]
    asked_for = [exchange.query for exchange in twin.sandbox.requests.log]
    assert any("per_page=17" in query for query in asked_for)


async def test_pages_of_runs_join_without_a_gap(twin: Twin, api: Api) -> None:
    asked = [
        (await api.post("/runs", ONE | {"batch_size": n}, 202))["run_id"] for n in range(11, 16)
    ]
    found, cursor = [], {}
    while True:
        page = await api.get("/runs", limit=2, state="queued", connection=NAME, **cursor)
        found += [run["run_id"] for run in page["data"]]
        if not page["next_cursor"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(found) == sorted(asked)
    assert len(found) == 5
    assert (await api.get("/runs", 400, limit=2, cursor=cursor["cursor"]))["code"] == "bad_cursor"
    assert (await api.get("/runs", state="done"))["data"] == []


# -- waiting --------------------------------------------------------------------------------------


async def test_it_waits_for_the_run_that_is_at_work(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    twin.sandbox.faults.switch_on("latency:ms=300")
    first = await api.post("/runs", ONE | {"batch_size": 10}, 202)
    async with working(twin.hub, database_dsn):
        await at_work(api, twin, first["run_id"])
        second = await api.post("/runs", ONE | {"kind": "verify"}, 202)
        assert second["waiting_for"] == "run"
        await asyncio.sleep(1.5)  # its job has found the connection busy meanwhile
        assert (await run_of(api, second["run_id"]))["state"] == "queued"
        twin.sandbox.faults.switch_off("latency")
        one, other = [await ended(api, run["run_id"]) for run in (first, second)]
    assert (one["state"], other["state"]) == ("done", "done")
    assert other["started_at"] >= one["ended_at"]


async def test_in_quiet_hours_it_waits_unless_told_otherwise(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    await twin.pull("orders")
    always = (QuietHours(time(0), time(12)), QuietHours(time(12), time(23, 59, 59)))
    await twin.hub.configure(NAME, Choices(quiet_hours=always))
    quiet = await api.post("/runs", ONE, 202)
    async with working(twin.hub, database_dsn):

        async def waits() -> bool:
            return (await run_of(api, quiet["run_id"]))["waiting_for"] == "quiet_hours"

        await until(waits)
        assert (await run_of(api, quiet["run_id"]))["not_before"]
        now = await api.post("/runs", ONE | {"now": True}, 202)
        assert (await ended(api, now["run_id"]))["state"] == "done"
        assert (await run_of(api, quiet["run_id"]))["state"] == "queued"


async def test_a_worker_that_stops_hands_its_run_back_and_the_next_goes_on(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    twin.sandbox.faults.switch_on("latency:ms=300")
    asked = await api.post("/runs", ONE | {"batch_size": 10}, 202)
    async with working(twin.hub, database_dsn):
        await at_work(api, twin, asked["run_id"])
    waiting = await run_of(api, asked["run_id"])
    assert (waiting["state"], waiting["waiting_for"]) == ("queued", "worker")
    twin.sandbox.faults.switch_off("latency")
    async with working(twin.hub, database_dsn):
        run = await ended(api, asked["run_id"])
    assert run["state"] == "done"
    assert run["records"]["created"] == LISTED
    assert run["cost"]["requests"] > waiting["cost"]["requests"] > 0
    [row] = await twin.rows("SELECT answers, answer_times FROM runs.runs")
    assert sum(row["answer_times"]) == row["answers"] > 3
    assert [r["run_id"] for r in (await api.get("/runs"))["data"]] == [asked["run_id"]]


async def test_a_run_whose_worker_was_killed_is_taken_up_again(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    asked = await api.post("/runs", ONE, 202)
    await twin.rows(
        "UPDATE runs.runs SET state = 'running', epoch = 1, beginnings = 1,"
        " heartbeat_at = now() - interval '1 minute' RETURNING 1"
    )
    async with working(twin.hub, database_dsn):
        run = await ended(api, asked["run_id"])
    assert run["state"] == "done"
    [row] = await twin.rows("SELECT beginnings, epoch FROM runs.runs")
    assert row == {"beginnings": 2, "epoch": 2}


async def test_a_run_that_kills_its_workers_is_not_begun_for_ever(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    asked = await api.post("/runs", ONE, 202)
    await twin.rows(
        "UPDATE runs.runs SET state = 'running', epoch = 1, beginnings = 20,"
        " heartbeat_at = now() - interval '1 minute' RETURNING 1"
    )
    async with working(twin.hub, database_dsn):
        assert (await ended(api, asked["run_id"]))["state"] == "interrupted"


# -- stopping and repeating -----------------------------------------------------------------------


async def test_what_waits_is_cancelled_at_once_and_can_be_repeated(twin: Twin, api: Api) -> None:
    asked = await api.post("/runs", ONE, 202)
    assert (await api.post(f"/runs/{asked['run_id']}/retry", None, 409))["code"] == "not_repeatable"
    cancelled = await api.post(f"/runs/{asked['run_id']}/cancel", None, 202)
    assert (cancelled["state"], cancelled["error"]["code"]) == ("cancelled", "run_cancelled")
    again = await api.post(f"/runs/{asked['run_id']}/cancel", None, 409)
    assert again["code"] == "run_ended"
    repeated = await api.post(f"/runs/{asked['run_id']}/retry", None, 202)
    assert (repeated["retry_of"], repeated["state"]) == (asked["run_id"], "queued")
    assert repeated["options"] == asked["options"]


async def test_what_is_at_work_is_stopped_from_elsewhere_and_the_next_goes_on(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    twin.sandbox.faults.switch_on("latency:ms=300")
    asked = await api.post("/runs", ONE | {"batch_size": 10}, 202)
    async with working(twin.hub, database_dsn):
        await at_work(api, twin, asked["run_id"])
        stopping = await api.post(f"/runs/{asked['run_id']}/cancel", None, 202)
        assert stopping["is_stopping"]
        begun = asyncio.get_running_loop().time()
        run = await ended(api, asked["run_id"])
        assert asyncio.get_running_loop().time() - begun < 6
        assert run["state"] == "cancelled"
        twin.sandbox.faults.switch_off("latency")
        again = await api.post(f"/runs/{asked['run_id']}/retry", None, 202)
        done = await ended(api, again["run_id"])
    assert done["state"] == "done"
    assert len(await twin.documents("orders")) == len(twin.sandbox.store.ids("orders"))


async def test_a_run_that_nobody_hears_any_more_is_ended(twin: Twin, api: Api) -> None:
    asked = await api.post("/runs", ONE, 202)
    await twin.rows(
        "UPDATE runs.runs SET state = 'running', epoch = 1,"
        " heartbeat_at = now() - interval '1 minute' RETURNING 1"
    )
    cancelled = await api.post(f"/runs/{asked['run_id']}/cancel", None, 202)
    assert cancelled["state"] == "cancelled"


async def test_a_scheduled_run_that_is_stopped_waits_for_its_next_turn(
    twin: Twin, api: Api, database_dsn: str
) -> None:
    await twin.pull("orders")
    await twin.hub.schedules.set(NAME, [ScheduleKind.SYNC], "1h")
    twin.sandbox.faults.switch_on("latency:ms=400")
    await twin.hub.schedules.make_due(twin.connection.id)
    async with working(twin.hub, database_dsn):

        async def is_running() -> bool:
            return bool((await api.get("/runs", state="running"))["data"])

        await until(is_running)
        [run] = (await api.get("/runs", state="running"))["data"]
        await api.post(f"/runs/{run['run_id']}/cancel", None, 202)
        assert (await ended(api, run["run_id"]))["state"] == "cancelled"
        twin.sandbox.faults.switch_off("latency")
        await asyncio.sleep(3)
        assert (await api.get("/runs", state="running"))["data"] == []
        assert (await api.get("/runs", limit=1))["data"][0]["run_id"] == run["run_id"]


# -- following ------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What came over a stream."""

    status: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    def of(self, name: str) -> list[dict[str, Any]]:
        return [event["data"] for event in self.events if event["event"] == name]


async def hear(
    api: Api, path: str, *, headers: dict[str, str] | None = None, into: Heard | None = None
) -> Heard:
    """Follow a stream to its end."""
    given = {"Authorization": f"Bearer {api.token}"} | (headers or {})
    heard = Heard() if into is None else into
    url = f"{api.url}/api/v1{path}"
    async with api.session.get(url, headers=given) as answer:
        heard.status = answer.status
        if answer.status != 200:
            return heard
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        async for block in blocks(answer):
            if "event" in block:
                heard.events.append(block)
    return heard


async def blocks(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    block: dict[str, Any] = {}
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if not name and not value:
            yield block
            block = {}
        elif name:
            block[name] = json.loads(value) if name == "data" else value


async def test_a_run_is_followed_to_its_end(twin: Twin, api: Api, database_dsn: str) -> None:
    asked = await api.post("/runs", ONE | {"batch_size": 10}, 202)
    path = f"/runs/{asked['run_id']}/events"
    async with working(twin.hub, database_dsn):
        heard = await asyncio.wait_for(hear(api, path), 30)
    assert [s["state"] for s in heard.of("state")][-1] == "done"
    last = {(p["stage"], p["resource"]): p for p in heard.of("progress")}
    assert last["pull", "orders"]["records"] == LISTED
    end = heard.events[-1]["id"]
    assert (await hear(api, path, headers={"Last-Event-ID": end})).status == 204
    middle = next(
        e["id"] for e in heard.events if e["event"] == "progress" and e["data"]["state"] == "done"
    )
    rest = await hear(api, path, headers={"Last-Event-ID": middle})
    assert 0 < len(rest.events) <= len(heard.events)
    assert rest.of("state")[-1]["state"] == "done"
    whole = await hear(api, path, headers={"Last-Event-ID": "nonsense"})
    assert {(p["stage"], p["resource"]) for p in whole.of("progress")} == set(last)


async def test_all_runs_are_followed_at_once(twin: Twin, api: Api, database_dsn: str) -> None:
    heard = Heard()
    following = asyncio.create_task(hear(api, "/events", into=heard))

    def told() -> list[str]:
        return [s["state"] for s in heard.of("state") if s["run_id"] == asked["run_id"]]

    async def is_told() -> bool:
        return told()[-1:] == ["done"]

    async with working(twin.hub, database_dsn):
        asked = await api.post("/runs", ONE, 202)
        await until(is_told)
    assert len(told()) == len(set(told()))
    following.cancel()
    heard = await hear(api, "/events?for_seconds=1")
    assert heard.of("closed") == [{"reason": "time"}]


async def test_whoever_may_no_longer_hears_no_more(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "TRUST_SECONDS", 0.2)
    following = asyncio.create_task(hear(api, "/events"))
    await asyncio.sleep(0.5)
    await twin.rows("UPDATE tenancy.api_keys SET revoked_at = now() RETURNING 1")
    heard = await asyncio.wait_for(following, 5)
    assert heard.of("closed") == [{"reason": "credentials"}]


async def test_streams_are_few_and_free_again_when_nobody_listens(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_OF_ONE", 2)
    following = [asyncio.create_task(hear(api, "/events")) for _ in range(2)]
    await asyncio.sleep(0.5)
    assert (await api.get("/events", 429))["code"] == "too_many_streams"
    other = api.by(await key_of(twin.hub, Role.VIEWER))
    assert (await hear(other, "/events?for_seconds=1")).status == 200
    for task in following:
        task.cancel()
    await asyncio.gather(*following, return_exceptions=True)

    async def is_free() -> bool:
        return (await hear(api, "/events?for_seconds=1")).status == 200

    await until(is_free)


async def test_a_silent_stream_is_kept_alive(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "ALIVE_SECONDS", 0.3)
    url = f"{api.url}/api/v1/events?for_seconds=2"
    async with api.session.get(url, headers={"Authorization": f"Bearer {api.token}"}) as answer:
        assert b": ping" in await answer.read()
