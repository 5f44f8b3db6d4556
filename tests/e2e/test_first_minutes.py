"""The first minutes in a browser, with the installed program: from a shop to a back office in step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from woocommerce import API

from browsers import chromium
from installed import Installation, installation
from storetwin.sandboxes.woocommerce import Sandbox, running_store

PASSWORD = "correct horse battery staple"
MOST_CLICKS = 12
SCRIPT = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
PATIENCE = 60_000  # milliseconds for a run on a busy machine


@dataclass
class Hand:
    """Somebody's hand: it counts its clicks."""

    page: Page
    clicks: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        yield opened
        opened.close()


@contextmanager
def serving(home: Installation) -> Iterator[str]:
    """`storetwin serve`, with its worker; yields the link that lets the first user in."""
    process = home.start("serve", "--port", "0")
    assert process.stdout is not None
    said = ""
    while "Listening on " not in said and (line := process.stdout.readline()):
        said += line.decode()
    try:
        found = re.search(r"(\S+/join#sti_\S+)", said)
        assert found, said
        yield found[1]
    finally:
        process.terminate()
        home.finish(process)


def test_from_a_shop_to_core_and_back(browser: Browser) -> None:
    """Connect, pull, look, take all new products but three, map one, promote; edit, see it, promote."""
    with (
        running_store(orders=12, seed=11) as store,
        installation() as home,
        serving(home) as link,
        browser.new_context(viewport={"width": 1360, "height": 900}) as context,
    ):
        hand = Hand(context.new_page())
        come_in(hand.page, link)
        connect(hand.page, store)
        walk(hand, store)
        assert hand.wrong == []


def come_in(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("Name").fill("Lena Kofler")
    page.get_by_label("E-mail").fill("lena@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#nav")).to_be_visible()


def connect(page: Page, store: Sandbox) -> None:
    page.goto(
        "".join(page.url.partition("//")[:2])
        + page.url.split("/")[2]
        + "/configuration/connections/new"
    )
    page.get_by_label("Address of the shop").fill(store.url)
    page.get_by_role("button", name="Find the shop").click()
    page.locator("#h-name").fill("shop")
    page.get_by_label("Consumer key").fill(store.key)
    page.get_by_label("Consumer secret").fill(store.secret)
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_role("button", name=re.compile("^Save")).click(timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"/configuration/connections/shop"))


def pill(page: Page, word: str) -> Locator:
    return page.locator("#data_pills").get_by_role("link", name=re.compile(rf"^{word} "))


def rows(page: Page) -> Locator:
    return page.locator("#data_rows tbody tr")


def pull(hand: Hand) -> None:
    """Ask for the records of the table, wait for the run, and come back."""
    page = hand.page
    hand.click(page.get_by_role("button", name=re.compile("^Pull products")).first)
    expect(page.locator("#run_head")).to_contain_text("Done", timeout=PATIENCE)


def walk(hand: Hand, store: Sandbox) -> None:
    page = hand.page
    hand.click(page.get_by_role("link", name="Store data"))
    expect(page.get_by_role("heading", name="Products of shop were never pulled")).to_be_visible()
    pull(hand)
    hand.click(page.get_by_role("link", name="Store data"))
    everything = int(pill(page, "New").locator(".n").inner_text())
    assert everything > 53

    # all new products but three
    hand.click(pill(page, "New"))
    expect(page).to_have_url(re.compile("status=new"))
    hand.click(page.get_by_label("Select the 50 rows of this page"))
    hand.click(page.get_by_role("button", name=f"Select all {everything} that match"))
    named = [rows(page).nth(place).get_attribute("data-row") for place in (0, 1, 2)]
    for place in (0, 1, 2):
        hand.click(rows(page).nth(place).get_by_role("checkbox"))
    expect(page.locator("#sel_text")).to_have_text(
        f"{everything - 3} selected: all that match, 3 left out."
    )
    hand.click(page.get_by_role("button", name="Promote …"))
    hand.click(page.get_by_role("button", name=f"Promote {everything - 3}"))
    note = page.locator("#data_note")
    expect(note).to_contain_text(f"{everything - 3} products promoted.", timeout=PATIENCE)
    expect(rows(page)).to_have_count(3)
    assert [row.get_attribute("data-row") for row in rows(page).all()] == named
    assert hand.clicks <= MOST_CLICKS, f"{hand.clicks} clicks"

    # one is mapped: it is a new one, whatever matches
    rows(page).first.locator("a.rowlink").click()
    expect(page.locator("#drawer")).to_contain_text("After promotion")
    page.keyboard.press("m")
    page.get_by_role("dialog").get_by_role("radio", name="A new one").check()
    page.get_by_role("button", name="Map", exact=True).click()
    expect(note).to_contain_text("It will be a new one.")
    expect(rows(page).first.locator(".marked")).to_be_visible()
    page.keyboard.press("p")
    page.get_by_role("button", name="Promote 1").click()
    expect(note).to_contain_text("1 product promoted.", timeout=PATIENCE)
    expect(page.locator("#drawer")).to_contain_text("Core has what the store says.")

    # it is edited in the store, and seen as updated with its fields
    product = str(named[0]).partition(":")[2]
    api = API(url=store.url, consumer_key=store.key, consumer_secret=store.secret)
    changed = {"name": f"Teapot {SCRIPT}", "regular_price": "19.90", "sale_price": ""}
    assert api.put(f"products/{product}", changed).status_code == 200
    pull(hand)
    page.get_by_role("link", name="Store data").click()
    expect(pill(page, "Updated").locator(".n")).to_have_text("1", timeout=PATIENCE)
    pill(page, "Updated").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text("Updated")
    expect(rows(page).first).to_contain_text("more")
    rows(page).first.locator("a.rowlink").click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading", level=2)).to_have_text(f"Teapot {SCRIPT}")
    expect(drawer.locator("ins", has_text="Teapot")).to_be_visible()
    expect(drawer.locator("ins", has_text="19.9").first).to_be_visible()
    for tab in ("payload", "history", "links"):
        page.locator(f"#tab-{tab}").click()
        expect(page.locator(f"#tab-{tab}[aria-current=page]")).to_be_visible()
    page.keyboard.press("p")
    page.get_by_role("button", name="Promote 1").click()
    expect(note).to_contain_text("1 product promoted.", timeout=PATIENCE)
    expect(pill(page, "Updated").locator(".n")).to_have_text("0")
    page.get_by_role("link", name="a core product").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Teapot {SCRIPT}")
    expect(page.locator(".hist").first).to_contain_text("Changed")
    assert page.locator("main img, main script:not([src])").count() == 0
    expect(page).to_have_title(re.compile("Storetwin"))
