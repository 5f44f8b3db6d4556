"""Store data in a browser: the table, what is selected in it, and the record beside it."""

from __future__ import annotations

import json
import re
from uuid import UUID

from house import NARROW, WIDE, House, check, cut_off, findings, hub_of
from playwright.sync_api import Locator, Page, expect

from database_clones import in_own_loop
from storetwin.staging.models import ChoiceAction, Chosen, Filter, State
from storetwin.tenancy.models import Role
from storetwin.web.cookies import SESSION

PRODUCTS = "/data/products"


def rows(page: Page) -> Locator:
    return page.locator("#data_rows tbody tr")


def pill(page: Page, word: str) -> Locator:
    return page.locator("#data_pills").get_by_role("link", name=re.compile(rf"^{word} "))


def count_of(page: Page, word: str) -> int:
    return int(pill(page, word).locator(".n").inner_text().replace(",", ""))


async def act(house: House, chosen: Chosen, action: ChoiceAction) -> None:
    """Do something behind the page's back."""
    async with hub_of(house) as hub:
        await hub.staging.choose(chosen, action)


def restore_all(house: House) -> None:
    ignored = Filter("products", states=(State.IGNORED,))
    in_own_loop(act(house, Chosen(ignored), ChoiceAction.RESTORE))


def test_the_address_says_what_the_table_shows(page: Page) -> None:
    page.goto("/data")
    expect(page).to_have_url(re.compile(r"/data/products$"))
    expect(rows(page)).to_have_count(50)
    everything = count_of(page, "All")
    page.get_by_role("link", name="Next page").click()
    expect(rows(page)).to_have_count(everything - 50)
    expect(page).to_have_url(re.compile(r"\?page=2$"))
    page.go_back()
    expect(rows(page)).to_have_count(50)

    page.locator("thead").get_by_role("link", name="Product").click()
    expect(page).to_have_url(re.compile(r"sort=name"))
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Product")
    page.get_by_placeholder("Name, SKU or id").fill("garnet")
    expect(page).to_have_url(re.compile(r"q=garnet"))
    expect(page.get_by_label("Active filters")).to_contain_text("Text garnet")
    names = rows(page).locator("a.rowlink")
    expect(names.first).to_contain_text(re.compile("garnet", re.IGNORECASE))
    assert names.all_inner_texts() == sorted(names.all_inner_texts(), key=str.lower)
    expect(page.get_by_placeholder("Name, SKU or id")).to_be_focused()
    page.get_by_role("link", name="Remove filter Text garnet").click()
    expect(rows(page)).to_have_count(50)


def test_a_filter_that_is_none_is_struck_and_can_be_removed(page: Page) -> None:
    page.goto(f"{PRODUCTS}?colour=red&status=purple&q=garnet")
    struck = page.locator(".token.strange")
    expect(struck).to_have_text(["colour: red" + "unknown", "status: purple" + "unknown"])
    page.get_by_role("link", name="Remove filter colour red").click()
    expect(struck).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=garnet&status=purple"))


def test_where_nothing_matches_it_says_which_filter_to_take_away(page: Page) -> None:
    page.goto(f"{PRODUCTS}?status=new&q=garnet&modified_before=2001-01-01")
    expect(page.get_by_role("heading", name="No match")).to_be_visible()
    expect(page.locator(".blank")).to_contain_text("Without “Before 1 Jan 2001”")
    page.get_by_role("link", name="Remove that filter").click()
    expect(rows(page).first).to_contain_text(re.compile("garnet", re.IGNORECASE))


