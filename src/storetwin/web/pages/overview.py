"""Overview: what needs somebody, how the stores stand, what went on lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from storetwin.hub.chronicle import Sought, happened
from storetwin.runs.models import RunKind
from storetwin.tenancy.models import Permission
from storetwin.web.event_words import Line, line_of
from storetwin.web.listing import PageNumber, Part, Search, part_of
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.needs import AT_A_GLANCE, Need
from storetwin.web.overview_charts import changes_chart, sales_chart
from storetwin.web.overview_setup import setup_steps
from storetwin.web.overview_view import ROWS, StoreRow, look
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Reading
from storetwin.web.words import KIND

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/"
TEMPLATE: Final = "overview/index.html"
PIECES: Final = "overview/pieces.html"
FIGURES: Final = ("k_step", "k_records", "k_waiting", "k_hooks", "k_proven")
EVENTS: Final = 5
MOST_FRESH: Final = 20
FRAMES: Final[Mapping[str, timedelta]] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
KIND_OF: Final = {kind.value: KIND[kind] for kind in RunKind}
FRAMED: Final[Mapping[str, str]] = {"24h": "24 h", "7d": "7 days", "30d": "30 days"}
Frame = Literal["24h", "7d", "30d"]
FRAME: Final = "24h"


@router.get(PATH)
async def overview_page(
    page: Reading,
    frame: Frame = FRAME,
    q: Search = None,
    page_number: PageNumber = 1,
) -> Response:
    """Show what needs somebody, how the stores stand, and what went on lately."""
    overview = await look(page.hub)
    if page.wants_json:
        return await page.render(TEMPLATE, api="/api/v1/status")
    events = await _latest(page, EVENTS)
    stores = part_of(
        overview.rows,
        q,
        page_number,
        path=PATH,
        at="stores-t",
        words=_words,
        size=ROWS,
        kept={"frame": "" if frame == FRAME else frame},
    )
    first = overview.rows[0].seen if overview.rows else None
    context: dict[str, Any] = {
        "overview": overview,
        "glance": AT_A_GLANCE,
        "stores": stores,
        "frames": [(name, text, _framed(stores, name)) for name, text in FRAMED.items()],
        "frame": frame,
        "events": events,
        "newest": events[0].event_id if events else "",
        "known": _mark(overview.needs),
        "has_news": False,
        "fresh": 0,
        "KIND_OF": KIND_OF,
        "changes": await changes_chart(page.hub, FRAMES[frame], page.times.zone),
        "sales": await sales_chart(page.hub),
        "steps": setup_steps(
            first, may_connect=page.may(Permission.CREATE), may_pull=page.may(Permission.IMPORT)
        ),
    }
    return await page.render(TEMPLATE, context)


@router.get("/overview/live")
async def overview_live_page(
    page: Reading,
    known: Annotated[str, Query(max_length=64)] = "",
    newest: UUID | Literal[""] = "",
    stores: Annotated[str, Query(max_length=40 * ROWS)] = "",
) -> Response:
    """Tell how the figures and the lines of stores look; nothing is moved, what is new waits.

    Args:
        stores: ids of those whose lines are looked at, with commas between.
    """
    looked_at = frozenset(stores.split(","))

    async def feed() -> Mapping[str, str]:
        overview = await look(page.hub)
        context = {"overview": overview, "KIND_OF": KIND_OF}
        parts = {name: page.part(PIECES, name, context) for name in FIGURES}
        for row in [row for row in overview.rows if str(row.id) in looked_at]:
            one = page.part(PIECES, "store_row", {"row": row, "KIND_OF": KIND_OF})
            parts[f"store-{row.id}"] = one
        news = {"has_news": bool(known) and _mark(overview.needs) != known}
        parts["needs_news"] = page.part(PIECES, "needs_news", news)
        fresh = [
            line
            for line in await _latest(page, MOST_FRESH)
            if newest and line.event_id > str(newest)
        ]
        parts["feed_news"] = page.part(PIECES, "feed_news", {"fresh": len(fresh)})
        return await shell_parts(page) | parts

    return LiveStream(page, feed)


async def _latest(page: Page, limit: int) -> list[Line]:
    sought = Sought(with_people=page.may(Permission.ADMINISTER), is_brief=True)
    return [line_of(event) for event in await happened(page.hub, sought, limit=limit)]


def _words(row: StoreRow) -> str:
    """Return what a store is searched by."""
    return f"{row.seen.connection.name} {row.seen.connection.url}"


def _framed(stores: Part[StoreRow], frame: str) -> str:
    """Return where the same page is with another time frame."""
    kept = {"frame": "" if frame == FRAME else frame}
    return replace(stores, kept=kept, at="").href(stores.number)


def _mark(needs: Sequence[Need]) -> str:
    """Return what tells whether the same things need somebody."""
    text = "\n".join(f"{need.key} {need.what}" for need in needs)
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
