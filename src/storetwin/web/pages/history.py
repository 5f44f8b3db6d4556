"""History: what happened, one line an event, day by day; and the same as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from storetwin.hub.chronicle import Event, Kind, Result, Sought, all_that_happened, happened
from storetwin.reading.export_values import defused
from storetwin.tenancy.models import Permission
from storetwin.web.event_words import Line, line_of
from storetwin.web.figures import Times
from storetwin.web.live import LiveStream, shell_parts
from storetwin.web.route import PageRoute
from storetwin.web.view import Exporting, Page, Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/history"
TEMPLATE: Final = "history/index.html"
PIECES: Final = "history/pieces.html"
ROWS: Final = 50
MOST_EXPORTED: Final = 100_000
MOST_FRESH: Final = 20
SAID: Final[Mapping[Kind, str]] = {
    Kind.RUNS: "Runs",
    Kind.PROOFS: "Proofs",
    Kind.PROMOTIONS: "Promotions",
    Kind.WEBHOOKS: "Webhooks",
    Kind.IDENTITY: "Changed stores",
    Kind.PEOPLE: "People",
}
RESULTS: Final[Mapping[Result, str]] = {
    Result.DONE: "Done",
    Result.INCOMPLETE: "Incomplete",
    Result.FAILED: "Failed",
    Result.STOPPED: "Stopped",
    Result.OPEN: "Waiting or at work",
}
SPANS: Final[Mapping[str, tuple[str, timedelta | None]]] = {
    "": ("Any time", None),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
HEAD: Final = ("at", "kind", "who", "what", "result", "detail", "id")
Text = Annotated[str, Field(max_length=200)]


class Asked(BaseModel):
    """Which events; what is empty asks for nothing.

    Days are those of the reader.
    """

    model_config = ConfigDict(extra="ignore")

    kind: Kind | Literal[""] = ""
    result: Result | Literal[""] = ""
    connection: Text = ""
    resource: Text = ""
    person: Annotated[str, Field(max_length=600)] = ""
    within: Literal["24h", "7d", "30d", ""] = ""
    since: date | Literal[""] = ""
    until: date | Literal[""] = ""

    def sought(self, page: Page) -> Sought:
        """Return it as the hub takes it."""
        times = page.times
        length = SPANS[self.within][1]
        since = times.now - length if length else _begin(self.since, times.zone)
        return Sought(
            self.kind or None,
            self.resource.strip() or None,
            self.result or None,
            self.person.strip() or None,
            self.connection or None,
            since,
            _begin(self.until, times.zone, days=1),
            with_people=page.may(Permission.ADMINISTER),
        )

    def query(self, **other: Any) -> str:
        """Return it as the address has it, some of it replaced."""
        values = self.model_dump(include=set(Asked.model_fields)) | other
        kept = {key: str(value) for key, value in values.items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def tokens(self) -> list[tuple[str, str, str]]:
        """Return what is asked for, each with its name and the address without it."""
        named = {
            "kind": SAID[self.kind] if self.kind else "",
            "result": RESULTS[self.result] if self.result else "",
            "connection": self.connection,
            "resource": self.resource,
            "person": self.person,
            "within": SPANS[self.within][0] if self.within else "",
            "since": str(self.since),
            "until": str(self.until),
        }
        labels = {"connection": "store", "within": "time", "since": "from", "until": "to"}
        return [
            (labels.get(name, name), text, self.query(**{name: ""}))
            for name, text in named.items()
            if text
        ]


class Looked(Asked):
    """The same, with the place of the page."""

    behind: UUID | Literal[""] = ""


@dataclass(frozen=True, slots=True)
class Day:
    """The events of one day of the reader."""

    moment: datetime
    title: str
    lines: Sequence[Line]


@router.get(PATH)
async def history_page(page: Reading, asked: Annotated[Looked, Query()]) -> Response:
    """Show what happened, the latest first."""
    sought = asked.sought(page)
    events = await happened(page.hub, sought, behind=asked.behind or None, limit=ROWS + 1)
    shown = events[:ROWS]
    if page.wants_json:
        lines = [dict(zip(HEAD, _cells(event), strict=True)) for event in shown]
        older = str(shown[-1].event_id) if len(events) > ROWS else None
        return await page.render(TEMPLATE, document={"data": lines, "behind": older})
    context = {
        "asked": asked,
        "days": by_day([line_of(event) for event in shown], page.times),
        "n": len(shown),
        "older": shown[-1].event_id if len(events) > ROWS else None,
        "newest": shown[0].event_id if shown and not asked.behind else None,
        "fresh": 0,
        "kinds": [
            (kind, text)
            for kind, text in SAID.items()
            if kind is not Kind.PEOPLE or page.may(Permission.ADMINISTER)
        ],
        "results": RESULTS,
        "spans": SPANS,
        "stores": [one.name for one in await page.hub.register.every()],
        "most": MOST_EXPORTED,
    }
    return await page.render(TEMPLATE, context, fragments={"found"})


@router.get(PATH + "/live")
async def history_live_page(
    page: Reading, asked: Annotated[Asked, Query()], newest: UUID | Literal[""] = ""
) -> Response:
    """Tell how many events that fit came since the page was made."""

    async def feed() -> Mapping[str, str]:
        fresh = 0
        if newest:
            events = await happened(page.hub, asked.sought(page), limit=MOST_FRESH)
            fresh = sum(event.event_id > newest for event in events)
        context = {"fresh": fresh, "asked": asked}
        return await shell_parts(page) | {"news": page.part(PIECES, "news", context)}

    return LiveStream(page, feed)


@router.get(PATH + "/export.csv")
async def export_history_page(page: Exporting, asked: Annotated[Asked, Query()]) -> Response:
    """Give exactly what the filter lets through as CSV, the latest first: 100,000 lines at most."""
    sought = asked.sought(page)
    if sought.connection:
        await page.hub.register.named(sought.connection)  # to say now that there is none
    name = f"storetwin-history-{page.hub.clock():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_csv(page, sought), media_type="text/csv", headers=headers)


async def _csv(page: Page, sought: Sought) -> AsyncIterator[bytes]:
    yield _lines([HEAD])
    async for events in all_that_happened(page.hub, sought, MOST_EXPORTED):
        yield _lines([[defused(cell) for cell in _cells(event)] for event in events])


def _cells(event: Event) -> tuple[str, ...]:
    line = line_of(event)
    at = event.at.isoformat().replace("+00:00", "Z")
    return at, line.kind, line.who, line.text, line.word or "Done", line.detail, line.event_id


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def by_day(lines: Sequence[Line], times: Times) -> list[Day]:
    """Return events by the reader's days, in the order in which they come."""
    today = times.now.astimezone(times.zone).date()
    found: dict[date, list[Line]] = {}
    for line in lines:
        found.setdefault(line.at.astimezone(times.zone).date(), []).append(line)
    return [
        Day(ones[0].at, _title(day, today, ones[0].at, times), ones) for day, ones in found.items()
    ]


def _title(day: date, today: date, moment: datetime, times: Times) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A}, {times.date(moment)}"


def _begin(day: date | Literal[""], zone: ZoneInfo, *, days: int = 0) -> datetime | None:
    """Return when a day begins where the reader is."""
    if not day or not 1970 <= day.year <= 9000:
        return None
    return datetime.combine(day + timedelta(days=days), datetime.min.time(), zone)
