"""Lists of stores where there are many: searched, paged, and nothing that was asked is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from house import NARROW, House, cut_off, hub_of
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from database_clones import in_own_loop
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection

MANY = 54
LONG = "outdoor-equipment-of-the-alps-and-all-other-mountains-ltd"


@pytest.fixture(scope="module", autouse=True)
def stores(house: House) -> Iterator[None]:
    """Stores that nobody pulled yet, one of them with a long name."""
    names = [LONG, *(f"branch-{n:02}" for n in range(MANY - 1))]

    async def add() -> None:
        keys = Credentials(SecretStr("ck_" + "0" * 40), SecretStr("cs_" + "0" * 40))
        async with hub_of(house) as hub:
            for name in names:
                new = NewConnection(name, f"https://{name[:20]}.example", keys)
                await hub.register.add(new, hub.clock())
            await hub.schedules.of()
            for name in names:
                await hub.schedules.pause(name, is_paused=True)

    async def remove() -> None:
        async with hub_of(house) as hub:
            for name in names:
                await hub.register.remove(name)

    in_own_loop(add())
    yield
    in_own_loop(remove())


def test_the_overview_is_searched_and_paged_and_keeps_its_time_frame(page: Page) -> None:
    page.set_viewport_size({"width": NARROW, "height": 844})
    page.goto("/?page=2")
    page.get_by_role("link", name="7 days").click()
    expect(page).to_have_url(re.compile(r"/\?frame=7d&page=2#c1-t$"))
    expect(page.get_by_role("heading", name="Changes per day")).to_be_in_viewport()
    foot = page.locator(".foot", has_text="stores")
    expect(foot).to_contain_text("21–40 of 55 stores")
    foot.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(r"/\?frame=7d&page=3#stores-t$"))
    page.get_by_label("Search stores").fill("BRANCH-1")
    page.get_by_label("Search stores").press("Enter")
    expect(foot).to_contain_text("10 stores that match, of 55")
    expect(page).to_have_url(re.compile(r"frame=7d&q=BRANCH-1"))
    expect(page.locator("#stores-t")).to_be_in_viewport()
    page.get_by_label("Search stores").fill("nowhere")
    page.get_by_label("Search stores").press("Enter")
    page.get_by_role("link", name="Show all 55").click()
    expect(foot).to_contain_text("1–20 of 55 stores")
    expect(page.locator("[data-chart] canvas").first).to_be_visible()
    assert cut_off(page) == []


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/configuration/connections", 50),
        ("/configuration/schedules", 50),
        ("/configuration/webhooks", 20),
        ("/certificates", 20),
    ],
)
def test_each_list_shows_a_page_and_finds_a_store_by_its_name(
    page: Page, path: str, rows: int
) -> None:
    def shown(query: str) -> str:
        answer = page.request.get(f"{path}{query}")
        assert answer.status == 200
        return answer.text()

    first = shown("")
    assert first.split("</table>")[0].count("<tr") == rows + 1
    assert f"1–{25 if 'schedules' in path else rows} of 55 stores" in first
    found = shown("?q=MOUNTAINS")
    assert "1 store that matches, of 55" in found
    assert LONG in found.split("</table>")[0]
    assert "branch-07" not in found.split("</table>")[0].partition("<tbody")[2]
    assert "No store matches" in shown("?q=nowhere")


def test_a_long_name_leaves_the_columns_after_it_their_room(page: Page) -> None:
    page.goto("/configuration/schedules?q=mountains")
    switch, wrap = page.get_by_role("switch").first, page.get_by_role("group").first
    assert wrap.evaluate("e => e.scrollWidth - e.clientWidth") == 0
    expect(switch).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": NARROW, "height": 844})
    assert cut_off(page) == []
    page.get_by_role("link", name=LONG).first.click()
    expect(page).to_have_url(re.compile(LONG))


def test_any_store_is_picked_for_its_data(page: Page) -> None:
    page.goto("/data/orders?status=new")
    page.get_by_label("Store: All stores").click()
    field = page.get_by_label("Name of a store")
    assert page.locator(f"#data_stores option[value={LONG}]").count() == 1
    field.fill(LONG)
    field.press("Enter")
    expect(page.get_by_label(f"Store: {LONG}")).to_be_visible()
    assert "status=new" in page.url
    page.set_viewport_size({"width": NARROW, "height": 844})
    page.get_by_label(f"Store: {LONG}").click()
    assert cut_off(page) == []
