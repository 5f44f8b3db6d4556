"""Mappings: made of a store's own fields, edited with the result beside it, checked, activated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from house import House, check, hub_of
from playwright.sync_api import Page, expect

from database_clones import in_own_loop
from hubs import NAME
from storetwin.tenancy.models import Role

HOSTILE = (
    """"><script>document.title='hacked'</script><img src=x onerror="document.title='hacked'">"""
)


@pytest.fixture
def mapping(house: House, request: pytest.FixtureRequest) -> Iterator[str]:
    """A mapping of the test's own; afterwards none is active."""

    async def make() -> str:
        rule = {"field": "name", "source": "name", "steps": [{"step": "case", "to": "upper"}]}
        async with hub_of(house) as hub:
            own = hub.of(house.organisation_id).mappings
            made = await own.create(NAME, request.node.name, {"rules": {"products": [rule]}})
            return f"/configuration/mappings/{made.id}"

    async def clean() -> None:
        async with hub_of(house) as hub:
            await hub.of(house.organisation_id).mappings.activate(NAME, None)

    yield in_own_loop(make())
    in_own_loop(clean())


def result(page: Page, field: str) -> str:
    """Return what stands as result in the row of a field."""
    row = page.locator("#fields tbody tr").filter(
        has=page.get_by_role("link", name=field, exact=True)
    )
    return row.locator("td").last.inner_text().strip()


def test_a_mapping_is_made_of_the_stores_own_fields(page: Page) -> None:
    page.goto("/configuration/mappings")
    page.get_by_label("Name").fill("made here")
    page.get_by_role("button", name="Make mapping").click()
    page.wait_for_url(re.compile("/configuration/mappings/.+"))
    expect(page.locator("h1")).to_have_text("made here v1")
    expect(page.locator("#fields")).to_contain_text("attribute")
    assert page.locator("#fields tbody tr").count() > 2
    page.get_by_label("More for made here").click()
    page.get_by_role("button", name="Remove …").click()
    page.locator("dialog").get_by_role("button", name="Remove made here").click()
    expect(page.locator("main")).to_contain_text("house")
    expect(page.locator("main tbody")).not_to_contain_text("made here")


def test_results_follow_typing_and_are_kept_only_when_saved(page: Page, mapping: str) -> None:
    page.goto(f"{mapping}?rule=0")
    name = page.locator("#sample .med").first.inner_text()
    assert name == name.upper()
    expect(page.locator("#sample dl")).to_contain_text("With this draft")
    page.get_by_label("To", exact=True).select_option("lower")
    expect(page.locator("#sample ins, #sample dd").nth(1)).to_have_text(name.lower())
    page.get_by_role("button", name="Add step").click()
    page.get_by_label("Kind of step 2").select_option("replace")
    pattern = page.get_by_label("Pattern", exact=True)
    pattern.fill("(")
    expect(page.locator("#flaws")).to_contain_text("missing )")
    pattern.fill("[a-z]+")
    page.get_by_label("With", exact=True).fill("x")
    expect(page.locator("#flaws")).to_be_hidden()
    expect(page.locator("#fields tbody")).to_contain_text(re.compile(r"x( x)*"))
    assert pattern.input_value() == "[a-z]+"  # what is typed stays, wherever the cursor is
    page.get_by_role("button", name="Remove step 1").click()
    expect(page.get_by_label("Kind of step 2")).to_have_count(0)
    assert page.get_by_label("Pattern", exact=True).input_value() == "[a-z]+"
    expect(page.locator("#fields .stepx")).to_have_count(1)
    page.goto(f"{mapping}?rule=0")
    expect(page.locator("#fields .stepx")).to_have_text("case upper")  # nothing was kept
    page.get_by_label("To", exact=True).select_option("lower")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("main, .toasts, body").first).to_contain_text("kept in the draft")
    expect(page.locator("#fields .stepx")).to_have_text("case lower")
    assert "csrf" not in page.url


