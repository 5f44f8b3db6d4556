"""Configuration: connecting a store, its test, keys and options; schedules; webhooks that cannot be."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from house import House, findings
from playwright.sync_api import Page, expect

from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.tenancy.models import Role

CONNECTIONS = "/configuration/connections"
SECOND = "second"


@pytest.fixture(scope="module")
def second() -> Iterator[Sandbox]:
    """Another store, which nobody has connected."""
    with running_store(orders=1, seed=11) as sandbox:
        yield sandbox


def fill_keys(page: Page, key: str, secret: str) -> None:
    page.locator("#h-name").fill(SECOND)
    page.get_by_label("Consumer key").fill(key)
    page.get_by_label("Consumer secret").fill(secret)


def remove(page: Page) -> None:
    """Remove the connection; a run that began before it was paused has to end first."""
    for _ in range(120):
        page.goto(f"{CONNECTIONS}/{SECOND}/remove")
        page.get_by_label(re.compile("to confirm")).fill(SECOND)
        page.get_by_role("button", name=f"Remove {SECOND}").click()
        if page.url.endswith(CONNECTIONS):
            break
        page.wait_for_timeout(250)
    expect(page.get_by_role("link", name=SECOND, exact=True)).to_have_count(0)


def test_a_shop_is_found_tested_check_by_check_and_then_connected(visit, second: Sandbox) -> None:
    page = visit(expected=[409, 422]).page
    page.goto(CONNECTIONS)
    page.get_by_role("link", name="Connect a store").click()
    page.get_by_label("Address of the shop").fill("127.0.0.1:9")
    page.get_by_role("button", name="Find the shop").click()
    expect(page.locator("#check-reachable + .fix")).to_contain_text("Nobody answers")
    expect(page.locator(".test")).not_to_contain_text("Key is known")  # it was not looked at
    page.get_by_label("Address of the shop").fill(second.url.removeprefix("http://") + "/wp-json/")
    page.get_by_role("button", name="Find the shop").click()
    expect(page.locator("#main")).to_contain_text(second.url)  # http was found out

    fill_keys(page, "ck_" + "0" * 40, second.secret)
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#save")).to_contain_text("It cannot be saved like this")
    expect(page.locator("#check-keys + .fix")).to_contain_text("What to do")
    expect(page.locator("#check-write")).to_contain_text("needs: Key is known")
    expect(page.get_by_role("button", name=re.compile("^Save"))).to_have_count(0)
    assert findings(page) == []

    page.get_by_label("Consumer key").fill(second.read_only.key)
    page.get_by_label("Consumer secret").fill(second.read_only.secret)
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => { const n = document.querySelectorAll(
        '.line .vh').length && [...document.querySelectorAll('.test .vh')].filter(e => e.textContent
        === ': Passed').length; if (window.seen.at(-1) !== n) window.seen.push(n); }).observe(
        document.body, {childList: true, subtree: true}); }"""
    )
    second.faults.switch_on("latency:ms=60")  # else all could come within one frame
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#save")).to_contain_text("Reading works")
    second.faults.clear()
    steps = page.evaluate("window.seen")
    assert len(steps) > 4, steps  # they came as each request was answered
    expect(page.locator("#check-write + .fix")).to_contain_text("may only read")

    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_url(f"**{CONNECTIONS}/{SECOND}")
    expect(page.locator("#state")).to_contain_text("Reads only")
    text = page.content()
    assert second.read_only.key not in text
    assert second.read_only.secret not in text
    assert second.read_only.key[-4:] in text
    expect(page.locator("#todo li.done").first).to_contain_text("Connect the store")
    expect(page.locator("#todo [aria-current=step]")).to_contain_text(re.compile("Pull|Choose"))
    page.get_by_role("button", name="Pause", exact=True).first.click()
    page.locator("#pause").get_by_role("button", name="Pause").click()
    expect(page.locator("#state")).to_contain_text("Paused")
    page.goto(f"{CONNECTIONS}/{SECOND}/remove")
    page.get_by_label(re.compile("to confirm")).fill("shop")
    page.get_by_role("button", name=f"Remove {SECOND}").click()
    expect(page.locator("#main")).to_contain_text("Nothing was removed")
    remove(page)


