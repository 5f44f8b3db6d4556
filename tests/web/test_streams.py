"""The stream of a page, mistakes of ours, and who tries too often."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
from house import House, session_of

from storetwin.api.streams import MOST_OF_ONE
from storetwin.kernel.errors import StoretwinError
from storetwin.runs.models import RunKind
from storetwin.tenancy.models import Role
from storetwin.web import live
from storetwin.web import view as view_module
from storetwin.web.cookies import SESSION


@pytest.fixture
async def session(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    cookie = await session_of(house.url, house.people[Role.OPERATOR])
    async with aiohttp.ClientSession(
        house.url, cookies={SESSION: cookie}, headers={"Origin": house.url}
    ) as opened:
        yield opened


async def heard(answer: aiohttp.ClientResponse, seconds: float, until: str = "\0") -> str:
    """Return what comes of a stream, for so long, or until something is in it."""
    text = ""
    try:
        async with asyncio.timeout(seconds):
            async for chunk in answer.content.iter_any():
                text += chunk.decode()
                if until in text:
                    break
    except TimeoutError:
        pass
    return text


async def test_a_stream_tells_how_it_looks_and_nothing_twice(session) -> None:
    async with session.get("/live?at=/operations") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        first = await heard(answer, 5, 'id="side_run"')
        more = await heard(answer, 1.2)
    assert 'aria-current="page"' in first
    mark = re.search(r"^id: (\S+)", first + more, re.MULTILINE)
    assert mark is not None
    assert "event: patch" not in more
    for again in ({"params": {"after": mark[1]}}, {"headers": {"Last-Event-ID": mark[1]}}):
        more = {"params": {"at": "/operations"} | again.get("params", {})}
        async with session.get("/live", **again | more) as answer:
            assert "event: patch" not in await heard(answer, 1)
    async with session.get("/live", params={"after": mark[1]}) as answer:  # of another page
        assert "event: patch" in await heard(answer, 5, "event: patch")


async def test_a_stream_is_told_of_at_most_twice_a_second(session, monkeypatch) -> None:
    looked = 0

    class Restless(live.Patches):
        def fresh(self, parts) -> str:
            nonlocal looked
            looked += 1
            return super().fresh({**parts, "n": f"<p>{looked}</p>"})

    monkeypatch.setattr(live, "Patches", Restless)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.01)
    async with session.get("/live") as answer:
        text = await heard(answer, 1.9)
    assert 2 <= text.count("event: patch") <= 4


async def test_of_a_run_that_is_not_his_nobody_is_told(session) -> None:
    nobodys = "00000000-0000-0000-0000-000000000000"
    for path in (f"/operations/live?run_id={nobodys}", f"/operations/runs/{nobodys}/live"):
        async with session.get(path, headers={"Accept": "text/event-stream"}) as answer:
            assert answer.status == 404


async def test_a_stream_ends_when_its_session_does(house: House, session, monkeypatch) -> None:
    monkeypatch.setattr(live, "TRUST_SECONDS", 0.0)
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.1)
    async with session.get("/operations") as page:
        token = re.search(r'X-CSRF-Token": "([^"]+)"', await page.text())
        assert token is not None
    async with session.get("/live") as answer:
        await heard(answer, 5, 'id="side_run"')
        headers = {"X-CSRF-Token": token[1]}
        async with session.post("/sign-out", headers=headers, allow_redirects=False) as out:
            assert out.status == 303
        assert "event: over" in await heard(answer, 10, "event: over")


async def test_one_session_has_so_many_streams_and_no_more(session) -> None:
    opened = [await session.get("/live") for _ in range(MOST_OF_ONE)]
    async with session.get("/live", headers={"Accept": "text/event-stream"}) as answer:
        assert answer.status == 429
        assert answer.headers["retry-after"]
    for one in opened:
        one.close()


async def test_a_mistake_of_ours_is_a_page_with_an_id_and_nothing_else(
    session, monkeypatch
) -> None:
    async def broken(_hub) -> None:
        raise StoretwinError("SELECT secret FROM inside")

    monkeypatch.setattr(view_module.navigation, "standing", broken)
    async with session.get("/operations") as answer:
        text = await answer.text()
        assert answer.status == 500
    assert "Something went wrong here" in text
    assert re.search(r"Id for support: <span class=\"mono\">[0-9a-f]{8}</span>", text)
    assert "secret" not in text
    assert "Traceback" not in text
    assert answer.headers["content-security-policy"]


async def test_who_tries_too_often_has_to_wait(house: House) -> None:
    form = {"email": "mallory@example.org", "password": "guess"}
    async with aiohttp.ClientSession(house.url, headers={"Origin": house.url}) as stranger:
        statuses = []
        while 429 not in statuses and len(statuses) < 20:  # who is slow may try again meanwhile
            async with stranger.post("/sign-in", data=form) as answer:
                statuses.append(answer.status)
                text = await answer.text()
        assert len(statuses) > 5
        assert statuses == [401] * (len(statuses) - 1) + [429]
        assert int(answer.headers["retry-after"]) >= 1
        assert "guess" not in text
        assert "mallory@example.org" in text  # what he wrote stays in the form


async def test_a_program_is_led_to_the_data(session, house: House) -> None:
    program = {"Accept": "application/json"}
    async with session.get("/operations?state=done", headers=program, allow_redirects=False) as one:
        assert one.status == 307
        assert one.headers["location"] == "/api/v1/runs?state=done"
    async with session.get(f"/operations/runs/{house.values['run_id']}", headers=program) as two:
        found = await two.json()
        assert found["run_id"] == house.values["run_id"]
        assert found["kind"] == RunKind.PULL
    async with session.get("/operations/runs/nonsense", headers=program) as three:
        assert three.status == 422
        assert three.headers["content-type"] == "application/problem+json"
    async with session.get("/api/v1/nothing") as four:
        assert four.status in (401, 404)
        assert four.headers["content-type"] == "application/problem+json"


async def test_htmx_is_given_a_part_and_a_note_of_what_went_wrong(house: House, session) -> None:
    part = {"HX-Request": "true", "HX-Target": "preview"}
    async with session.get("/operations/preview?how=again", headers=part) as answer:
        text = await answer.text()
        assert text.strip().startswith('<div id="preview">')
        assert "HX-Target" in answer.headers["vary"]
    async with session.get("/operations/runs/nonsense", headers=part) as answer:
        assert answer.headers["hx-retarget"] == "#failures"
        assert "<html" not in await answer.text()
    async with aiohttp.ClientSession() as stranger:
        url = f"{house.url}/operations"
        async with stranger.get(url, headers=part, allow_redirects=False) as answer:
            assert answer.status == 401
            assert answer.headers["hx-redirect"] == "/sign-in?next=%2Foperations"
