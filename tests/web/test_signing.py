"""Signing in and out in a browser."""

from __future__ import annotations

import re

from house import House, check_both_themes
from playwright.sync_api import Browser, expect

from storetwin.tenancy.models import Role
from storetwin.web.cookies import SESSION


def test_one_signs_in_and_comes_to_the_page_that_was_asked_for(visit, house: House) -> None:
    one = visit(None, expected=[401])
    page, person = one.page, house.people[Role.OWNER]
    page.goto("/operations?state=failed")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Foperations%3Fstate%3Dfailed$"))
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("E-mail")).to_have_value(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{house.url}/operations?state=failed")
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()


def test_the_page_is_legible(visit) -> None:
    page = visit(None).page
    page.goto("/sign-in")
    check_both_themes(page)


def test_no_other_page_can_frame_one(house: House, browser: Browser) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": SESSION, "value": house.cookies[Role.OWNER], "url": house.url}])
    page = context.new_page()
    page.route("http://evil.example/", lambda route: route.fulfill(
        content_type="text/html", body=f'<iframe id="f" src="{house.url}/operations"></iframe>'
    ))  # fmt: skip
    page.goto("http://evil.example/", wait_until="load")
    frame = page.query_selector("#f")
    assert frame is not None
    inner = frame.content_frame()
    assert inner is None or "Operations" not in inner.content()
    context.close()
