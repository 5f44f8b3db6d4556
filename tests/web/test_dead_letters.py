"""Dead letters: by cause, one by one, retried and discarded."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from house import House, check, findings
from playwright.sync_api import expect

from database_clones import in_own_loop
from hubs import settings_for
from storetwin.bootstrap import open_hub
from storetwin.hub.letters import Chosen, NoReasonError, Retrying, RetryRun
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Role
from storetwin.web.pages.dead_letters import told_of
from storetwin.web.words import Tone

REASON = "The store answered 500 for orders/{}: memory of 268435456 bytes exhausted."
CAUSE = "The store answered 500 for orders/…: memory of … bytes exhausted."
LETTER = """
INSERT INTO runs.dead_letters (dead_letter_id, organisation_id, connection_id, resource, remote_id, name, reason, state,
    attempts, first_seen_at, last_seen_at, next_attempt_at, run_id)
SELECT %(id)s, organisation_id, id, %(resource)s, %(remote)s, %(name)s, %(reason)s, 'waiting', 2, %(at)s, %(at)s, %(next)s,
       %(run)s
FROM connections.connections WHERE name = 'shop'"""


@pytest.fixture
def letters(house: House, tmp_path: Path) -> Iterator[list[str]]:
    """Four letters with two causes; they are gone afterwards."""
    ids = in_own_loop(_write(house, tmp_path))
    yield ids
    others = f"dead_letter_id <> '{house.values['dead_letter_id']}'"
    in_own_loop(_execute(house, tmp_path, f"DELETE FROM runs.dead_letters WHERE {others}"))


async def _write(house: House, folder: Path) -> list[str]:
    first = [house.values["remote_id"], "17", "1018"]
    async with open_hub(settings_for(house.dsn, folder)) as hub, asyncio.timeout(60):
        while await hub.standings.follow([], is_all=True):  # runs of other tests would settle them
            await asyncio.sleep(0.2)
        now, ids = hub.clock(), []
        async with hub.database.transaction(house.organisation_id) as tx:
            for n, remote in enumerate([*first, None]):
                ids.append(new_id(now - timedelta(minutes=n)))
                await tx.execute(
                    LETTER,
                    {
                        "id": ids[-1],
                        "resource": "orders" if remote else "products",
                        "remote": remote,
                        "name": remote or "the list products",
                        "reason": REASON.format(remote) if remote else "<script>alert(1)</script>",
                        "at": now - timedelta(hours=n + 1),
                        "next": now + timedelta(hours=6),
                        "run": UUID(house.values["run_id"]),
                    },
                )
    return [str(one) for one in ids]


async def _execute(house: House, folder: Path, statement: str) -> None:
    async with (
        open_hub(settings_for(house.dsn, folder)) as hub,
        hub.database.transaction(house.organisation_id) as tx,
    ):
        await tx.execute(statement)


def test_they_are_grouped_by_what_caused_them(visit, house: House, letters: list[str]) -> None:
    page = visit().page
    page.goto("/dead-letters")
    causes = page.locator(".causes > li")
    expect(causes).to_have_count(2)
    expect(causes.first.locator(".cause-t")).to_have_text(CAUSE)
    expect(causes.first).to_contain_text("Retry 3")
    expect(causes.nth(1)).to_contain_text("<script>alert(1)</script>")
    expect(causes.nth(1)).to_contain_text("the next pull settles it")
    causes.first.locator("a.cause").click()
    expect(page.locator("tr[data-row]")).to_have_count(3)
    page.locator("tr[data-row] a.rowlink").first.click()
    expect(page.locator("#drawer h2")).to_have_text(f"orders/{_named(page)}")
    expect(page).to_have_url(re.compile(f"/dead-letters/{letters[0]}"))
    expect(page.locator("#drawer")).to_contain_text("2 times")
    expect(page.get_by_label("The record as the twin holds it")).to_contain_text('"id"')
    check(page)
    page.set_viewport_size({"width": 1360, "height": 900})
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    page.emulate_media(color_scheme="dark")
    assert findings(page) == []
    page.goto(f"/dead-letters/{letters[0]}")
    page.get_by_role("link", name="Open the record").click()
    expect(page).to_have_url(re.compile(f"/data/orders/shop/{house.values['remote_id']}$"))


def _named(page) -> str:
    return page.locator("tr[data-row] a.rowlink").first.inner_text().strip().partition("/")[2]


def test_one_is_retried_and_its_run_is_followed(visit, letters: list[str]) -> None:
    """The store has the record: the letter is settled, and the page says so by itself."""
    page = visit().page
    page.goto(f"/dead-letters/{letters[0]}")
    page.get_by_role("button", name="Retry this").click()
    expect(page.get_by_role("status")).to_contain_text("1 is tried again.")
    expect(page.locator("#retrying")).to_contain_text("none failed again", timeout=20_000)
    page.goto("/dead-letters?state=resolved")
    expect(page.locator(".causes")).to_contain_text("The store answered 500")


def test_discarding_asks_why_and_keeps_it(visit, letters: list[str]) -> None:
    page = visit().page
    page.goto("/dead-letters?resource=orders")
    page.get_by_role("button", name="Discard 3 …").click()
    page.get_by_label("Why nobody needs them").fill("=Orders of the test shop")
    page.get_by_role("button", name="Discard 3", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("3 dead letters were discarded.")
    expect(page.locator(".blank")).to_contain_text("None fits")
    page.get_by_role("link", name="Clear all filters").click()
    expect(page.locator(".causes > li")).to_have_count(1)
    page.goto("/history?kind=people")
    said = "discarded 3 dead letters, because: =Orders of the test shop"
    expect(page.locator(".events")).to_contain_text(said)


def test_filters_narrow_and_an_unknown_store_is_none(visit, letters: list[str]) -> None:
    page = visit(expected=[404]).page
    page.goto(f"/dead-letters?run={letters[0]}")
    expect(page.locator(".blank")).to_contain_text("None fits")
    page.goto("/dead-letters?within=24h&resource=products")
    expect(page.locator(".causes > li")).to_have_count(1)
    answer = page.goto("/dead-letters?connection=nowhere")
    assert answer.status == 404


def test_who_may_only_look_is_offered_nothing(visit, letters: list[str]) -> None:
    page = visit(Role.VIEWER).page
    page.goto(f"/dead-letters/{letters[1]}")
    expect(page.locator("#drawer")).to_contain_text("orders/17")
    expect(page.get_by_role("button", name=re.compile("Retry|Discard"))).to_have_count(0)


def test_nothing_given_up_is_said(visit) -> None:
    page = visit().page
    page.goto("/dead-letters")
    expect(page.get_by_role("heading", name="Nothing was given up")).to_be_visible()


def test_what_becomes_of_them_is_said_in_words() -> None:
    run = RetryRun(UUID(int=1), None, 9, is_new=True)
    assert told_of(Retrying([run])) == ("9 are tried again.", Tone.OK)
    told, tone = told_of(Retrying([], without_id=2, refused={"shop": "It is paused."}))
    assert "2 have no id" in told
    assert "shop: It is paused." in told
    assert tone is Tone.CHANGE
    assert told_of(Retrying())[0] == "None of them waits any more."
    assert "More match" in told_of(Retrying([run], has_more=True))[0]


def test_nobody_discards_without_a_reason(house: House, tmp_path: Path) -> None:
    async def discard() -> None:
        async with open_hub(settings_for(house.dsn, tmp_path)) as hub:
            await hub.letters.discard_because(Chosen(), "  ", None)

    with pytest.raises(NoReasonError):
        in_own_loop(discard())
