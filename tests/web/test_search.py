"""Search: records of all stores by what people know them by, from anywhere, with and without scripts."""

from __future__ import annotations

import re

from house import House, check_both_themes
from playwright.sync_api import expect

from storetwin.tenancy.models import Role


def _address(house: House) -> tuple[str, str]:
    remote_id = house.values["remote_id"]
    return remote_id, f"/data/orders/shop/{remote_id}"


def test_a_record_is_found_from_any_page(visit, house: House) -> None:
    remote_id, path = _address(house)
    page = visit(Role.VIEWER).page
    page.goto("/history")
    page.keyboard.press("Control+k")
    page.keyboard.type(remote_id)
    record = page.locator(f'#palette_found a[href="{path}"]')
    expect(record).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#palette :focus")).to_have_attribute("href", re.compile("/data/"))
    record.click()
    expect(page).to_have_url(re.compile(re.escape(path)))


def test_enter_goes_to_the_page_that_is_named(page) -> None:
    page.goto("/history")
    page.keyboard.press("Control+k")
    page.keyboard.type("certif")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/certificates$"))


def test_it_is_read_without_scripts(visit, house: House) -> None:
    remote_id, path = _address(house)
    page = visit(javascript=False).page
    page.goto(f"/search?q={remote_id}")
    expect(page.locator(f'#main a[href="{path}"]')).to_be_visible()
    page.goto("/search?q=no%20such%20thing")
    expect(page.locator("#main")).to_contain_text("No record matches “no such thing”")


def test_it_is_legible(page, house: House) -> None:
    page.goto(f"/search?q={_address(house)[0]}")
    expect(page.locator("#main .cmd-list a").first).to_be_visible()
    check_both_themes(page)