def test_all_that_match_but_three_is_what_is_ignored(page: Page, house: House) -> None:
    page.goto(f"{PRODUCTS}?status=new")
    new = count_of(page, "New")
    assert new > 53
    page.get_by_label("Select the 50 rows of this page").check()
    expect(page.locator("#sel_text")).to_have_text("50 selected.")
    rule = page.locator("#data_chosen").get_by_role("link", name="Save as rule …", exact=True)
    expect(rule).to_be_hidden()
    page.get_by_role("button", name=f"Select all {new} that match").click()
    expect(rule).to_have_attribute("href", re.compile(r"filter=status%3Dnew$"))
    for place in (0, 2, 4):
        rows(page).nth(place).get_by_role("checkbox").uncheck()
    expect(page.locator("#sel_text")).to_have_text(
        f"{new - 3} selected: all that match, 3 left out."
    )
    kept = rows(page).nth(2).locator("a.rowlink").inner_text()
    try:
        page.locator("#data_chosen").get_by_role("button", name="Ignore", exact=True).click()
        expect(page.locator("#data_note")).to_contain_text(f"{new - 3} ignored.")
        expect(rows(page)).to_have_count(3)
        expect(rows(page).nth(1)).to_contain_text(kept)
        expect(pill(page, "Ignored").locator(".n")).to_have_text(str(new - 3))
        expect(page.locator("#data_chosen")).not_to_be_visible()
        page.goto(f"{PRODUCTS}?status=ignored")
        page.get_by_label("Select the 50 rows of this page").check()
        page.get_by_role("button", name="Select all").click()
        page.get_by_role("button", name="Restore", exact=True).click()
        expect(page.locator("#data_note")).to_contain_text(f"{new - 3} restored.")
        expect(pill(page, "New").locator(".n")).to_have_text(str(new))
    finally:
        restore_all(house)


def test_what_came_to_match_meanwhile_is_told(page: Page, house: House) -> None:
    page.goto(f"{PRODUCTS}?status=new")
    new = count_of(page, "New")
    two = [row.get_attribute("data-row") or "" for row in rows(page).all()[:2]]
    page.get_by_label("Select the 50 rows of this page").check()
    page.get_by_role("button", name="Select all").click()
    ids = tuple(_named(token) for token in two)
    try:
        in_own_loop(act(house, Chosen(Filter("products"), ids=ids), ChoiceAction.IGNORE))
        page.get_by_role("button", name="Promote …").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("2 fewer match than when you selected")
        expect(dialog.get_by_role("button", name=f"Promote {new - 2}")).to_be_visible()
        dialog.get_by_role("button", name="Cancel").click()
        page.locator("#data_chosen").get_by_role("button", name="Ignore", exact=True).click()
        expect(page.locator("#data_note")).to_contain_text(
            f"2 records do not match any more: {new - 2} were meant, not {new}."
        )
    finally:
        restore_all(house)


def _named(token: str) -> tuple[UUID, str]:
    connection_id, _, remote_id = token.partition(":")
    return UUID(connection_id), remote_id


def test_a_range_a_key_and_another_filter(page: Page) -> None:
    page.goto(PRODUCTS)
    boxes = rows(page).get_by_role("checkbox")
    boxes.nth(1).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.locator("#sel_text")).to_have_text("5 selected.")
    rows(page).nth(8).locator("a.rowlink").focus()
    page.keyboard.press("x")  # the row that has the focus, not one that keys were at before
    expect(boxes.nth(8)).to_be_checked()
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("thead").get_by_role("link", name="Product").click()
    expect(page).to_have_url(re.compile("sort=name"))
    expect(page.locator("#sel_text")).to_have_text(re.compile(r"^[46] selected\.$"))
    pill(page, "New").click()
    expect(page.locator("#sel_text")).to_contain_text("Some may not be in this list.")
    page.keyboard.press("Escape")
    expect(page.locator("#data_chosen")).not_to_be_visible()


def test_columns_and_density_are_remembered(page: Page) -> None:
    page.goto(PRODUCTS)
    menu = page.get_by_label("Sort and more")
    menu.click()
    page.get_by_role("checkbox", name="SKU").uncheck()
    page.get_by_role("checkbox", name="Compact rows").check()
    heads = page.locator("#data_rows thead th:visible")
    for _ in range(2):
        expect(heads).to_have_text(
            ["", "Status", "Product", "Price", "Stock", "Change", "Modified"]
        )
        assert (rows(page).first.bounding_box() or {})["height"] < 32
        check(page, axe=False)
        page.locator("thead").get_by_role("link", name="Product").click()  # another table
        expect(page).to_have_url(re.compile("sort=name"))
        expect(heads).to_have_count(7)
        page.goto(PRODUCTS)
    page.goto("/data/orders")  # its columns are its own, its rows are as high
    expect(heads).to_have_count(8)
    assert (rows(page).first.bounding_box() or {})["height"] < 32


SHIFTS = """() => { window.shifts = []; new PerformanceObserver((list) => list.getEntries().forEach((e) =>
  window.shifts.push([e.value, ...e.sources.map((s) => s.node?.id || s.node?.className)]))).observe({type: "layout-shift"}); }"""