def test_other_keys_count_only_once_they_have_passed(visit, house: House) -> None:
    page = visit(expected=[422]).page
    replace_keys(page, "ck_" + "0" * 40, "cs_" + "0" * 40)
    expect(page.locator("#main")).to_contain_text("The old ones stay in use")
    expect(page.locator("#check-keys + .fix")).to_contain_text("What to do")
    expect(page.locator("#k-key")).to_have_value("")  # a secret is never filled in
    expect(page.locator("#main")).to_contain_text(house.sandbox.key[-4:])
    weak = house.sandbox.read_only
    replace_keys(page, weak.key, weak.secret)
    expect(page.get_by_role("status")).to_contain_text("uses the new keys")
    expect(page.locator("#state")).to_contain_text("Reads only")
    fix = page.locator("#check-write + .fix")
    expect(fix).to_contain_text("Nothing can be written")

    fix.locator("summary").click()
    expect(fix.get_by_role("region", name="Request")).to_contain_text("/wp-json/wc/v3/orders/batch")
    expect(fix.get_by_role("region", name="Answer")).to_contain_text("write permissions")
    assert findings(page) == []
    assert not {weak.key, weak.secret} & set(re.findall(r"\w+", page.content()))
    before = Counter(house.sandbox.requests.by_path)
    with page.expect_response("**/test"):
        fix.get_by_role("button", name="Check this again").click()
    expect(page.locator("#test[aria-busy]")).to_have_count(0)
    expect(page.locator("#check-identity")).to_contain_text("Passed")  # the rest stays
    assert set(house.sandbox.requests.by_path - before) == {"/wp-json/wc/v3/orders/batch"}
    replace_keys(page, house.sandbox.key, house.sandbox.secret)
    expect(page.locator("#state")).not_to_contain_text("Reads only")


def replace_keys(page: Page, key: str, secret: str) -> None:
    page.goto(f"{CONNECTIONS}/shop/keys")
    page.locator("#k-key").fill(key)
    page.locator("#k-secret").fill(secret)
    page.get_by_role("button", name="Test and replace").click()


def test_options_are_kept_or_say_what_is_wrong(visit) -> None:
    page = visit(expected=[422]).page
    options = f"{CONNECTIONS}/shop/options"
    page.goto(options)
    page.locator("#o-once").fill("many")
    page.locator("#o-quiet").fill("02:00-02:01")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#main")).to_contain_text("Requests at once cannot be 'many'")
    expect(page.locator("#o-quiet")).to_have_value("02:00-02:01")  # what was typed stays
    page.locator("#o-once").fill("2")
    page.get_by_label("Order notes").check()
    page.get_by_label("Zone methods").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#main")).to_contain_text("2 requests at most")
    expect(page.locator("#main")).to_contain_text("02:00–02:01")
    page.goto(options)
    expect(page.get_by_label("Order notes")).to_be_checked()
    expect(page.get_by_label("Zone methods")).not_to_be_checked()
    expect(page.get_by_label("Products")).to_be_checked()
    page.locator("#o-once").fill("")
    page.locator("#o-quiet").fill("")
    page.get_by_label("Order notes").uncheck()
    page.get_by_label("Zone methods").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#main")).to_contain_text("as the store copes")


def test_it_is_tested_without_scripts_as_well(visit) -> None:
    page = visit(javascript=False).page
    page.goto(f"{CONNECTIONS}/shop")
    page.locator("#test-again button").click()
    expect(page.get_by_role("status")).to_contain_text("The connection works")
    expect(page.locator("#check-read")).to_contain_text("The keys may read")
    page.locator("summary[aria-label='More for shop']").click()
    page.get_by_role("button", name="Look which store it is").click()
    expect(page.locator("#main")).to_contain_text("is the one that is remembered")


