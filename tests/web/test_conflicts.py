"""Conflicts: what a person changed in core, and its store since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from house import House, check_both_themes
from playwright.sync_api import expect

from database_clones import in_own_loop
from hubs import settings_for
from storetwin.bootstrap import open_hub
from storetwin.core.apart import seen_by_people
from storetwin.hub.apart import gone_apart
from storetwin.tenancy.models import Role
from storetwin.web.pages.conflicts import shown, side

PERSON, STORE = True, False


def changes(*steps: tuple[bool, str, str]) -> list[dict[str, Any]]:
    """Return changes of a name as they are kept: the last step is the latest."""
    found = [{"fields": {"name": [old, new]}, "is_person": who} for who, old, new in steps]
    return [{"fields": None, "is_person": False}, *found][::-1]


def test_what_was_agreed_is_what_was_before_the_person() -> None:
    assert seen_by_people(changes((PERSON, "a", "b")), "name") == ["a"]
    assert seen_by_people(changes((PERSON, "a", "b"), (PERSON, "b", "c")), "name") == ["b", "a"]
    assert seen_by_people(changes((STORE, "x", "a"), (PERSON, "a", "b")), "name") == ["a"]
    assert seen_by_people(changes((STORE, "x", "a")), "name") == []
    assert seen_by_people(changes((PERSON, "a", "b")), "slug") == []


def test_what_the_person_saw_the_store_say_is_no_news() -> None:
    """He took his change back, the store's newer word stood, and he changed that one."""
    seen = seen_by_people(
        changes((PERSON, "a", "b"), (PERSON, "b", "d"), (PERSON, "d", "c")), "name"
    )
    assert "d" in seen
    assert seen[-1] == "a"


def test_texts_are_compared_word_by_word() -> None:
    assert side("holds 330 ml of tea", "holds 350 ml of tea").pieces == [
        ("same", "holds"), ("old", "330"), ("new", "350"), ("same", "ml of tea"),
    ]  # fmt: skip
    assert side("20", "17").pieces == [("new", "17")]
    assert side(None, "a b c d").pieces == [("new", "a b c d")]
    assert [shown(one) for one in (None, "", True, 12)] == ["empty", "empty", "yes", "12"]


@pytest.fixture
def apart(house: House, tmp_path: Path) -> Iterator[str]:
    """A tag that the owner renamed in core; and the store says something else of it since."""
    before = in_own_loop(_go_apart(house, tmp_path))
    yield f"/conflicts/tags/{house.values['core_id']}"
    in_own_loop(_settle(house, tmp_path, before))


async def _go_apart(house: House, folder: Path) -> str:
    core_id = UUID(house.values["core_id"])
    owner = UUID(str(house.people[Role.OWNER].user_id))
    async with open_hub(settings_for(house.dsn, folder)) as hub:
        before = str((await hub.core.one("tags", core_id)).document.values["name"])
        await hub.core.edit("tags", core_id, {"name": "<b>Ours</b>"}, user_id=owner)
        assert await gone_apart(hub) == []  # the store said nothing new yet
        async with hub.database.transaction(house.organisation_id) as tx:
            theirs = f"Theirs {uuid4().hex[:6]}"  # no word of the store's that was known before
            said = {"said": json.dumps(theirs), "core_id": core_id}
            await tx.execute(
                "UPDATE core.edits SET said = %(said)s WHERE core_id = %(core_id)s", said
            )
        [one] = await gone_apart(hub)
        assert (one.agreed, one.store, one.core) == (before, theirs, "<b>Ours</b>")
        assert one.editor == house.people[Role.OWNER].email
    return before


async def _settle(house: House, folder: Path, before: str) -> None:
    core_id = UUID(house.values["core_id"])
    async with open_hub(settings_for(house.dsn, folder)) as hub:
        await hub.core.take_back("tags", core_id, ["name"], user_id=None)
        assert await gone_apart(hub) == []
        async with hub.database.transaction(house.organisation_id) as tx:
            was = {"name": before, "core_id": core_id}
            await tx.execute("UPDATE core.tags SET name = %(name)s WHERE id = %(core_id)s", was)


def test_both_stand_beside_what_was_agreed_and_the_store_is_given_way(visit, apart: str) -> None:
    page = visit().page
    page.goto("/conflicts")
    expect(page.locator(".three tbody tr")).to_contain_text("Theirs")
    expect(page.locator(".three tbody tr")).to_contain_text("<b>Ours</b>")
    expect(page.locator("#cf-apply")).to_be_disabled()
    expect(page.locator("#nav").get_by_role("link", name="Conflicts 1 waiting")).to_be_visible()
    check_both_themes(page)
    page.goto("/")
    expect(page.locator(".needs")).to_contain_text("1 field differs from the store's.")
    page.goto(apart)
    for key, name, is_taken in [
        ("2", "Take the store's for 1 field", True),
        ("3", "Take the store's", False),
    ]:
        page.keyboard.press(key)  # there is one row: no other can be meant
        expect(page.get_by_role("checkbox", checked=is_taken)).to_be_focused()
        expect(page.locator("#cf-apply")).to_have_text(name)
    page.keyboard.press("2")
    page.get_by_role("button", name="Take the store's for 1 field").click()
    expect(page.get_by_role("status")).to_contain_text("1 field is what the store says again.")
    expect(page.get_by_role("heading", name="No conflicts")).to_be_visible()
    page.goto(apart)
    expect(page.get_by_role("heading", name="Nothing to decide here")).to_be_visible()


def test_who_may_only_look_decides_nothing(visit, apart: str) -> None:
    page = visit(Role.VIEWER).page
    page.goto(apart)
    expect(page.get_by_role("checkbox").first).to_be_disabled()
    expect(page.locator("#cf-apply")).to_have_count(0)


def test_what_nobody_knows_is_not_there(visit) -> None:
    one = visit(expected=[404])
    assert one.page.goto(f"/conflicts/tags/{UUID(int=3)}").status == 404
    assert one.page.goto(f"/conflicts/nothing/{UUID(int=3)}").status == 404