def test_what_is_new_waits_and_moves_nothing(page: Page, house: House) -> None:
    page.goto(f"{PRODUCTS}?status=new")
    new = count_of(page, "New")
    two = [row.get_attribute("data-row") or "" for row in rows(page).all()[:2]]
    page.evaluate(SHIFTS)
    ids = tuple(_named(token) for token in two)
    try:
        in_own_loop(act(house, Chosen(Filter("products"), ids=ids), ChoiceAction.IGNORE))
        note = page.locator("#data_news")
        expect(note).to_contain_text("2 fewer match.")
        assert rows(page).first.get_attribute("data-row") == two[0]
        assert page.evaluate("window.shifts") == []
        assert findings(page) == []
        note.get_by_role("link").click()
        expect(pill(page, "New").locator(".n")).to_have_text(str(new - 2))
        expect(rows(page).first).not_to_have_attribute("data-row", two[0])
        expect(note).to_be_empty()
    finally:
        restore_all(house)


def test_a_record_opens_beside_the_table_and_keys_walk_on(page: Page) -> None:
    page.goto(f"{PRODUCTS}?status=new")
    links = rows(page).locator("a.rowlink")
    links.nth(1).click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading")).to_have_text(links.nth(1).inner_text())
    expect(page).to_have_url(re.compile(r"/data/products/shop/\d+\?status=new$"))
    table, beside = page.locator("#found").bounding_box(), drawer.bounding_box()
    assert table is not None
    assert beside is not None
    assert table["x"] + table["width"] <= beside["x"]
    page.keyboard.press("j")
    expect(drawer.get_by_role("heading")).to_have_text(links.nth(2).inner_text())
    expect(rows(page).nth(2)).to_have_class("open")
    pill(page, "In sync").click()  # the table changes, what is open stays open
    expect(page).to_have_url(re.compile(r"/data/products/shop/\d+\?status=in_sync$"))
    expect(drawer).to_be_visible()
    page.go_back()
    expect(rows(page).nth(2)).to_have_class("open")
    links.nth(2).focus()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(links.nth(2)).to_be_focused()
    expect(page).to_have_url(re.compile(r"/data/products\?status=new$"))


def test_what_a_record_is_told_from_each_side(page: Page, house: House) -> None:
    order = house.sandbox.store.ids("orders")[-1]
    page.goto(f"/data/orders/shop/{order}?tab=payload")
    payload = page.locator("#data_payload")
    shown = json.loads(payload.inner_text())
    stored = json.loads(house.sandbox.store.document("orders", order) or b"")
    assert (shown["id"], shown["total"]) == (stored["id"], stored["total"])
    page.get_by_placeholder("Search keys and values").fill('"total"')
    expect(payload.locator(".l.hit").first).to_contain_text("total")
    many = payload.locator(".l.hit").count()
    page.keyboard.press("Enter")
    expect(page.locator("#data_found")).to_have_text(f"2 of {many}")
    expect(payload.locator(".l.hit").nth(1)).to_have_class(re.compile(r"\bat\b"))
    page.get_by_role("link", name="Exact bytes").click()
    expect(payload).to_contain_text(f'"total":"{stored["total"]}"')
    page.locator("#tab-history").click()
    expect(page.locator(".hist li").first).to_contain_text("Version 1")
    page.locator("#tab-links").click()
    expect(page.locator("#drawer .facts")).to_contain_text("Products")
    with page.expect_download() as got:
        page.goto("/data")
        page.evaluate(f"location.href = '/data/orders/shop/{order}?download=payload'")
    assert json.loads(got.value.path().read_bytes())["id"] == order


def test_an_id_alone_leads_to_its_record(visit, house: House) -> None:
    page = visit(expected=[404]).page
    order = house.sandbox.store.ids("orders")[-1]
    page.goto(f"/data/orders/{order}?tab=links")
    expect(page).to_have_url(f"{house.url}/data/orders/shop/{order}?tab=links")
    answer = page.goto("/data/orders/987654")
    assert answer is not None
    assert answer.status == 404


def test_what_belongs_to_a_record_is_named(page: Page, house: House) -> None:
    product = house.sandbox.store.ids("products")[0]
    page.goto(f"/data/products/shop/{product}?tab=links")
    stored = json.loads(house.sandbox.store.document("products", product) or b"")
    facts = page.locator("#drawer .facts")
    for one in stored["categories"]:
        expect(facts).to_contain_text(f"{one['name']} {one['id']}")
    first = stored["categories"][0]
    facts.get_by_role("link", name=first["name"]).first.click()
    expect(page).to_have_url(re.compile(rf"/data/categories/shop/{first['id']}$"))


