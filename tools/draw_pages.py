"""Write docs/pages/*.png: every page, light and dark, wide and narrow, of a small store.

Run it after the looks of a page changed: ``python tools/draw_pages.py [name …]``.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "web")]

from house import NARROW, WIDE, House, Visit, filled, settled_house  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from browsers import chromium  # noqa: E402
from database_clones import in_own_loop, make_template, shared_server  # noqa: E402
from storetwin.tenancy.models import Role  # noqa: E402
from storetwin.web.app import routers_of_pages  # noqa: E402
from storetwin.web.route import OpenPageRoute, PageRoute  # noqa: E402

TARGET = ROOT / "docs" / "pages"
PARTS = ("/live", "/preview")
MOST_BYTES = 300_000
TALLEST = 2400  # pixels; what is below is more of the same


def addresses() -> Iterator[tuple[str, str, bool]]:
    """Yield the name of each page, its path, and whether it is for those who are signed in."""
    for router in routers_of_pages():
        for route in router.routes:
            is_known = isinstance(route, PageRoute)
            if not isinstance(route, PageRoute | OpenPageRoute) or "GET" not in route.methods:
                continue
            if not route.path.endswith(PARTS):
                words = re.findall(r"\w+", re.sub(r"[{}]", "", route.path).replace("-", "_"))
                yield "-".join(words).replace("_", "-") or "overview", route.path, is_known


def fit(page: Page, width: int) -> None:
    """Let the window grow to the page, so that what sticks to an edge is where it belongs."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(height, 700), TALLEST)})
    page.wait_for_timeout(250)


def draw(house: House, browser: Browser, name: str, path: str, *, is_known: bool) -> int | None:
    """Write the pictures of one page; return the size of the largest, or None where there is none."""
    largest = 0
    for width in (WIDE, NARROW):
        for theme in ("light", "dark"):
            visit = Visit.begin(
                house, browser, Role.OWNER if is_known else None, width=width, theme=theme
            )
            answer = visit.page.goto(filled(house, path))
            if answer is None or answer.status != 200 or answer.request.redirected_from:
                visit.context.close()
                return None
            visit.page.evaluate("document.fonts.ready")
            visit.page.wait_for_timeout(700)
            fit(visit.page, width)
            target = TARGET / f"{name}-{width}-{theme}.png"
            visit.page.screenshot(path=target)
            largest = max(largest, target.stat().st_size)
            visit.end()
    return largest


def main() -> int:
    wanted = set(sys.argv[1:])
    TARGET.mkdir(exist_ok=True)
    too_large = []
    folder = Path(tempfile.mkdtemp(prefix="storetwin-pages-"))
    folder.chmod(0o755)
    with shared_server(None) as server:
        template = in_own_loop(make_template(server))
        with settled_house(server, template, folder) as house, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium())
            for name, path, is_known in addresses():
                if not wanted or name in wanted:
                    size = draw(house, browser, name, path, is_known=is_known)
                    told = f"{size:,} bytes at most" if size else "leads elsewhere: no picture"
                    print(f"{name}: {path}, {told}", flush=True)
                    too_large += [name] if size and size > MOST_BYTES else []
            browser.close()
    print(f"Too large: {', '.join(too_large)}" if too_large else f"Written to {TARGET}")
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
