"""History: what happened, filtered, in pages, and as a file."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from house import House, check_both_themes
from playwright.sync_api import expect

from database_clones import in_own_loop
from hubs import settings_for
from storetwin.bootstrap import open_hub
from storetwin.hub.chronicle import (
    Event,
    Kind,
    Result,
    Sought,
    all_that_happened,
    asks_people,
    asks_runs,
    happened,
)
from storetwin.tenancy.models import Role
from storetwin.web.event_words import Line
from storetwin.web.figures import Times
from storetwin.web.pages.history import by_day
from storetwin.web.words import Tone

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_it_shows_what_ran_and_what_people_did(page, house: House) -> None:
    page.goto("/history")
    events = page.locator(".events")
    expect(events.first).to_contain_text("signed in")
    page.get_by_label("Kind").select_option("runs")
    expect(page).to_have_url(re.compile("kind=runs"))
    expect(page.locator("#found")).to_contain_text("Pull of shop:")
    expect(page.get_by_role("link", name="certificate")).not_to_have_count(0)
    expect(page.locator("#found")).not_to_contain_text("signed in")
    expect(page.get_by_role("link", name="Remove the filter kind Runs")).to_be_visible()
    check_both_themes(page)


def test_no_match_says_so_and_leads_back(page) -> None:
    page.goto("/history?kind=promotions&resource=nothing")
    expect(page.get_by_role("heading", name="No event fits")).to_be_visible()
    page.get_by_role("link", name="Clear all filters").click()
    expect(page).to_have_url(re.compile("/history$"))


def test_the_file_holds_exactly_what_the_filter_lets_through(visit) -> None:
    page = visit().page
    page.goto("/history?kind=runs")
    shown = page.locator(".events li").count()
    answer = page.request.get("/history/export.csv?kind=runs")
    rows = list(csv.DictReader(io.StringIO(answer.text())))
    assert len(rows) == shown
    assert {row["who"] for row in rows} == {"shop"}
    assert "attachment" in answer.headers["content-disposition"]


def test_people_are_shown_to_administrators_alone(visit) -> None:
    page = visit(Role.VIEWER).page
    page.goto("/history?kind=people")
    expect(page.locator("#found")).to_contain_text("No event fits")
    expect(page.locator("#main")).to_contain_text("shown to administrators")
    page.goto("/history")
    expect(page.locator("#found")).not_to_contain_text("signed in")
    expect(page.locator("#f-person")).to_have_count(0)


def test_pages_go_on_where_the_last_one_ended(house: House, tmp_path: Path) -> None:
    async def walk() -> None:
        async with open_hub(settings_for(house.dsn, tmp_path)) as hub:
            sought = Sought(with_people=True)
            whole = [e.event_id for e in await happened(hub, sought, limit=500)]
            assert len(whole) > 5
            assert whole == sorted(whole, reverse=True)
            walked: list[UUID] = []
            behind = None
            while found := await happened(hub, sought, behind=behind, limit=2):
                walked += [event.event_id for event in found]
                behind = walked[-1]
            assert walked == whole
            pieces = [p async for p in all_that_happened(hub, sought, 3)]
            assert [e.event_id for piece in pieces for e in piece] == whole[:3]
            for kind in Kind:
                few = await happened(hub, Sought(kind, with_people=True), limit=500)
                assert {e.event_id for e in few} <= set(whole)
            done = Sought(result=Result.DONE, connection="shop", with_people=True)
            runs = [e for e in await happened(hub, done, limit=500) if e.run]
            assert {e.run["state"] for e in runs if e.run} == {"done"}
            late = Sought(since=hub.clock() + timedelta(days=1))
            assert await happened(hub, late, limit=5) == []
            orders = await happened(hub, Sought(resource="orders"), limit=5)
            assert orders
            assert await happened(hub, Sought(resource="nothing"), limit=5) == []

    in_own_loop(walk())


@pytest.mark.parametrize("result", Result)
@pytest.mark.parametrize("kind", Kind)
def test_something_is_asked_unless_nothing_could_fit(kind: Kind, result: Result) -> None:
    sought = Sought(kind, result=result, with_people=True)
    is_of_people = kind in (Kind.PEOPLE, Kind.IDENTITY)
    assert asks_runs(sought) is (kind is not Kind.PEOPLE)
    assert asks_people(sought) is (is_of_people and result in (Result.DONE, Result.FAILED))
    assert not asks_people(Sought(kind, result=result))
    assert not asks_runs(Sought(kind, person="ada@example.org"))


def test_days_are_those_of_the_reader() -> None:
    def line(hours: int) -> Line:
        return Line("1", NOW - timedelta(hours=hours), Tone.OK, "check", "shop", "did", "Pull")

    times = Times(NOW, ZoneInfo("Europe/Vienna"))
    days = by_day([line(0), line(1), line(2), line(26), line(90)], times)
    assert [(day.title, len(day.lines)) for day in days] == [
        ("Today", 2), ("Yesterday", 1), ("Thursday, 19 Nov", 1), ("Tuesday, 17 Nov", 1),
    ]  # fmt: skip
    assert Event(UUID(int=1), NOW).run is None