async def _edit(house: House, core_id: UUID, name: str) -> None:
    async with hub_of(house) as hub:
        await hub.core.edit("tags", core_id, {"name": name}, user_id=None)


def test_what_a_person_changed_in_core_is_taken_back(page: Page, house: House) -> None:
    path = f"/core/tags/{house.values['core_id']}"
    page.goto(path)
    before = page.get_by_role("heading", level=1).inner_text()
    in_own_loop(_edit(house, UUID(house.values["core_id"]), "A name of our own"))
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("A name of our own")
    expect(page.locator(".edited")).to_contain_text(f"Stores say {before}")
    expect(page.locator(".hist li").first).to_contain_text(f"Name {before}A name of our own")
    check(page)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status").first).to_contain_text("Name is what the stores say again.")
    expect(page.get_by_role("heading", level=1)).to_have_text(before)
    expect(page.locator(".edited")).to_have_count(0)


def test_a_record_is_shown_as_it_was_at_a_moment(visit, house: House) -> None:
    product = house.sandbox.store.ids("products")[3]
    one = visit(expected=[404, 422])
    page, path = one.page, f"{PRODUCTS}/shop/{product}"
    page.goto(f"{path}?tab=history")
    page.locator(".hist").get_by_role("link", name="Version 1").click()
    expect(page).to_have_url(re.compile(r"/at/1$"))
    expect(page.locator("#m-t")).to_have_text("As the twin has it")
    expect(page.locator("#data_payload")).to_contain_text(f'"id": {product}')
    page.get_by_role("link", name="Exact bytes").click()
    expect(page.locator("#data_payload")).to_contain_text(f'{{"id":{product},')
    check(page)
    page.goto(f"{path}/at/2100-01-01T08:00Z")
    expect(page.locator("#main")).to_contain_text("That moment is yet to come")
    page.get_by_label("Another moment").fill("2001-02-03T04:05:06")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"/at/2001-02-03T03:05:06Z$"))  # he reads by Vienna's clock
    expect(page.locator("#main h2")).to_have_text(
        "The twin did not have it at 2001-02-03 03:05:06 UTC."
    )
    expect(page.locator("#main")).to_contain_text("Its first version was written at")
    check(page)
    assert page.goto(f"{path}/at/teatime").status == 422
    asked = one.context.request.get(
        f"{path}/at/now", headers={"Accept": "application/json"}, max_redirects=0
    )
    assert asked.headers["location"] == (
        f"/api/v1/snapshots/products/{product}?connection=shop&at=now"
    )


def test_a_long_name_ends_in_its_cell_and_is_clicked_where_it_is_seen(page: Page) -> None:
    """The name of a record may be as long as a store likes; the picture of its link is the link."""
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{PRODUCTS}?status=new")
        link = rows(page).first.locator("a.rowlink")
        for name in ("Bergschuh " * 20, "Bergschuh" * 22):
            link.evaluate("(e, name) => { e.textContent = name; }", name)
            assert cut_off(page) == []
            box, cell = link.bounding_box(), rows(page).first.locator(".lead").bounding_box()
            assert box is not None
            assert cell is not None
            assert box["x"] + box["width"] <= cell["x"] + cell["width"]
        link.click()  # in the middle of what is seen of it
        expect(page.locator("#drawer .drawer-h h2")).to_be_visible()


def test_markup_of_a_store_is_text(page: Page) -> None:
    """The name of the first product of every sandbox holds markup; scripts: see the first minutes."""
    page.goto(f"{PRODUCTS}?q=%3Cem%3E")
    link = rows(page).first.locator("a.rowlink")
    expect(link).to_contain_text("<em>")
    link.click()
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading")).to_contain_text("<em>")
    page.locator("#tab-payload").click()
    expect(page.locator("#data_payload")).to_contain_text("<em>")
    assert page.locator("main em").count() == 0


