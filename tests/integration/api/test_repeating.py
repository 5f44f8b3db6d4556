"""`Idempotency-Key`: what is sent twice is done once; and what writes leave in the audit log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from io import BytesIO
from uuid import uuid4

import pytest
import pytest_asyncio

from api_callers import Answer, Api, signed_in
from database_clones import clone
from houses import House, open_house
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.tenancy.models import Role

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = {"name": "board", "scopes": ["read"]}
KEY = "order-board-2026-11-21"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    with clone(postgres, template) as dsn:
        async with open_house(dsn, tmp_path_factory.mktemp("house")) as opened:
            yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def house(installed: House) -> House:
    """An organisation of this test's own."""
    return await installed.beside(f"house {uuid4().hex[:8]}")


@pytest_asyncio.fixture(loop_scope="module")
async def api(house: House) -> Api:
    return await signed_in(house.hub, house.api)


async def make(api: Api, key: str = KEY, **new: object) -> Answer:
    return await api.ask("POST", "/api-keys", json=NEW | new, headers={"Idempotency-Key": key})


async def keys_of(api: Api) -> int:
    return len((await api.get("/api-keys"))["data"])


async def test_the_second_of_the_same_gets_the_answer_of_the_first(api: Api) -> None:
    first, second = await make(api), await make(api)
    assert (first.status, second.status) == (201, 201)
    assert first.body == second.body
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await keys_of(api) == 1


async def test_of_many_at_the_same_time_one_works(api: Api) -> None:
    answers = await asyncio.gather(*(make(api) for _ in range(12)))
    made = [answer for answer in answers if answer.status == 201]
    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.body for answer in made}) == 1
    assert await keys_of(api) == 1


async def test_a_key_belongs_to_one_request(api: Api) -> None:
    await make(api)
    other = await make(api, name="another")
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")
    assert await keys_of(api) == 1


async def test_a_key_belongs_to_one_caller(house: House, api: Api) -> None:
    await make(api)
    colleague = await signed_in(house.hub, api)
    answer = await make(colleague)
    assert answer.status == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert await keys_of(api) == 2


async def test_what_was_refused_is_refused_again_and_done_never(api: Api) -> None:
    first, second = await make(api, scopes=["fly"]), await make(api, scopes=["fly"])
    assert (first.status, second.status) == (422, 422)
    assert first.json == second.json
    assert await keys_of(api) == 0


async def test_what_was_cut_off_is_not_guessed(house: House, api: Api) -> None:
    await make(api)
    async with house.hub.database.transaction(house.hub.organisation_id) as tx:
        await tx.execute("UPDATE tenancy.answers SET status = NULL, sealed_body = NULL")
    again = await make(api)
    assert (again.status, again.json["code"]) == (409, "idempotency_key_in_use")
    assert "look whether it was done" in again.json["remedy"]
    assert await keys_of(api) == 1


async def test_what_is_shown_once_is_sealed(house: House, api: Api) -> None:
    made = (await make(api)).json["key"]
    [row] = await house.rows("SELECT sealed_body FROM tenancy.answers")
    assert made.encode() not in bytes(row["sealed_body"])


@pytest.mark.parametrize("key", ["", " " * 300, "é", "x" * 256])
async def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    answer = await make(api, key)
    assert (answer.status, answer.json["code"]) == (400, "bad_idempotency_key")
    assert await keys_of(api) == 0


async def test_a_body_that_is_too_long_is_refused(api: Api) -> None:
    answer = await api.ask("POST", "/api-keys", data=BytesIO(b" " * (1024 * 1024 + 1)))
    assert (answer.status, answer.json["code"]) == (413, "too_long")


async def test_whatever_is_changed_is_in_the_audit_log_and_so_is_what_was_refused(
    house: House, api: Api
) -> None:
    made = (await make(api)).json
    await api.ask("DELETE", f"/api-keys/{made['api_key_id']}")
    viewer = await signed_in(house.hub, api, Role.VIEWER)
    await viewer.ask("POST", "/invitations", json={"role": "owner"})
    entries = (await api.get("/audit"))["data"]
    told = {entry["action"]: (entry["outcome"], entry["subject"]) for entry in entries}
    assert told["create_api_key"] == ("done", None)
    assert told["delete_api_key"] == ("done", f"api_key_id={made['api_key_id']}")
    assert told["create_invitation"] == ("forbidden", None)
    assert made["key"] not in str(entries)


async def test_a_question_changes_nothing_and_what_takes_records_away_is_told(
    house: House, api: Api
) -> None:
    await api.post("/queries", {"resource": "orders", "fields": ["count()"]}, 200)
    await api.ask("GET", "/exports/orders", params={"format": "jsonl"})
    actions = [entry["action"] for entry in (await api.get("/audit"))["data"]]
    assert "export_records" in actions
    assert "ask_query" not in actions


async def test_what_is_no_text_is_refused_before_anything_is_written_down(api: Api) -> None:
    wide = json.dumps(NEW).encode("utf-16-le")
    answers = [
        await api.ask("PATCH", "/connections/%00", json={"name": "x"}),
        await api.ask("POST", "/api-keys", data=wide, headers={"Content-Type": "application/json"}),
    ]
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(400, "bad_text")] * 2
    assert await keys_of(api) == 0
