"""Operations: starting, following, stopping and repeating runs, and what hostile text does there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from house import NARROW, WIDE, House, cut_off, findings
from playwright.sync_api import Page, expect

from storetwin.tenancy.models import Role

HOSTILE = (
    """"><script>document.title='hacked'</script><img src=x onerror="document.title='hacked'">'"""
)
IN_ITS_FORM = "it => it.getBoundingClientRect().top - it.form.getBoundingClientRect().top"
"""How far below the beginning of its form something stands, wherever the page is scrolled to."""


@pytest.fixture
def slow(house: House) -> Iterator[None]:
    """A store that takes its time, so that a run can be watched."""
    house.sandbox.faults.switch_on("latency:ms=250")
    yield
    house.sandbox.faults.switch_off("latency")


def start(page: Page, how: str) -> None:
    page.goto("/operations")
    page.get_by_label("How much").select_option(how)
    expect(page.locator("#preview")).to_contain_text("nothing")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/operations/runs/"))


def wait_for_end(page: Page) -> None:
    expect(page.locator("#run_head .chip")).to_have_text(
        re.compile("Done|Incomplete|Cancelled"), timeout=30_000
    )


def test_a_run_is_previewed_started_and_followed_without_reloading(
    visit, house: House, slow: None
) -> None:
    page = visit().page
    page.goto("/operations")
    page.get_by_label("How much").select_option("again")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Judged by")
    assert (
        int(
            re.search(r"Records to read, about\s*([\d,]+)", preview.inner_text())[1].replace(
                ",", ""
            )
        )
        > 100
    )
    expect(preview).to_contain_text("Written to the store")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/operations/runs/"))
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#run_head .chip")).to_have_text("Running")
    expect(page.locator("#side_run")).to_contain_text("Pull · shop")
    log = page.get_by_role("log")
    expect(log).to_contain_text("begun")
    expect(page.locator("#run_rows")).to_contain_text("Done", timeout=60_000)
    house.sandbox.faults.switch_off("latency")
    wait_for_end(page)
    assert page.evaluate("window.sameDocument") is True
    expect(log).to_contain_text("Done:")
    expect(page.get_by_role("link", name="Its certificate")).to_be_visible()
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    expect(page.locator("#side_run a")).to_have_count(0)
    assert findings(page) == []