def test_without_scripts_one_reads_and_acts_on_what_is_ticked(visit, house: House) -> None:
    page = visit(javascript=False).page
    page.goto(f"{PRODUCTS}?status=new")
    new = count_of(page, "New")
    try:
        expect(page.locator("#data_chosen")).not_to_be_visible()
        rows(page).nth(3).get_by_role("checkbox").check()
        page.locator("#data_chosen").get_by_role("button", name="Ignore", exact=True).click()
        expect(page).to_have_url(f"{house.url}{PRODUCTS}?status=new")
        expect(page.get_by_role("status").first).to_contain_text("1 ignored.")
        assert count_of(page, "New") == new - 1
        rows(page).nth(3).get_by_role("checkbox").check()
        page.get_by_role("button", name="Promote …").click()
        expect(page.get_by_role("heading", name="Promote 1 product into core")).to_be_visible()
        page.get_by_role("link", name="Cancel").click()
        expect(page).to_have_url(f"{house.url}{PRODUCTS}?status=new")
        rows(page).first.locator("a.rowlink").click()
        beside = page.url
        assert beside.endswith("?status=new")
        page.locator("#drawer").get_by_role("button", name="Ignore", exact=True).click()
        expect(page).to_have_url(beside)  # the table beside it shows what it showed
    finally:
        restore_all(house)


def test_a_rule_is_made_of_a_filter_and_switched_off(visit) -> None:
    page = visit(expected=[422]).page
    page.goto(f"{PRODUCTS}?status=new&q=garnet")
    rows(page).first.get_by_role("checkbox").check()
    page.get_by_label("More for what is selected").click()
    page.get_by_role("link", name="Save filter as rule …").click()
    expect(page.get_by_role("heading", name="Products: new, with “garnet”")).to_be_visible()
    page.get_by_label("Name").fill("Garnets stay outside")
    page.get_by_label("When").fill("every full moon")
    page.get_by_role("radio", name="Ignore").check()
    page.get_by_role("button", name="Keep the rule").click()
    expect(page.locator(".note.tone-bad")).to_be_visible()
    page.get_by_label("When").fill("30d")
    page.get_by_role("button", name="Keep the rule").click()
    row = page.get_by_role("row", name=re.compile("Garnets stay outside"))
    expect(row).to_contain_text("Ignore")
    for verb, says in (("Switch off", "Off"), ("Remove", None)):
        row.get_by_label("More for Garnets stay outside").click()
        row.get_by_role("button", name=verb).click()
        if says:
            expect(row).to_contain_text(says)
    expect(row).to_have_count(0)


def test_programs_get_data_and_viewers_only_look(visit, house: House) -> None:
    one = visit(Role.VIEWER)
    one.page.goto(PRODUCTS)
    for name in ("Promote …", "Ignore", "Pull products"):
        expect(one.page.get_by_role("button", name=name)).to_have_count(0)
    json_ = {"Accept": "application/json"}
    answer = one.page.request.get(f"{PRODUCTS}?size=50&q=garnet", headers=json_).json()
    assert answer["row_count"] == len(answer["data"]) > 0
    remote_id = answer["data"][0]["remote_id"]
    whole = one.page.request.get(f"{PRODUCTS}/shop/{remote_id}", headers=json_).json()
    assert whole["remote_id"] == remote_id
    assert whole["changes"]
    refused = one.page.request.post(f"{PRODUCTS}/ignore", form={"id": "x"}, headers=json_)
    assert refused.status == 403


def test_somebody_else_has_no_store_and_sees_none(visit, house: House) -> None:
    one = visit(None, expected=[404])
    one.context.add_cookies([{"name": SESSION, "value": house.foreign, "url": house.url}])
    one.page.goto(PRODUCTS)
    expect(one.page.get_by_role("heading", name="No store connected yet")).to_be_visible()
    order = house.sandbox.store.ids("orders")[0]
    one.page.goto(f"/data/orders/shop/{order}")
    expect(one.page.get_by_role("heading", level=1)).to_contain_text("no such page")


def test_dialogs_and_what_is_selected_are_legible(page: Page) -> None:
    """The page itself, and a record, are among all pages (test_every_page.py)."""
    page.goto(PRODUCTS)
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("heading", name="Filter products")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    rows(page).first.get_by_role("checkbox").check()
    mapping = page.get_by_role("button", name="Map …")
    expect(mapping).to_be_visible()
    rows(page).nth(1).get_by_role("checkbox").check()
    expect(mapping).to_be_hidden()  # one record is one core record
    rows(page).nth(1).get_by_role("checkbox").uncheck()
    mapping.click()
    expect(page.get_by_role("heading", name="Which core product is it?")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    check(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": NARROW, "height": 844})
    page.get_by_role("button", name="Promote …").click()
    expect(page.get_by_role("heading", name="Promote 1 product into core")).to_be_visible()
    assert findings(page) == []
    assert cut_off(page) == []
