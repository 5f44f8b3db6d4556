"""The guide of the demo, on every page of it: what was done is ticked while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from house import House, findings
from playwright.sync_api import Page, expect

from storetwin.hub import Hub
from storetwin.web import view
from storetwin.web.guide import Facts, Guide, guide

THEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def demo(house: House) -> Iterator[None]:
    """Let the house be one of a demo."""
    state = house.served.app.state
    usual = state.web
    state.web = replace(usual, is_demo=True)
    yield
    state.web = usual


@pytest.mark.usefixtures("demo")
def test_a_step_that_is_done_is_ticked_where_one_is(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = [Facts(pulled_at=THEN, proven_at=THEN)]

    async def told(_: Hub) -> Guide:
        return guide(facts[-1], "http://127.0.0.1:8090")

    monkeypatch.setattr(view, "demo_guide", told)
    page.goto("/data/products")
    banner = page.locator("#demo")
    expect(banner.locator("summary")).to_have_text(
        "Demo store. Step 3 of 5: Promote products into core"
    )
    banner.locator("summary").click()
    assert findings(page) == []
    facts.append(replace(facts[0], promoted_at=THEN))
    expect(banner.locator("summary")).to_contain_text("Step 4 of 5", timeout=15_000)
    expect(banner.locator("li.done")).to_have_count(3)
    expect(banner.locator("li.now")).to_be_visible()  # it stays open
    facts.append(replace(facts[1], changed_at=THEN, promoted_again_at=THEN))
    expect(banner.locator("summary")).to_contain_text("All 5 steps are done.", timeout=15_000)
