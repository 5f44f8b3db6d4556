"""Every page is opened: legible for everybody, at every width, with and without scripts.

That nothing but the server's HTML is needed is seen of each page; in a browser without scripts by the
tests of pages with forms.
"""

from __future__ import annotations

import re

import pytest
from house import IS_LONG, NARROW, House, check, filled, findings
from playwright.sync_api import expect

from storetwin.tenancy.models import Role
from storetwin.web.app import routers_of_pages
from storetwin.web.route import PageRoute

PARTS = ("/live", "/preview", ".csv", ".json", ".jsonl", ".txt")
"""Ends of addresses that answer with parts of a page, with its stream, or with a file."""


PATHS = sorted(
    route.path
    for router in routers_of_pages()
    for route in router.routes
    if isinstance(route, PageRoute) and "GET" in route.methods and not route.path.endswith(PARTS)
)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_is_legible(visit, house: House, path: str) -> None:
    """No finding of axe light and wide or dark and narrow; nothing cut off; whole without scripts."""
    page = visit().page
    page.goto(filled(house, path))
    expect(page.locator("h1")).to_have_count(1)
    is_next = PATHS.index(path) % 2 == 1  # in short, every other page in the one state or the other
    check(page, axe=IS_LONG or is_next)
    if IS_LONG or not is_next:
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": NARROW, "height": 844})
        assert findings(page) == []
    plain = page.request.get(filled(house, path)).text()  # as who has no scripts gets it
    assert "<h1" in plain
    assert re.search(r'id="nav".*Operations', plain, re.DOTALL)


def test_a_page_is_small(visit, house: House) -> None:
    """One page: HTML and first view within 300 kB, later views within 15 kB, compressed."""
    one = visit()
    page, sizes = one.page, {}
    session = one.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    page.goto("/operations", wait_until="load")
    page.evaluate("document.fonts.ready")
    first = sum(sizes.values())
    sizes.clear()
    page.goto("/operations", wait_until="load")
    page.wait_for_timeout(200)
    assert 20_000 < first <= 300_000
    assert sum(sizes.values()) <= 15_000


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_what_one_may_not_do_is_not_offered(visit, role: Role) -> None:
    page = visit(role).page
    page.goto("/operations")
    offered = page.get_by_role("button", name="Start")
    expect(offered).to_have_count(0 if role is Role.VIEWER else 1)
