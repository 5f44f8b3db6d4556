"""Certificates: what is proven of each store, and one proof with its hash."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from house import House, check_both_themes
from playwright.sync_api import expect

from storetwin.tenancy.models import Role
from storetwin.web.assets import load_assets
from storetwin.web.data_asked import record_path
from storetwin.web.pages.certificates import Proof
from storetwin.web.rendering import load_templates

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


def proof(*lacking: int, is_complete: bool = False) -> Proof:
    resources = [
        {"resource": f"r{n}", "in_store": 10, "in_twin": 10 - one, "buried": 1, "unlisted": ["7"],
         "lacking_count": one, "is_complete": not one}
        for n, one in enumerate(lacking)
    ]  # fmt: skip
    row: dict[str, Any] = {
        "connection": "shop", "level": "ids", "is_complete": is_complete,
        "started_at": NOW, "ended_at": NOW + timedelta(seconds=4),
    }  # fmt: skip
    return Proof(row, json.dumps({"resources": resources}))


def test_the_sentence_says_what_is_proven() -> None:
    assert proof(0, 0, is_complete=True).sentence == (
        "All 20 records of shop are in the twin: 2 resources compared by which records exist."
    )
    assert proof(1).sentence.startswith("Of 10 records of shop 1 record is not in the twin")
    assert proof(1, 2).sentence.startswith("Of 20 records of shop 3 records are not in the twin")
    assert proof(0).sentence.startswith("shop could not be proven whole")
    assert proof(0).seconds == 4
    assert proof(0, 0).unlisted == 2


def test_a_record_that_is_in_no_list_is_a_link_to_it() -> None:
    context = {"proof": proof(0), "document": proof(0).document, "record_path": record_path}
    text = load_templates(load_assets()).block("certificates/one.html", "unlisted", context)
    assert '<a href="/data/r0/shop/7">7</a>' in text


def test_the_latest_proof_of_each_store_stands_first(page) -> None:
    page.goto("/certificates")
    row = page.get_by_role("row").filter(has=page.get_by_role("button", name="Prove now shop"))
    expect(row).to_contain_text("Complete")
    expect(row).to_contain_text(re.compile(r"about \d+ requests"))
    check_both_themes(page)
    row.get_by_role("button", name="Prove now").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify · shop")


def test_the_file_has_the_hash_that_the_page_shows(page, house: House) -> None:
    path = f"/certificates/{house.values['certificate_id']}"
    page.goto(path)
    expect(page.locator(".said-1")).to_contain_text(re.compile(r"^All [\d,]+ records of shop are"))
    expect(page.locator("table").first).to_contain_text("Orders")
    file = page.request.get(f"{path}/certificate.json")
    assert sha256(file.body()).hexdigest() == page.locator("#hash").inner_text()
    assert file.json()["is_complete"] is True
    assert "attachment" in file.headers["content-disposition"]
    page.emulate_media(media="print")
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator(".said-1")).to_be_visible()
    page.emulate_media(media="screen")
    check_both_themes(page)
    numbers = page.get_by_role("table").first.locator("td[data-l=Twin] a")
    for link in {str(one.get_attribute("href")) for one in numbers.all()}:
        assert page.request.get(link).ok, link
    numbers.last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Store data")


def test_who_may_only_look_proves_nothing(visit, house: House) -> None:
    page = visit(Role.VIEWER).page
    for path in ("/certificates", f"/certificates/{house.values['certificate_id']}"):
        page.goto(path)
        expect(page.get_by_role("button", name=re.compile("Prove"))).to_have_count(0)
