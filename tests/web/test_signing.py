"""Signing in and out in a browser, becoming a member, and what a browser is known by."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from house import House, check_both_themes, hub_of
from playwright.sync_api import Browser, expect

from api_callers import PASSWORD, person_of
from database_clones import in_own_loop
from rows import as_superuser
from storetwin.tenancy.invitations import NewInvitation
from storetwin.tenancy.models import Role
from storetwin.tenancy.one_time import hash_of
from storetwin.web.cookies import SESSION


def sign_in(page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_one_signs_in_and_comes_to_the_page_that_was_asked_for(visit, house: House) -> None:
    page, person = visit(None, expected=[401]).page, house.people[Role.OWNER]
    page.goto("/operations?state=failed")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Foperations%3Fstate%3Dfailed$"))
    sign_in(page, person.email, "wrong")
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_label("E-mail")).to_have_value(person.email)
    expect(page.get_by_label("Password")).to_have_value("")
    sign_in(page, person.email)
    expect(page).to_have_url(f"{house.url}/operations?state=failed")
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    page.goto("/sign-in?next=/operations")  # who is signed in goes on
    expect(page).to_have_url(f"{house.url}/operations")


def test_one_signs_out_and_nothing_is_left(visit, house: House) -> None:
    one = visit(None)
    page = one.page
    page.goto("/sign-in?next=/operations")
    sign_in(page, house.people[Role.VIEWER].email)
    expect(page.get_by_role("heading", name="Operations")).to_be_visible()
    page.locator(".user-x").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    assert [c["name"] for c in one.context.cookies() if c["name"] == SESSION] == []
    page.goto("/operations")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.go_back()
    page.go_back()
    expect(page.get_by_role("heading", name="Operations")).to_have_count(0)


def test_the_cookie_is_out_of_reach_and_the_token_is_kept_as_a_hash(visit, house: House) -> None:
    one = visit(None)
    one.page.goto("/sign-in?next=/operations")
    sign_in(one.page, house.people[Role.OPERATOR].email)
    expect(one.page.get_by_role("heading", name="Operations")).to_be_visible()
    (cookie,) = [c for c in one.context.cookies() if c["name"] == SESSION]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    assert cookie["path"] == "/"
    assert one.page.evaluate("document.cookie").find(SESSION) == -1
    with as_superuser(house.admin_dsn, house.database) as admin:
        row = admin.execute(
            "SELECT w.ends_at - s.created_at AS longest, s.expires_at - s.created_at AS lasts, s.agent"
            " FROM tenancy.web_sessions w JOIN tenancy.sessions s USING (session_id)"
            " WHERE w.token_hash = %s",
            (hash_of(cookie["value"]),),
        ).fetchone()
    assert row["longest"] == timedelta(days=90)
    assert row["lasts"] == timedelta(days=30)
    assert "Chrome" in row["agent"]


def test_a_session_goes_on_while_it_is_used_and_ends_at_the_latest(visit, house: House) -> None:
    one = visit(None)
    one.page.goto("/sign-in?next=/operations")
    sign_in(one.page, house.people[Role.OPERATOR].email)
    expect(one.page.get_by_role("heading", name="Operations")).to_be_visible()
    (cookie,) = [c for c in one.context.cookies() if c["name"] == SESSION]
    key = (hash_of(cookie["value"]),)
    own = " FROM tenancy.web_sessions w WHERE w.session_id = s.session_id AND w.token_hash = %s"
    with as_superuser(house.admin_dsn, house.database) as admin:
        late = "last_used_at = now() - interval '1 day', expires_at = now() + interval '1 hour'"
        admin.execute("UPDATE tenancy.sessions s SET " + late + own, key)
        one.page.reload()
        query = (
            "SELECT s.expires_at - now() AS left FROM tenancy.sessions s, tenancy.web_sessions w"
        )
        query += " WHERE w.session_id = s.session_id AND w.token_hash = %s"
        assert admin.execute(query, key).fetchone()["left"] > timedelta(days=29)
        ends = "UPDATE tenancy.web_sessions SET ends_at = now() + interval '2 hours'"
        admin.execute(ends + " WHERE token_hash = %s", key)
        admin.execute("UPDATE tenancy.sessions s SET " + late + own, key)
        one.page.reload()
        assert admin.execute(query, key).fetchone()["left"] < timedelta(hours=3)


def test_whoever_has_the_first_link_becomes_the_owner_of_what_he_was_invited_to(
    visit, house: House
) -> None:
    async def invite() -> str:
        async with hub_of(house) as hub:
            issued = await hub.people.invitations.invite(None, NewInvitation(Role.VIEWER))
            return issued.link(house.url)

    one = visit(None, expected=[422])
    page, link = one.page, in_own_loop(invite())
    assert link.startswith(f"{house.url}/join#")
    page.goto(link)
    assert page.url == f"{house.url}/join"  # its token is in no history, and no referrer
    expect(page.get_by_label("Code of the link")).to_be_hidden()
    page.get_by_label("Name").fill("Hedy Lamarr")
    page.get_by_label("E-mail").fill("no e-mail")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Come in").evaluate("b => b.form.noValidate = true")
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("alert")).to_contain_text("e-mail")
    expect(page.get_by_label("Name")).to_have_value("Hedy Lamarr")
    page.get_by_label("E-mail").fill("hedy@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    one.expected.append(404)  # while there is no page at /
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(f"{house.url}/")
    page.goto("/operations")
    expect(page.locator(".user-x")).to_contain_text("Hedy Lamarr")
    page.goto(link)  # a second time
    page.get_by_label("Name").fill("Mallory")
    page.get_by_label("E-mail").fill("mallory@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    one.expected += [410, 409, 404]
    page.get_by_role("button", name="Come in").click()
    expect(page.get_by_role("alert")).to_be_visible()


def test_who_is_in_two_organisations_changes_between_them(visit, house: House) -> None:
    async def settle() -> str:
        async with hub_of(house) as hub:
            person = await person_of(hub, Role.VIEWER)
            made = await hub.people.organisations.make(None, "Second house")
            user = await hub.people.users.named(person.email)
            there = hub.of(made.organisation_id)
            await there.people.users.enrol(user, Role.OWNER, is_installation_admin=False)
            return person.email

    one = visit(None, expected=[404])
    page = one.page
    page.goto("/sign-in?next=/operations")
    sign_in(page, in_own_loop(settle()))
    expect(page.get_by_role("table")).to_contain_text("shop")
    page.locator(".org-x summary").click()
    page.get_by_role("button", name="Second house").click()
    page.goto("/operations")
    expect(page.locator(".org-x summary")).to_contain_text("Second house")
    expect(page.get_by_text("No store connected yet")).to_be_visible()
    page.goto(f"/operations/runs/{house.values['run_id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_the_pages_outside_are_legible(visit) -> None:
    page = visit(None).page
    for path in ("/sign-in", "/join"):
        page.goto(path)
        check_both_themes(page)


@pytest.mark.parametrize("role", [Role.OWNER, None])
def test_what_is_not_there_is_told_so(visit, role: Role | None) -> None:
    page = visit(role, expected=[404]).page
    page.goto("/operations/nothing-here")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    expect(page.get_by_text("/operations/nothing-here")).to_be_visible()
    check_both_themes(page)


def test_no_other_page_can_frame_one(house: House, browser: Browser) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": SESSION, "value": house.cookies[Role.OWNER], "url": house.url}])
    page = context.new_page()
    body = f'<iframe id="f" src="{house.url}/operations"></iframe>'
    page.route(
        "http://evil.example/", lambda route: route.fulfill(content_type="text/html", body=body)
    )
    page.goto("http://evil.example/", wait_until="load")
    frame = page.query_selector("#f")
    assert frame is not None
    inner = frame.content_frame()
    assert inner is None or "Operations" not in inner.content()
    context.close()


def test_the_theme_is_there_before_the_first_paint_and_is_kept(visit) -> None:
    page = visit(theme="dark").page
    page.goto("/operations")
    theme = "document.documentElement.dataset.bsTheme"
    assert page.evaluate(theme) == "dark"
    page.locator(".user-x").click()
    page.get_by_role("button", name="Light").click()
    assert page.evaluate(theme) == "light"
    page.reload()
    assert page.evaluate(theme) == "light"
    page.locator(".user-x").click()
    expect(page.get_by_role("button", name="Light")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="System").click()
    assert page.evaluate(theme) == "dark"


def test_the_navigation_is_a_drawer_where_there_is_no_room(visit) -> None:
    page = visit(width=390).page
    page.goto("/operations")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Operations")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Open navigation").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(page.locator("#menu")).to_be_focused()


def test_keys_lead_to_pages_and_rows(visit, house: House) -> None:
    page = visit().page
    page.goto("/operations")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("a.rowlink").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/operations/runs/"))
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url(f"{house.url}/operations")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Search and commands")).to_be_visible()
    page.keyboard.type("operat")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{house.url}/operations")
    page.locator(".user-x").click()
    page.get_by_label("Single keys as shortcuts").uncheck()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
