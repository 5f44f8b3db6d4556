"""The two charts of the overview: what was written to the twins, and what orders came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from storetwin.hub import Hub
from storetwin.hub.trends import Sales, changes_over_time, sales_over_time
from storetwin.reading.analytics import Moved
from storetwin.web.charts import Chart, Series
from storetwin.web.words import Tone

SALES_DAYS: Final = 30


async def changes_chart(hub: Hub, length: timedelta, zone: ZoneInfo) -> Chart:
    """Return what was written to the twins lately."""
    unit, moved = await changes_over_time(hub, length)
    return chart_of_changes(unit, moved, zone)


def chart_of_changes(unit: str, moved: list[Moved], zone: ZoneInfo) -> Chart:
    """Return records by hour or day; hours as the reader has them, days in UTC."""
    total = sum(one.told + one.read for one in moved)
    busiest = max(moved, key=lambda one: one.told + one.read, default=None)
    labels = [_label(one.began_at, unit, zone) for one in moved]
    told = f"{total:,} changes of records in {len(moved)} {unit}s"
    if total and busiest is not None:
        most = busiest.told + busiest.read
        told += f"; most {_when(busiest.began_at, unit, zone)}: {most:,}"
    return Chart(
        "changes",
        "bars",
        f"Changes per {unit}",
        told + ".",
        "records",
        labels,
        [
            Series("by pull", Tone.IDLE, [one.read for one in moved]),
            Series("by webhook", Tone.INFO, [one.told for one in moved]),
        ],
        [_head(one.began_at, unit, zone) for one in moved],
        "Hour" if unit == "hour" else "Day (UTC)",
    )


async def sales_chart(hub: Hub) -> Chart | None:
    """Return what paid orders came to; None where there are none."""
    sales = await sales_over_time(hub, SALES_DAYS)
    return None if sales is None else chart_of_sales(sales)


def chart_of_sales(sales: Sales) -> Chart:
    """Return sales by day beside those of as many days before."""
    n = len(sales.days)
    days = [sales.first + timedelta(days=at) for at in range(n)]
    told = (
        f"{Decimal(sales.total):,f} {sales.currency} in {n} days from {sales.orders:,} paid orders, "
        f"{Decimal(sales.total_before):,f} {sales.currency} in the {n} days before."
    )
    if sales.others:
        told += f" Orders in {', '.join(sales.others)} are not among them."
    return Chart(
        "sales",
        "lines",
        "Sales in the twin",
        told,
        sales.currency,
        [f"{day.day} {day:%b}" for day in days],
        [
            Series(
                f"{n} days before",
                Tone.IDLE,
                [Decimal(one) for one in sales.before],
                texts=[f"{Decimal(one):,f}" for one in sales.before],
            ),
            Series(
                f"last {n} days",
                Tone.OK,
                [Decimal(one) for one in sales.days],
                is_filled=True,
                texts=[f"{Decimal(one):,f}" for one in sales.days],
            ),
        ],
        [f"{day.day} {day:%b %Y}" for day in days],
        "Day (UTC)",
    )


def _label(moment: datetime, unit: str, zone: ZoneInfo) -> str:
    if unit == "hour":
        return f"{moment.astimezone(zone):%H:%M}"
    return f"{moment.day} {moment:%b}"


def _when(moment: datetime, unit: str, zone: ZoneInfo) -> str:
    return ("at " if unit == "hour" else "on ") + _label(moment, unit, zone)


def _head(moment: datetime, unit: str, zone: ZoneInfo) -> str:
    if unit == "hour":
        local = moment.astimezone(zone)
        return f"{local.day} {local:%b %H:%M}"
    return f"{moment.day} {moment:%b %Y}"
