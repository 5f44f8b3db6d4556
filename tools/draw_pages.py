"""Write docs/pages: a picture of every page, light and dark, wide and narrow, of a small store.

Run it after the looks of a page changed: ``python tools/draw_pages.py [name …]``.
"""

from __future__ import annotations

import asyncio
import base64
import re
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "web")]

from house import NARROW, WIDE, House, Visit, filled, hub_of, settled_house  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from browsers import chromium  # noqa: E402
from database_clones import in_own_loop, make_template, shared_server  # noqa: E402
from storetwin.hub import Hub  # noqa: E402
from storetwin.runs.asking import Asked  # noqa: E402
from storetwin.runs.models import RunKind, RunState  # noqa: E402
from storetwin.staging.models import Chosen, Filter, State  # noqa: E402
from storetwin.tenancy.models import Role  # noqa: E402
from storetwin.web.app import routers_of_pages  # noqa: E402
from storetwin.web.route import OpenPageRoute, PageRoute  # noqa: E402

TARGET = ROOT / "docs" / "pages"
STORE = "shop"
PARTS = ("/live", "/preview", ".csv", ".json", ".txt", "/at")
"""Ends of addresses that answer with a part of a page, with a file, or that lead on."""
SOUGHT = {"/search": "?q=garnet"}
MOST_BYTES = 300_000
TALLEST = {WIDE: 1500, NARROW: 1800}  # pixels; what is below is more of the same
THEMES = ("light", "dark")
INTRODUCTION = """# Every page in pictures

Each page of Storetwin beside itself on a phone, with the small store that comes along. Whoever reads
this in dark colours sees the dark theme. `python tools/draw_pages.py` draws them.
"""
REDUCED = """async (picture) => {
  const bitmap = await createImageBitmap(await (await fetch(`data:image/png;base64,${picture}`)).blob());
  const { width, height } = bitmap, canvas = new OffscreenCanvas(width, height);
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  const pixels = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer), seen = new Map();
  for (const one of pixels) seen.set(one, (seen.get(one) || 0) + 1);
  const parts = (one) => [one & 255, (one >> 8) & 255, (one >> 16) & 255];
  const far = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const colours = [];
  for (const apart of [500, 120, 12]) {
    for (const [one] of [...seen].sort((a, b) => b[1] - a[1])) {
      if (colours.length === 96) break;
      if (colours.length < 12 || colours.every((other) => far(parts(one), other) > apart)) colours.push(parts(one));
    }
  }
  const places = new Map(), indices = new Uint8Array(pixels.length);
  for (const one of seen.keys()) {
    let best = 0, least = Infinity;
    colours.forEach((other, n) => { const d = far(parts(one), other); if (d < least) { least = d; best = n; } });
    places.set(one, best);
  }
  pixels.forEach((one, n) => { indices[n] = places.get(one); });
  let text = "";
  for (let n = 0; n < indices.length; n += 32768) text += String.fromCharCode(...indices.subarray(n, n + 32768));
  return { width, height, colours: colours.flat(), indices: btoa(text) };
}"""
"""A picture with few colours: the most frequent, as far as they are not nearly alike."""


async def lived_in(house: House) -> dict[str, str]:
    """Let something have happened; return what the pictures are of, by the name of the parameter.

    Products are in core, the store changed some since, and one of them was changed by a person too.
    """
    owner = UUID(str(house.people[Role.OWNER].user_id))
    async with hub_of(house) as hub:
        await hub.test_connection(STORE)
        some = Filter("products", states=(State.NEW,))
        first = (await hub.staging.page(some, page_size=16)).data
        chosen = tuple((one.connection_id, one.remote_id) for one in first)
        await _ended(hub, [one.run_id for one in await hub.staging.promote(Chosen(some, chosen))])
        apart = await hub.staging.record(STORE, "products", first[0].remote_id)
        core_id = apart.record.core_id
        assert core_id is not None
        name = str((await hub.core.one("products", core_id)).document.values["name"])
        await hub.core.edit("products", core_id, {"name": f"{name}, hand-made"}, user_id=owner)
        for place, one in enumerate(first[:5]):
            fields = {"name": f"{one.name} (new edition)"} if place < 2 else {}
            more = {"regular_price": f"{20 + place}.50", "description": "<p>Made to last.</p>"}
            house.sandbox.store.edit("products", int(one.remote_id), more | fields)
        run_id, _ = await hub.asking.ask(STORE, Asked(RunKind.SYNC))
        await _ended(hub, [run_id])
        again = Chosen(Filter("products"), chosen[:1])
        await _ended(hub, [one.run_id for one in await hub.staging.promote(again)])
    return {
        "resource": "products",
        "remote_id": first[1].remote_id,
        "noun": "products",
        "core_id": str(core_id),
    }


