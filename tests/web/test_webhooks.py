"""The buttons of the webhooks page, with a store that delivers for real."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from house import House, Visit, check, hub_of
from playwright.sync_api import Browser, expect

from database_clones import in_own_loop
from sites import serving_site
from storetwin.tenancy.models import Role

WEBHOOKS = "/configuration/webhooks"


@pytest.fixture
def reachable(house: House) -> Iterator[House]:
    """The same hub, served once more where it knows under which address stores reach it."""
    with serving_site(house.dsn, house.folder, public_url=house.url) as served:
        yield replace(house, served=served)
    in_own_loop(_forget(house))


async def _forget(house: House) -> None:
    """Let nothing have been delivered: others look at the same inbox."""
    async with hub_of(house) as hub, hub.database.transaction(house.organisation_id) as tx:
        await tx.execute("DELETE FROM mirror.inbox WHERE topic = 'storetwin.test'")


def ours(house: House) -> list[int]:
    """Return the webhooks that the store has."""
    return list(house.sandbox.store.ids("webhooks"))


def test_webhooks_are_made_tested_repaired_and_removed(reachable: House, browser: Browser) -> None:
    before = ours(reachable)
    visit = Visit.begin(reachable, browser, Role.OWNER)
    page = visit.page
    page.goto(WEBHOOKS)
    page.get_by_role("button", name="Create webhooks").first.click()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ made in the store, 0 were"))
    made = [one for one in ours(reachable) if one not in before]
    rows = page.get_by_role("table", exact=True).first.locator("tbody tr")
    expect(rows).to_have_count(len(made))

    page.get_by_role("button", name="Send test").first.click()
    expect(page.get_by_role("status")).to_have_text(
        re.compile(r"^The test came back: signed, and kept within \d+ ms\.$")
    )
    check(page)

    reachable.sandbox.store.delete("webhooks", made[0])
    page.get_by_label("More for the webhooks").click()
    page.get_by_role("button", name="Look and repair").click()
    expect(page.get_by_role("status")).to_have_text(
        f"1 made in the store, {len(made) - 1} were well, 0 old ones deleted."
    )
    page.get_by_label("More for the webhooks").click()
    page.get_by_role("button", name="Look and repair").click()
    expect(page.get_by_role("status")).to_have_text(
        f"All {len(made)} webhooks were well already. Nothing was changed in the store."
    )
    page.get_by_label("More for the webhooks").click()
    page.get_by_role("button", name="Remove …").click()
    page.locator("#remove").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text(f"{len(made)} webhooks were deleted")
    assert ours(reachable) == before
    visit.end()
