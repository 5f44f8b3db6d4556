"""Dead letters over the API: they are listed, retried through the queue, and discarded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from api_callers import Api, key_of, serving_api
from hubs import NAME, Twin, open_twin
from storetwin.hub import Hub
from storetwin.jobs.asked import work_off
from storetwin.kernel.ids import new_id
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role

AT = "/dead-letters"


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    """A store of which three orders cannot be read."""
    with running_store(orders=40, seed=9) as store:
        store.faults.switch_on("poison:count=3")
        async with open_twin(database_dsn, tmp_path, store) as opened:
            await opened.pull("orders")
            yield opened


@pytest.fixture
async def api(twin: Twin) -> AsyncIterator[Api]:
    async with serving_api(twin.hub) as served:
        yield served.by(await key_of(twin.hub, Role.OPERATOR))


async def other_organisation(hub: Hub) -> Hub:
    """Return the hub of another organisation on the same database."""
    own = new_id(hub.clock())
    async with hub.database.transaction(own) as tx:
        await tx.execute(
            "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'Other', now())",
            (own,),
        )
    return hub.of(own)


async def test_they_are_listed_page_by_page_and_counted(twin: Twin, api: Api) -> None:
    whole = await api.get(AT)
    assert whole["next_cursor"] is None
    letters = whole["data"]
    assert {letter["name"] for letter in letters} == (await twin.letters())["orders"]
    paged, cursor = [], {}
    for _ in letters:
        page = await api.get(AT, limit=1, **cursor)
        paged += page["data"]
        cursor = {"cursor": page["next_cursor"]}
    assert (paged, cursor) == (letters, {"cursor": None})
    [count] = (await api.get(f"{AT}/counts"))["data"]
    assert (count["connection"], count["resource"], count["waiting"]) == (NAME, "orders", 3)
    one = letters[0]
    shown = await api.get(f"{AT}/{one['dead_letter_id']}")
    evidence = shown.pop("evidence")  # what the store really said; the list stays short
    assert shown == one
    assert evidence["request"]["method"] == "GET"
    assert evidence["request"]["path"].startswith("orders")
    assert evidence["answer"]["status"] == 500
    assert "critical error" in evidence["answer"]["body"]
    assert not re.search(r"c[ks]_\w", str(evidence))
    assert (await api.get(f"{AT}?connection={NAME}&resource=products"))["data"] == []
    assert (await api.get(f"{AT}?state=resolved"))["data"] == []


async def test_some_are_asked_for_again_by_a_run_and_settled(twin: Twin, api: Api) -> None:
    letters = (await api.get(AT))["data"]
    some = {"ids": [letter["dead_letter_id"] for letter in letters[:2]]}
    first = await api.post(f"{AT}/retry", some, 202)
    [run] = first["runs"]
    assert (run["connection"], run["records"], run["is_new"]) == (NAME, 2, True)
    again = await api.post(f"{AT}/retry", some, 202)
    assert [(r["run_id"], r["is_new"]) for r in again["runs"]] == [(run["run_id"], False)]

    twin.sandbox.faults.switch_off("poison")
    await work_off(twin.hub, twin.connection.id)
    assert await twin.letters() == {"orders": {letters[2]["name"]}}
    assert letters[0]["name"] in await twin.snapshots("orders")
    settled = await api.get(f"{AT}/{letters[0]['dead_letter_id']}")
    assert settled["state"] == "resolved"
    nothing = await api.post(f"{AT}/retry", some, 202)
    assert nothing == {"runs": [], "without_id": 0, "refused": {}, "has_more": False}


async def test_all_that_match_are_asked_for_again_a_bounded_number_at_a_time(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storetwin.hub.letters.RECORDS_A_RUN", 1)
    monkeypatch.setattr("storetwin.hub.letters.MOST_RETRIED", 2)
    first = await api.post(f"{AT}/retry", {"all": True}, 202)
    assert ([run["records"] for run in first["runs"]], first["has_more"]) == ([1, 1], True)
    monkeypatch.setattr("storetwin.hub.letters.MOST_RETRIED", 3)
    second = await api.post(f"{AT}/retry", {"connection": NAME, "resource": "orders"}, 202)
    assert (len(second["runs"]), second["has_more"]) == (3, False)
    assert [run["is_new"] for run in second["runs"]].count(True) == 1
    assert (await api.post(f"{AT}/retry", {"all": True, "resource": "tags"}, 202))["runs"] == []


async def test_a_paused_connection_is_not_asked(twin: Twin, api: Api) -> None:
    await twin.hub.register.pause(NAME, "a person said so")
    refused = await api.post(f"{AT}/retry", {"all": True}, 422)
    assert refused["code"] == "paused"


async def test_they_are_discarded_once(
    twin: Twin, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storetwin.hub.letters.DISCARDED_AT_ONCE", 1)
    letters = (await api.get(AT))["data"]
    one = {"ids": [letters[0]["dead_letter_id"]]}
    assert await api.post(f"{AT}/discard", one, 200) == {"discarded": 1}
    assert await api.post(f"{AT}/discard", one, 200) == {"discarded": 0}
    assert await api.post(f"{AT}/discard", {"connection": NAME}, 200) == {"discarded": 2}
    assert (await api.get(AT))["data"] == []
    assert len((await api.get(f"{AT}?state=discarded"))["data"]) == 3


async def test_it_has_to_be_said_which(api: Api) -> None:
    refused = [
        ({}, 422),
        ({"all": False}, 422),
        ({"all": True, "ids": [str(uuid4())]}, 422),
        ({"ids": []}, 422),
        ({"ids": ["7"]}, 422),
        ({"ids": [str(uuid4())], "resource": "orders"}, 422),
        ({"connection": "nowhere"}, 404),
        ({"all": True, "resource": "nothing"}, 404),
        ({"all": True, "more": 1}, 422),
    ]
    for verb in ("retry", "discard"):
        for body, status in refused:
            assert (await api.post(f"{AT}/{verb}", body, status))["status"] == status
    assert len((await api.get(AT))["data"]) == 3


async def test_whoever_may_only_read_changes_nothing(twin: Twin, api: Api) -> None:
    viewer = api.by(await key_of(twin.hub, Role.VIEWER))
    for verb in ("retry", "discard"):
        assert (await viewer.post(f"{AT}/{verb}", {"all": True}, 403))["code"] == "forbidden"
    assert len((await viewer.get(AT))["data"]) == 3


async def test_those_of_others_are_not_there(twin: Twin, api: Api) -> None:
    """Another organisation's letters are as those that nobody has."""
    other = await other_organisation(twin.hub)
    theirs = api.by(await key_of(other, Role.OWNER))
    letter, nobodys = (await api.get(AT))["data"][0]["dead_letter_id"], str(uuid4())
    known = await theirs.get(f"{AT}/{letter}", 404)
    unknown = await theirs.get(f"{AT}/{nobodys}", 404)
    assert known["detail"].replace(letter, nobodys) == unknown["detail"]
    assert await theirs.post(f"{AT}/discard", {"ids": [letter]}, 200) == {"discarded": 0}
    assert (await theirs.post(f"{AT}/retry", {"ids": [letter]}, 202))["runs"] == []
    assert (await theirs.get(AT))["data"] == []
    assert (await theirs.get(f"{AT}/counts"))["data"] == []
    assert len((await api.get(AT))["data"]) == 3