def test_a_run_is_stopped_and_said_so(visit, slow: None) -> None:
    page = visit().page
    start(page, "again")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("The next run goes on from there")
    expect(page.locator("#run_head .chip")).to_have_text("Cancelled", timeout=20_000)
    expect(page.get_by_role("log")).to_contain_text("Cancelled")
    for width, theme in ((WIDE, "light"), (NARROW, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        assert findings(page) == []
        assert cut_off(page) == []


def test_new_runs_announce_themselves_and_the_table_stays(visit, house: House) -> None:
    page, other = visit().page, visit().page
    page.goto("/operations")
    expect(page.locator("#news a")).to_have_count(0)
    first = page.locator("a.rowlink").first.get_attribute("href")
    start(other, "changed")
    wait_for_end(other)
    expect(page.locator("#news")).to_contain_text("1 new run", timeout=10_000)
    assert page.locator("a.rowlink").first.get_attribute("href") == first
    page.locator("#news a").click()
    expect(page.locator("a.rowlink").first).not_to_have_attribute("href", first or "")


def test_single_records_and_spans_are_asked_for(visit, house: House) -> None:
    page = visit(expected=[422]).page
    number = house.sandbox.store.ids("orders")[0]
    page.goto("/operations")
    expect(page.get_by_label("Records", exact=True)).to_be_hidden()
    page.get_by_label("How much").select_option("records")
    page.get_by_label("Records", exact=True).fill(f"orders/{number}")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/operations/runs/"))
    wait_for_end(page)
    expect(page.get_by_text(f"orders/{number}").first).to_be_visible()
    page.goto("/operations")
    page.get_by_label("How much").select_option("records")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This cannot be used")
    expect(page.get_by_text("No record is named.")).to_be_visible()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_start_stays_where_it_is_whatever_the_preview_says(visit, width: int) -> None:
    """Else who clicks it in the moment in which a preview comes clicks beside it."""
    page = visit(width=width).page
    page.goto("/operations")
    start = page.get_by_role("button", name="Start", exact=True)
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Requests to the store")
    page.get_by_label("How much").select_option("records")
    before = start.evaluate(IN_ITS_FORM)
    expect(preview).to_contain_text("No record is named")
    assert start.evaluate(IN_ITS_FORM) == before
    page.get_by_label("Records", exact=True).fill("orders/1")
    page.keyboard.press("Tab")
    expect(preview).to_contain_text("Requests to the store")
    assert start.evaluate(IN_ITS_FORM) == before


def test_everything_can_be_done_without_scripts(visit) -> None:
    page = visit(javascript=False).page
    page.goto("/operations")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_url(re.compile("/operations/runs/"))
    expect(page.locator("#run_head")).to_contain_text("shop")
    page.goto("/operations?state=done")
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_hostile_text_is_shown_as_text(visit, house: House) -> None:
    """Of a record that was set aside, of a filter, of the address."""
    page = visit(expected=[404, 422]).page
    page.goto("/operations")
    page.get_by_label("How much").select_option("records")
    page.get_by_label("Records", exact=True).fill(f"orders/{HOSTILE.replace(' ', '_')}")
    page.locator("#preview").wait_for()
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_load_state()
    if "/runs/" in page.url:
        wait_for_end(page)
    assert page.evaluate("document.images.length") == 0
    for path in (
        "/operations/" + HOSTILE.replace("/", "%2F"),
        f"/operations?connection={HOSTILE}",
        f"/sign-in?next={HOSTILE}&email={HOSTILE}",
        f"/operations/preview?how={HOSTILE}",
    ):
        page.goto(path)
        assert "hacked" not in page.title()
        assert page.evaluate("document.images.length") == 0


def test_a_viewer_sees_runs_and_starts_none(visit, house: House) -> None:
    page = visit(Role.VIEWER, expected=[403]).page
    page.goto(f"/operations/runs/{house.values['run_id']}")
    expect(page.get_by_role("log")).to_contain_text("Done:")
    expect(page.get_by_role("button", name="Run again")).to_have_count(0)
    page.goto("/operations/preview")
    expect(page.get_by_role("heading", level=1)).to_have_text("This is not yours to do")
    expect(page.get_by_text("It takes the role Operator or more")).to_be_visible()


def test_a_lost_stream_says_so_and_comes_back(visit, house: House) -> None:
    one = visit()
    page = one.page
    page.goto("/operations")
    expect(page.locator("#live-lost")).to_be_hidden()
    one.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('pagehide'))")  # as if the connection broke
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.locator("#live-lost")).to_be_visible(timeout=10_000)
    expect(page.locator("#live-lost")).to_contain_text("Live updates stopped at")
    one.context.set_offline(False)
    expect(page.locator("#live-lost")).to_be_hidden(timeout=10_000)
    one.wrong.clear()  # the browser tells of the requests that it could not send


def test_the_activity_is_searched_paged_and_taken_along(visit, house: House) -> None:
    """And another organisation gets none of it."""
    run_id = house.values["run_id"]
    page = visit().page
    page.goto(f"/operations/runs/{run_id}")
    log = page.get_by_role("log")
    every = log.locator("li").count()
    assert every > 10
    page.get_by_label("Search the activity").fill("PRODUCTS:")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?q="))
    expect(log.locator("li")).to_have_count(1)
    expect(log).to_contain_text("Products: ")
    page.locator('summary[aria-label="Download the activity"]').click()
    with page.expect_download() as some:
        page.get_by_role("link", name="As text").click()
    assert some.value.suggested_filename == f"storetwin-run-{run_id}.txt"
    assert len(some.value.path().read_text().splitlines()) == 1
    lines = page.request.get(f"/operations/runs/{run_id}/log.jsonl").text().splitlines()
    told = [json.loads(line) for line in lines]
    assert [one["at"] for one in told] == sorted((one["at"] for one in told), reverse=True)
    assert told[-1]["text"].endswith("resources")
    page.goto(f"/operations/runs/{run_id}?before={told[3]['at']}")
    expect(log).not_to_contain_text("Done:")
    page.get_by_role("link", name="Latest lines").click()
    expect(log).to_contain_text("Done:")
    page.get_by_role("link", name="Set aside 1").click()
    expect(log).to_contain_text("orders/1 set aside: orders/1 answers 500 (discarded since)")
    page.goto(f"/operations/runs/{run_id}?q=no-such-thing")
    expect(log).to_contain_text("Nothing holds “no-such-thing”")
    page.get_by_role("link", name="Show all").click()
    expect(log.locator("li")).to_have_count(every)
