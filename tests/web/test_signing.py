"""Signing in and out in a browser."""

from __future__ import annotations

import re

from house import House, check_both_themes
from playwright.sync_api import expect

from storetwin.tenancy.models import Role


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
