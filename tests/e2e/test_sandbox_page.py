"""The page of the sandbox in a real browser: live, switchable, reachable by keyboard, legible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from woocommerce import API

from browsers import chromium
from receivers import running_receiver
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.web.guide import CHANGE_A_PRODUCT

NARROW, WIDE = 390, 1360


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium())
        yield opened
        opened.close()


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with running_store(orders=120, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
def client(store: Sandbox) -> API:
    return API(url=store.url, consumer_key=store.key, consumer_secret=store.secret)


@pytest.fixture
def page(browser: Browser, store: Sandbox) -> Iterator[Page]:
    """The page, connected; nothing may go wrong on it, and nothing may come from elsewhere."""
    with opened(browser, store, WIDE, "light") as shown:
        yield shown


@contextmanager
def opened(browser: Browser, store: Sandbox, width: int, theme: str) -> Iterator[Page]:
    """Open the page of a store; at the end nothing may have been wrong in the browser."""
    wrong: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        refused = "400 (Bad Request)" in message.text or "/wp-json/" in message.location["url"]
        if message.type == "error" and not refused:
            wrong.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith(store.url):
            wrong.append(f"it asked {request.url}")

    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", heard)
    page.on("request", asked)
    page.goto(store.url + "/")
    expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#kinds li").first).to_be_visible()
    yield page
    context.close()
    assert wrong == []


def rows(page: Page):
    return page.locator("#rows tr:not([hidden])")


def test_requests_arrive_live_and_can_be_filtered_and_held(page, client):
    expect(page.get_by_text("No request yet.")).to_be_visible()
    client.get("orders", params={"per_page": 3, "search": "naïve"})
    line = rows(page).last
    expect(line).to_contain_text("/orders")
    expect(line).to_contain_text("search=naïve")
    expect(line).not_to_contain_text("oauth_signature")
    expect(line).to_contain_text("200")
    client.get("products/1")
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Failed").click()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_text("1 of 2 match")).to_be_visible()
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_label("Filter requests").fill("PER_PAGE=3 200")
    expect(rows(page)).to_have_count(1)
    page.get_by_label("Filter requests").fill("")
    page.get_by_role("button", name="Pause").click()
    client.get("customers")
    expect(page.get_by_role("button", name="Go on, 1 new")).to_be_visible()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Go on").click()
    expect(rows(page).last).to_contain_text("/customers")
    page.get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(0)


def test_a_burst_of_requests_waits_for_whoever_reads_further_up(page, client):
    for number in range(40):
        client.get(f"orders/{number + 1}")
    expect(rows(page)).to_have_count(40)
    page.locator("#scroll").evaluate("node => node.scrollTo(0, 0)")
    expect(rows(page).first).to_be_in_viewport()
    client.get("orders", params={"per_page": 1})
    page.get_by_role("button", name="1 new, show").click()
    expect(rows(page).last).to_be_in_viewport()


def test_a_fault_is_switched_on_and_the_api_breaks_and_heals(page, client, store):
    switch = page.get_by_role("switch", name="rate-limit")
    page.get_by_text("every, times, after, wait").first.click()
    kind = page.locator("[data-fault=rate-limit]")
    kind.get_by_label("every").fill("1")
    kind.get_by_label("wait").fill("7")
    switch.click()
    expect(page.locator("#broken")).to_have_text("1 on")
    answer = client.get("orders")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    expect(rows(page).last).to_contain_text("rate-limit")
    expect(kind).to_contain_text("struck 1 ×")
    kind.get_by_label("wait").fill("9")
    kind.get_by_role("button", name="Apply").click()
    expect(kind).to_contain_text("struck 0 ×")
    assert client.get("orders").headers["retry-after"] == "9"
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer-status")).to_have_text("429")
    switch.click()
    expect(page.get_by_text("nothing is broken")).to_be_visible()
    assert client.get("orders").status_code == 200
    assert store.faults.names == []
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#answer-status")).to_have_text("200")
    expect(page.locator("#answer-body")).to_contain_text('"id"')


def test_a_fault_with_a_wrong_parameter_says_so_and_stays_off(page, store):
    kind = page.locator("[data-fault=poison]")
    kind.locator("summary").click()
    kind.get_by_label("resource").fill("cakes")
    page.get_by_role("switch", name="poison").click()
    expect(kind.get_by_role("alert")).to_contain_text("cakes")
    expect(page.get_by_role("switch", name="poison")).not_to_be_checked()
    assert store.faults.names == []


def test_every_fault_of_the_catalogue_is_there_and_can_be_found(page):
    from storetwin.sandboxes.woocommerce.fault_kinds import KINDS

    expect(page.get_by_role("switch")).to_have_count(len(KINDS))
    for kind in KINDS.values():
        shown = page.locator(f"[data-fault={kind.name}]")
        expect(shown).to_contain_text(kind.meaning)
        for name, meaning in kind.parameters.items():
            expect(shown.locator("label", has_text=meaning)).to_contain_text(name)
    page.get_by_label("Find a fault").fill("retry-after 429")
    expect(page.get_by_role("switch")).to_have_count(1)


def test_an_order_is_made_edited_trashed_and_deleted(page, client, store):
    before = store.store.count("orders")
    change = page.locator("#change")
    change.get_by_text("Fields to write").click()
    change.get_by_label("JSON").fill('{"customer_note": "from the page"}')
    change.get_by_role("button", name="Create").click()
    expect(change.get_by_role("status")).to_contain_text("was created")
    number = int(change.get_by_label("Id", exact=True).input_value())
    assert client.get(f"orders/{number}").json()["customer_note"] == "from the page"
    expect(page.locator("#count-orders")).to_have_text(str(before + 1))
    for verb, said in (("Edit", "was edited"), ("Trash", "is in the trash")):
        change.get_by_role("button", name=verb, exact=True).click()
        expect(change.get_by_role("status")).to_contain_text(said)
    assert client.get(f"orders/{number}").json()["status"] == "trash"
    change.get_by_role("button", name="Delete for good").click()
    expect(change.get_by_role("status")).to_contain_text("deleted for good")
    assert client.get(f"orders/{number}").status_code == 404
    change.get_by_role("button", name="Edit", exact=True).click()
    expect(change.get_by_role("status")).to_contain_text(f"no record {number}")


def test_an_address_leads_to_a_change_that_is_ready(page, client, store):
    page.goto(f"{store.url}/{CHANGE_A_PRODUCT}")
    change = page.locator("#change")
    expect(change).to_be_in_viewport()
    expect(change.get_by_label("Resource")).to_have_value("products")
    number = int(store.store.ids("products")[-1])
    expect(change.get_by_label("Id", exact=True)).to_have_value(str(number))
    change.get_by_role("button", name="Edit", exact=True).click()
    expect(change.get_by_role("status")).to_contain_text(f"Products {number} was edited")
    assert client.get(f"products/{number}").json()["regular_price"] == "19.90"


def test_webhooks_are_shown_as_they_are_sent_and_can_be_troubled(page, client, store):
    panel = page.locator("#webhooks")
    expect(panel).to_contain_text("Nothing was sent yet.")
    with running_receiver() as receiver:
        hook = {"topic": "order.updated", "delivery_url": receiver.url, "secret": "s"}
        assert client.post("webhooks", hook).status_code == 201
        expect(panel.locator("#sent li")).to_have_count(1)
        expect(panel).to_contain_text("ping")
        panel.get_by_label("On their way").fill("eat:every=2")
        panel.get_by_role("button", name="Set").click()
        expect(panel.get_by_role("alert")).to_contain_text("eat")
        panel.get_by_label("On their way").fill("drop:every=2")
        panel.get_by_label("Delay in seconds").fill("0.4")
        panel.get_by_role("button", name="Set").click()
        expect(panel.get_by_role("alert")).to_be_hidden()
        number = store.store.ids("orders")[5]
        for _ in range(2):
            for note in ("one", "two"):
                store.store.edit("orders", number, {"customer_note": note})
            assert store.webhooks.wait_until_sent()
        expect(panel.locator("#sent li").first).to_contain_text(f"order.updated {number}")
        expect(panel.locator("#sent li").first).to_contain_text("drop")
        expect(panel.locator("#sent li").nth(1)).to_contain_text("200")
        expect(panel.locator("#sent li").nth(1)).to_contain_text("2 events")
        expect(panel).to_contain_text("3 sent, 0 waiting")
        panel.get_by_role("button", name="Forget").click()
        expect(panel.locator("#sent li")).to_have_count(0)
    assert (store.webhooks.delay, store.webhooks.troubles.texts) == (0.4, ["drop:every=2"])


def test_a_reset_asks_first_and_brings_back_the_beginning(page, client, store):
    number = store.store.create_order({})
    store.faults.switch_on("down")
    expect(page.locator("#broken")).to_have_text("1 on")
    page.get_by_role("button", name="Reset …").click()
    page.get_by_role("button", name="Keep").click()
    assert store.faults.names == ["down"]
    page.get_by_role("button", name="Reset …").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(page.get_by_text("nothing is broken")).to_be_visible()
    assert client.get(f"orders/{number}").status_code == 404


def test_text_from_outside_stays_text(page, client):
    client.get("orders", params={"search": "<img src=x onerror=alert(1)>"})
    expect(rows(page).last).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#rows img")).to_have_count(0)


def test_the_page_says_when_the_store_is_gone_and_finds_it_again(browser):
    with running_store(orders=20, seed=5) as first:
        port = int(first.url.rpartition(":")[2])
        context = browser.new_context()
        page = context.new_page()
        page.goto(first.url + "/")
        expect(page.locator("#link")).to_have_text("Live")
    expect(page.locator("#link")).to_have_text("Not connected")
    expect(page.get_by_text("Live updates stopped at")).to_be_visible()
    with running_store(orders=40, seed=6, port=port) as second:
        expect(page.locator("#link")).to_have_text("Live", timeout=15_000)
        expect(page.locator("#count-orders")).to_have_text(str(second.store.count("orders")))
        context.close()


def test_everything_is_reached_by_keyboard(page):
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() == 0:
            break
        reached.add(focused.evaluate("node => node.id || node.dataset.verb || node.className"))
    assert {
        "reset",
        "theme",
        "pause",
        "filter",
        "scroll",
        "repair",
        "path",
        "create",
    } - reached == {
        "repair"  # nothing is broken, so it is not to be pressed
    }
    page.get_by_role("switch", name="bom").focus()
    page.keyboard.press("Space")
    expect(page.locator("#broken")).to_have_text("1 on")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [NARROW, 800, WIDE])
def test_it_is_legible_and_fits(browser, store, client, width, theme):
    store.faults.switch_on("poison:count=30")
    store.faults.switch_on("rate-limit:every=3")
    many = ",".join(str(number) for number in range(1, 300))
    hook = {"topic": "order.updated", "delivery_url": "http://127.0.0.1:9/" + "long" * 60}
    store.store.create("webhooks", hook)
    store.webhooks.troubles.switch(["drop:every=2"])
    for number in store.store.ids("orders")[20:24]:
        store.store.edit("orders", number, {})
    assert store.webhooks.wait_until_sent()
    for _ in range(6):
        client.get("orders", params={"per_page": 100, "include": many})
    with opened(browser, store, width, theme) as page:
        expect(rows(page)).to_have_count(6)
        for summary in page.locator("summary").all():
            summary.click()
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#answer")).to_be_visible()
        for size in (width, 320) if width == NARROW else (width,):
            page.set_viewport_size({"width": size, "height": 900})
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, f"{beyond} px too wide at {size} px"
        page.set_viewport_size({"width": width, "height": 900})
        assert findings(page) == []
        page.get_by_role("button", name="Reset …").click()
        assert findings(page) == []


def test_the_theme_can_be_chosen_and_is_kept(page):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").click()
    dark = page.evaluate(ground)
    assert light != dark
    page.reload()
    assert page.evaluate(ground) == dark


def findings(page: Page) -> list[str]:
    """What axe has to say against the page, of any weight."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]}"
        for one in found
        for node in one["nodes"]
    ]