def test_a_field_is_added_refused_and_taken_out_again(visit, mapping: str) -> None:
    page = visit(expected=[422]).page
    page.goto(mapping)
    page.get_by_role("link", name="Add field").click()
    page.get_by_label("Field", exact=True).fill("nmae")
    page.get_by_label("From", exact=True).fill("sku")
    expect(page.locator("#flaws")).to_contain_text("Did you mean name?")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#flaws")).to_contain_text("Did you mean name?")
    assert page.get_by_label("Field", exact=True).input_value() == "nmae"
    page.get_by_label("Field", exact=True).fill("custom.article")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#editor-t")).to_have_text("article")
    assert page.locator("#fields tbody tr").count() == 2
    page.get_by_role("button", name="Remove field article").click()
    expect(page.locator("#fields tbody tr")).to_have_count(1)


def test_samples_are_walked_and_picked(page: Page, mapping: str) -> None:
    page.goto(f"{mapping}?rule=0")
    first = page.locator("#sample .mono").inner_text()
    page.get_by_label("Next sample").click()
    expect(page.locator("#sample .mono")).not_to_have_text(first)
    page.get_by_label("Previous sample").click()
    expect(page.locator("#sample .mono")).to_have_text(first)
    page.get_by_label("Next sample").click()
    sought = page.locator("#sample .mono").inner_text().rpartition("/")[2]
    page.goto(f"{mapping}?rule=0")
    page.get_by_label("Pick a record").fill(sought)
    page.get_by_role("button", name="Pick").click()
    expect(page.locator("#sample .mono")).to_have_text(f"products/{sought}")
    page.get_by_label("Pick a record").fill("there is no such thing")
    page.get_by_role("button", name="Pick").click()
    expect(page.locator("#sample")).to_contain_text("There is no record with")


def test_all_records_are_checked_and_the_mapping_is_activated_after_a_look(
    page: Page, mapping: str
) -> None:
    page.goto(mapping)
    page.get_by_role("link", name="Check all").click()
    expect(page.locator("#checked")).to_contain_text(re.compile(r"Checked on all \d+ products in"))
    expect(page.locator("#fields")).to_be_visible()
    page.get_by_role("link", name="Activate …").click()
    expect(page.locator("main")).to_contain_text("Nothing has happened yet")
    page.get_by_role("button", name="Activate v1").click()
    expect(page.locator("h1 + .chip")).to_contain_text("Active")
    page.goto("/configuration/mappings")
    expect(page.locator("main tbody .chip.tone-ok")).to_have_count(1)
    page.goto(mapping)
    page.get_by_label("More for").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.locator("h1 + .chip")).to_contain_text("Draft")


def test_a_mapping_is_edited_as_a_whole_and_flaws_are_listed(visit, mapping: str) -> None:
    page = visit(expected=[422]).page
    page.goto(f"{mapping}/document")
    document = page.get_by_label("Document")
    document.fill('{"rules": {"products": [{"field": "nmae"}]}')
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".flaws")).to_contain_text("no JSON")
    document.fill('{"rules": {"products": [{"field": "nmae", "source": "name"}]}}')
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".flaws")).to_contain_text("Did you mean name?")
    document.fill('{"rules": {"products": [{"field": "slug", "source": "name"}]}}')
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url(re.compile(urlsplit(mapping).path + "$"))
    expect(page.locator("#fields tbody")).to_contain_text("Slug")


def test_it_is_legible_and_hostile_text_is_text(page: Page, mapping: str) -> None:
    page.goto(f"{mapping}?rule=0")
    check(page)
    page.get_by_label("From", exact=True).fill(HOSTILE)
    page.get_by_role("button", name="Add step").click()
    page.get_by_label("Kind of step 2").select_option("constant")
    page.get_by_label("Value", exact=True).fill(HOSTILE)
    expect(page.locator("#fields tbody")).to_contain_text("<script>")
    assert page.title() != "hacked"
    assert page.locator("main script, main img").count() == 0


def test_who_may_only_read_sees_results_and_changes_nothing(visit, mapping: str) -> None:
    page = visit(Role.VIEWER).page
    page.goto(f"{mapping}?rule=0")
    expect(page.locator("#sample dl")).to_contain_text("Active now")
    for name in ("Save draft", "Activate", "Remove field"):
        expect(page.get_by_role("button", name=re.compile(name))).to_have_count(0)
        expect(page.get_by_role("link", name=re.compile(f"^{name}"))).to_have_count(0)
    plain = visit(javascript=False).page
    plain.goto(f"{mapping}?check=1")
    expect(plain.locator("#checked")).to_contain_text("Checked on all")
