"""Analytics: how much was read, how well, how fast, and what stores would not."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Annotated, Any, Final, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from storetwin.connections.models import Connection
from storetwin.hub.analytics import analyse
from storetwin.hub.chronicle import Kind
from storetwin.reading.analytics import Analytics, Figures
from storetwin.reading.export_values import defused
from storetwin.web.analytics_charts import TIMEFRAMES, charts_of, spans_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/analytics"
TEMPLATE: Final = "analytics/index.html"
MOST_STORES: Final = 50
Frame = Literal["7d", "30d", "90d"]
Store = Annotated[str | None, Query(max_length=200)]
Charted = Literal["records", "success", "answers", "batches", "webhooks", "limits"]


@router.get(PATH)
async def analytics_page(
    page: Reading, timeframe: Frame = "30d", connection: Store = None
) -> Response:
    """Show figures of the latest days beside those before."""
    if page.wants_json:
        return await page.render(TEMPLATE, api="/api/v1/analytics")
    found, connections = await _figures(page, timeframe, connection)
    spans = spans_of(found, TIMEFRAMES[timeframe], page.hub.clock())
    by_store, _ = await analyse(page.hub, timeframe, connection or None)
    stores = [(one, by_store.connections.get(one.id, Figures())) for one in connections]
    stores.sort(key=lambda pair: (-pair[1].records, pair[0].name))
    kept, first = found.kept_since, spans.days[0].date()
    context: dict[str, Any] = {
        "charts": charts_of(spans),
        "timeframe": timeframe,
        "frames": TIMEFRAMES,
        "connection": connection,
        "stores": [one.name for one in await page.hub.register.every()],
        "by_store": stores[:MOST_STORES],
        "first_day": first,
        "behind": {chart: _behind(chart, first, connection) for chart in get_args(Charted)},
        "kept_since": kept if kept is not None and kept > spans.days[0] else None,
        "is_empty": kept is None and not found.total.received,
    }
    return await page.render(TEMPLATE, context)


@router.get(PATH + "/export.csv")
async def export_analytics_page(
    page: Reading, chart: Charted = "records", timeframe: Frame = "30d", connection: Store = None
) -> Response:
    """Give the numbers of a chart as CSV, a line a day."""
    found, _ = await _figures(page, timeframe, connection)
    told = charts_of(spans_of(found, TIMEFRAMES[timeframe], page.hub.clock()))[chart]
    rows = [["day", *(one.name for one in told.chart.series)]]
    for at, head in enumerate(told.chart.heads):
        values = [one.values[at] for one in told.chart.series]
        rows.append([head, *("" if value is None else str(value) for value in values)])
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[defused(c) for c in row] for row in rows])
    headers = {"Content-Disposition": f'attachment; filename="storetwin-{chart}-{timeframe}.csv"'}
    return Response(text.getvalue().encode(), media_type="text/csv", headers=headers)


def _behind(chart: str, first: date, connection: str | None) -> str:
    """Return where the runs or deliveries are of which a chart's figure is made."""
    kind = Kind.WEBHOOKS if chart == "webhooks" else Kind.RUNS
    asked = {"kind": kind.value, "since": first.isoformat(), "connection": connection}
    return "/history?" + urlencode({name: value for name, value in asked.items() if value})


async def _figures(
    page: Page, timeframe: str, connection: str | None
) -> tuple[Analytics, list[Connection]]:
    """Return figures of twice the time: the earlier half is there to compare with."""
    return await analyse(page.hub, f"{2 * TIMEFRAMES[timeframe]}d", connection or None)