def test_who_may_only_look_is_offered_nothing_else(visit) -> None:
    page = visit(Role.VIEWER).page
    for path in ("connections", "connections/shop", "schedules", "webhooks"):
        page.goto(f"/configuration/{path}")
        expect(page.locator("#main form[method=post], .topbar form[method=post]")).to_have_count(0)
    page.goto(f"{CONNECTIONS}/shop")
    expect(page.locator("#main")).not_to_contain_text("Replace")


def test_programs_are_led_to_the_api(visit, house: House) -> None:
    context = visit().context
    for path, api in [
        ("connections", "/api/v1/connections"),
        ("schedules", "/api/v1/schedules"),
        ("users", "/api/v1/members"),
        ("users/me", "/api/v1/sessions"),
    ]:
        asked = {"Accept": "application/json"}
        answer = context.request.get(
            f"{house.url}/configuration/{path}", headers=asked, max_redirects=0
        )
        assert (answer.status, answer.headers["location"]) == (307, api)


def test_a_schedule_says_its_next_times_before_it_is_set(visit) -> None:
    page = visit(expected=[422]).page
    page.goto("/configuration/schedules/new?connection=shop")
    page.get_by_label("Resource").select_option("coupons")
    page.get_by_label("How often").select_option("other")
    page.get_by_label("Interval, or cron").press_sequentially("0 6 * * 1")
    times = page.locator("#preview tbody tr")
    expect(times).to_have_count(5)
    expect(times.first).to_contain_text("Mon")
    expect(times.first).to_contain_text("06:00")  # by the store's clock
    expect(page.locator("#preview")).to_contain_text("Europe/Vienna")
    page.get_by_label("Interval, or cron").fill("every now and then")
    expect(page.locator("#preview")).to_contain_text("cannot be used")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").last).to_contain_text("cannot be used")
    page.get_by_label("Interval, or cron").fill("0 6 * * 1")
    page.get_by_role("button", name="Save").click()
    row = page.locator("tr", has_text="coupons")
    expect(row).to_contain_text("on Mondays at 06:00")
    switch = row.get_by_role("switch")
    expect(switch).to_be_checked()
    switch.click()
    expect(row).to_contain_text("Paused")
    row.get_by_role("switch").click()
    expect(row).not_to_contain_text("Paused")
    expect(row).to_contain_text("none yet")  # nothing was read by it
    row.get_by_role("button", name="Read coupons with all others again").click()
    expect(page.locator("tr", has_text="coupons")).to_have_count(0)


def test_a_schedule_says_its_last_result_and_its_switch_stays_where_it_was(visit) -> None:
    page = visit().page
    page.goto("/configuration/schedules?connection=shop")
    row = page.locator("tr", has_text="What changed")
    expect(row.get_by_role("link", name="Done")).to_have_attribute(
        "href", "/operations?connection=shop"
    )
    row.get_by_role("switch").click()
    expect(row).to_contain_text("nothing is read until it is switched on")
    assert page.url.endswith("?connection=shop")
    row.get_by_role("switch").click()
    expect(row).to_contain_text("next")


def test_what_is_counted_is_a_link_to_it(visit) -> None:
    page = visit().page
    page.goto(CONNECTIONS)
    row = page.locator("tr", has_text="shop")
    expect(row.locator("td[data-l=Records] a")).to_have_attribute("href", "/data?connection=shop")
    page.goto(f"{CONNECTIONS}/shop")
    page.locator("#facts").get_by_role("link", name="Complete").click()
    expect(page.locator("h1")).to_be_visible()
    assert "/certificates/" in page.url


def test_without_a_public_url_webhooks_say_what_to_do(visit) -> None:
    page = visit().page
    page.goto("/configuration/webhooks")
    expect(page.locator("#main")).to_contain_text("STORETWIN_PUBLIC_URL")
    expect(page.get_by_role("button", name="Create webhooks")).to_have_count(0)
    page.goto("/configuration/webhooks/shop/deliveries?state=waiting&topic=order.updated")
    expect(page.locator("#rows")).to_contain_text("No delivery matches")
    page.get_by_role("link", name="Clear all filters").click()
    expect(page.locator("#rows")).to_contain_text("Nothing was delivered yet")
