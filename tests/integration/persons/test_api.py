"""People over the API: told to who may export, erased by who administers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role

EMAIL = "zoe@nowhere.example"


@pytest.fixture
async def served(database_dsn: str, tmp_path: Path) -> AsyncIterator[tuple[Twin, Api]]:
    with running_store(orders=2) as sandbox:
        sandbox.store.create_order({"billing": {"email": EMAIL, "last_name": "Quill"}})
        async with open_twin(database_dsn, tmp_path, sandbox) as twin:
            await twin.pull("orders")
            async with serving_api(twin.hub) as api:
                yield twin, api


async def test_a_person_is_told_and_erased(served: tuple[Twin, Api]) -> None:
    twin, api = served
    mine = api.by(await key_of(twin.hub))
    answer = await mine.ask("POST", "/persons/export", json={"email": EMAIL.upper()})
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert [piece["kind"] for piece in answer.json] == ["about", "record", "end"]
    assert EMAIL in answer.json[1]["versions"][0]["document"]
    rehearsed = await mine.post("/persons/erase", {"email": EMAIL, "dry_run": True}, 200)
    assert rehearsed["connections"][0]["records"] == 1
    unconfirmed = await mine.post("/persons/erase", {"email": EMAIL}, 422)
    assert unconfirmed["code"] == "not_confirmed"
    assert EMAIL not in str(unconfirmed)
    erased = await mine.post("/persons/erase", {"email": EMAIL, "confirm": EMAIL}, 200)
    assert erased["connections"] == rehearsed["connections"]
    assert (erased["dry_run"], erased["delivered_to"]) == (False, [])
    assert (await mine.post("/persons/export", {"email": EMAIL}, 404))["code"] == "unknown"
    rows = await twin.rows("SELECT action, outcome, subject, detail::text FROM tenancy.audit")
    assert ("erase_person", "done") in {(row["action"], row["outcome"]) for row in rows}
    assert EMAIL not in str(rows)


async def test_who_may_not_learns_nothing(served: tuple[Twin, Api]) -> None:
    twin, api = served
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    operator = api.by(await key_of(twin.hub, Role.OPERATOR))
    body = {"email": EMAIL, "confirm": EMAIL}
    for caller, path, status in (
        (viewer, "/persons/export", 403),
        (viewer, "/persons/erase", 403),
        (operator, "/persons/erase", 403),
        (api, "/persons/export", 401),
        (api, "/persons/erase", 401),
    ):
        answer = await caller.ask("POST", path, json=body)
        assert answer.status == status, path
        assert EMAIL.encode() not in answer.body


BAD = [
    {},
    {"email": "x"},
    {"email": "\u0000@x"},
    {"customer_id": "1"},
    {"customer_id": "-1", "connection": NAME},
    {"customer_id": "9" * 19, "connection": NAME},
    {"email": EMAIL, "customer_id": "1", "connection": NAME},
    {"email": EMAIL, "more": 1},
    {"email": "x" * 400 + "@x"},
]


async def test_who_is_not_named_well_is_a_422(served: tuple[Twin, Api]) -> None:
    twin, api = served
    mine = api.by(await key_of(twin.hub))
    for body in BAD:
        for path in ("/persons/export", "/persons/erase"):
            answer = await mine.ask("POST", path, json=body)
            assert answer.status in (400, 422), (body, answer.json)
            assert EMAIL.encode() not in answer.body