async def _ended(hub: Hub, run_ids: Sequence[UUID]) -> None:
    async with asyncio.timeout(60):
        for run_id in run_ids:
            while not RunState((await hub.asking.show(run_id))[0]["state"]).has_ended:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


def addresses() -> Iterator[tuple[str, str, bool]]:
    """Yield the name of each page, its path, and whether it is for those who are signed in."""
    for router in routers_of_pages():
        for route in router.routes:
            is_known = isinstance(route, PageRoute)
            if not isinstance(route, PageRoute | OpenPageRoute) or "GET" not in route.methods:
                continue
            if not route.path.endswith(PARTS):
                words = re.findall(r"\w+", re.sub(r":\w+|[{}]", "", route.path).replace("-", "_"))
                yield "-".join(words).replace("_", "-") or "overview", route.path, is_known


def fit(page: Page, width: int) -> None:
    """Let the window grow to the page, so that what sticks to an edge is where it belongs."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(height, 700), TALLEST[width])})
    page.wait_for_timeout(250)


def reduced(page: Page, picture: bytes) -> bytes:
    """Return a PNG with a palette of its own: a quarter of its size, and hardly another picture."""
    found: dict[str, Any] = page.evaluate(REDUCED, base64.b64encode(picture).decode())
    width, height = found["width"], found["height"]
    indices = base64.b64decode(found["indices"])
    lines = b"".join(b"\0" + indices[n : n + width] for n in range(0, width * height, width))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(found["colours"])),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def draw(
    house: House, browser: Browser, name: str, address: str, easel: Page, *, is_known: bool
) -> int | None:
    """Write the pictures of one page; return the size of the largest, or None where there is none."""
    largest = 0
    for width in (WIDE, NARROW):
        visit = Visit.begin(house, browser, Role.OWNER if is_known else None, width=width)
        page = visit.page
        answer = page.goto(address)
        if answer is None or answer.status != 200 or answer.request.redirected_from:
            visit.context.close()
            return None
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(600)
        fit(page, width)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(250)
            target = TARGET / f"{name}-{width}-{theme}.png"
            target.write_bytes(reduced(easel, page.screenshot()))
            largest = max(largest, target.stat().st_size)
        visit.end()
    return largest


def shown_of(drawn: dict[str, str]) -> str:
    """Return the page of the documentation that shows all pictures."""
    parts = [INTRODUCTION]
    for name, path in sorted(drawn.items(), key=lambda one: one[1]):
        parts.append(f"\n## `{path}`\n\n")
        for width, share in ((WIDE, 70), (NARROW, 25)):
            light, dark = (f"{name}-{width}-{theme}.png" for theme in THEMES)
            about = f"{path}, {'on a phone' if width == NARROW else 'on a desk'}"
            parts.append(
                f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
                f'<img src="{light}" alt="{about}" width="{share}%"></picture>\n'
            )
    return "".join(parts)


def main() -> int:
    wanted = set(sys.argv[1:])
    TARGET.mkdir(exist_ok=True)
    too_large, drawn = [], {}
    folder = Path(tempfile.mkdtemp(prefix="storetwin-pages-"))
    folder.chmod(0o755)
    with shared_server(None) as server:
        template = in_own_loop(make_template(server))
        with settled_house(server, template, folder) as house, sync_playwright() as playwright:
            values = in_own_loop(lived_in(house))
            browser = playwright.chromium.launch(executable_path=chromium())
            easel = browser.new_page()
            for name, path, is_known in addresses():
                is_drawn = (TARGET / f"{name}-{WIDE}-light.png").exists()
                if not wanted or name in wanted:
                    address = filled(house, path, **values) + SOUGHT.get(path, "")
                    size = draw(house, browser, name, address, easel, is_known=is_known)
                    told = f"{size:,} bytes at most" if size else "leads elsewhere: no picture"
                    print(f"{name}: {path}, {told}", flush=True)
                    too_large += [name] if size and size > MOST_BYTES else []
                    is_drawn = size is not None
                if is_drawn:
                    drawn[name] = path
            browser.close()
    (TARGET / "README.md").write_text(shown_of(drawn), encoding="utf-8")
    print(f"Too large: {', '.join(too_large)}" if too_large else f"Written to {TARGET}")
    return 1 if too_large else 0


if __name__ == "__main__":
    sys.exit(main())
