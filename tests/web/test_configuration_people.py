"""Users and API keys: invitations and keys that are shown once, sessions, and one's own password."""

from __future__ import annotations

import re
from collections.abc import Callable

from house import House, Visit, findings, hub_of, session_of
from playwright.sync_api import Page, expect

from api_callers import person_of
from database_clones import in_own_loop
from storetwin.tenancy.models import Role
from storetwin.web.cookies import SESSION

USERS = "/configuration/users"
KEYS = USERS + "/api-keys"
ME = USERS + "/me"


def invited(page: Page, email: str) -> str:
    """Return the link that is shown once."""
    page.goto(USERS)
    page.get_by_role("button", name="Invite", exact=True).click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label(re.compile("^Operator")).check()
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_role("dialog")).to_contain_text("shown only now")
    return page.locator("#once").inner_text()


def test_somebody_is_invited_changed_and_removed(visit: Callable[..., Visit], house: House) -> None:
    page = visit().page
    link = invited(page, "grace@example.org")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()  # it closes by its own button only
    page.get_by_role("link", name="I have passed it on").click()
    assert link.rpartition("#")[2] not in page.content()

    hers = visit(None).page
    hers.goto(link.replace(re.match(r"https?://[^/]+", link)[0], house.url))
    hers.get_by_label("Your name").or_(hers.get_by_label("Name")).first.fill("Grace Hopper")
    hers.get_by_label("Password").first.fill("a long enough password")
    hers.get_by_role("button").last.click()
    expect(hers).not_to_have_url(re.compile("/join"))
    hers.goto(USERS)
    expect(hers).to_have_url(house.url + KEYS)  # who is here is not hers to see

    page.goto(USERS)
    row = page.locator("tr", has_text="Grace Hopper")
    expect(row).to_contain_text("Operator")
    expect(row).not_to_contain_text("never")  # she was seen
    row.locator("summary").click()
    row.get_by_role("button", name=re.compile("^Viewer")).click()
    expect(page.locator("tr", has_text="Grace Hopper")).to_contain_text("Viewer")
    row.locator("summary").click()
    row.get_by_role("button", name="Remove …").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("tr", has_text="Grace Hopper")).to_have_count(0)


def test_an_open_invitation_is_taken_back(visit: Callable[..., Visit]) -> None:
    page = visit(expected=[422]).page
    invited(page, "ada@example.org")
    page.get_by_role("link", name="I have passed it on").click()
    row = page.locator("tr", has_text="ada@example.org")
    expect(row).to_contain_text("Waiting")
    row.get_by_role("button", name="Take back").click()
    expect(page.locator("tr", has_text="ada@example.org")).to_contain_text("Revoked")


def test_a_key_is_shown_once_works_and_is_revoked(
    visit: Callable[..., Visit], house: House
) -> None:
    one = visit(Role.VIEWER, expected=[422])
    page = one.page
    page.goto(KEYS)
    page.get_by_role("button", name="New API key").first.click()
    page.get_by_label("What it is for").fill("nightly")
    expect(page.get_by_role("checkbox")).to_have_count(1)  # nothing that a viewer may not do
    page.get_by_label(re.compile("^Read")).uncheck()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("dialog")).to_contain_text("has no scope")
    page.get_by_label(re.compile("^Read")).check()
    page.get_by_role("button", name="Make the key").click()
    key = page.locator("#once").inner_text()
    assert key.startswith("stk_")
    page.get_by_role("link", name="I have stored it").click()
    row = page.locator("tr", has_text="nightly")
    expect(row).to_contain_text("never")
    assert key not in page.content()

    def asked() -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return one.context.request.get(f"{house.url}/api/v1/connections", headers=headers).status

    assert asked() == 200
    page.reload()
    expect(row).not_to_contain_text("never")
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="nightly")).to_contain_text("Revoked")
    assert asked() == 401


def test_ones_own_sessions_and_password(visit: Callable[..., Visit], house: House) -> None:
    person = house.people[Role.OPERATOR]
    page = visit(None, expected=[401, 422]).page
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    page.goto(ME)
    expect(page.locator("tr", has_text="this one")).to_contain_text("Chrome")
    page.locator("#p-now").fill("wrong, quite wrong")
    page.locator("#p-new").fill("another long password")
    page.locator("#p-again").fill("another long passwort")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert").last).to_contain_text("typed in two ways")
    page.locator("#p-now").fill("wrong, quite wrong")
    page.locator("#p-new").fill("another long password")
    page.locator("#p-again").fill("another long password")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert").last).to_contain_text("wrong")
    expect(page.locator("#p-new")).to_have_value("")
    others = visit(None).page
    others.goto("/sign-in")
    others.get_by_label("E-mail").fill(person.email)
    others.get_by_label("Password").fill(person.password)
    others.get_by_role("button", name="Sign in").click()
    expect(others.locator("#nav")).to_be_visible()
    page.goto(ME)
    before = page.get_by_role("button", name="End", exact=True).count()
    page.get_by_role("button", name="End", exact=True).first.click()
    expect(page.get_by_role("status")).to_contain_text("ended")
    expect(page.get_by_role("button", name="End", exact=True)).to_have_count(before - 1)
    others.goto("/operations")
    expect(others).to_have_url(re.compile("/sign-in"))


def test_the_organisation_is_called_otherwise_and_back(
    visit: Callable[..., Visit], house: House
) -> None:
    page = visit(expected=[422]).page
    page.goto(USERS)
    page.get_by_role("link", name="Organisation", exact=True).click()
    before = page.get_by_label("Name", exact=True).input_value()
    for name in ("Analytical Engines", before):
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text(f"called {name} from now on")
        expect(page.locator(".org").first).to_contain_text(name)
    page.get_by_label("Name", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").last).to_contain_text("Nothing was changed")
    expect(page.get_by_role("button", name=re.compile("^Remove"))).to_have_count(
        0
    )  # the default one
    assert visit(Role.VIEWER, expected=[403]).page.goto(f"{USERS}/organisation").status == 403


def test_an_organisation_is_removed_by_its_owner_who_types_its_name(
    visit: Callable[..., Visit], house: House
) -> None:
    async def owned() -> str:
        async with hub_of(house) as hub:
            made = await hub.people.organisations.make(None, "Soon gone")
            owner = await person_of(hub.of(made.organisation_id), Role.OWNER)
        return await session_of(house.url, owner)

    visiting = visit(None, expected=[409])
    cookie = {"name": SESSION, "value": in_own_loop(owned()), "url": house.url}
    visiting.context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])
    page = visiting.page
    page.goto(f"{USERS}/organisation")
    assert findings(page) == []
    page.get_by_label("to confirm").fill("Elsewhere")
    page.get_by_role("button", name="Remove Soon gone").click()
    expect(page.get_by_role("alert").last).to_contain_text("is not called so")
    page.get_by_label("to confirm").fill("Soon gone")
    page.get_by_role("button", name="Remove Soon gone").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    page.goto(USERS)
    expect(page).to_have_url(re.compile("/sign-in"))  # the session ended with it
