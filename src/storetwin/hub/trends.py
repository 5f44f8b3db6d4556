"""How an organisation's twins went over time: what was written to them, what orders came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from storetwin.kernel.money import from_minor
from storetwin.reading.analytics import BY_HOUR, Moved, read_changes
from storetwin.reading.board import ORDERS
from storetwin.reading.board_models import is_paid
from storetwin.reading.tallies import Days, Tally, read_tallies_by_day

if TYPE_CHECKING:
    from storetwin.hub.hub import Hub


@dataclass(frozen=True, slots=True)
class Sales:
    """What paid orders of one currency came to, day by day (UTC), as people write it.

    Args:
        days: amounts without what was given back, the oldest first; ``before`` of as many days
            before those.
        total: of the days; ``total_before`` of those before.
        orders: how many they are.
        others: further currencies that there are paid orders in.
    """

    currency: str
    first: date
    days: Sequence[str]
    before: Sequence[str]
    total: str
    total_before: str
    orders: int
    others: Sequence[str] = ()


async def changes_over_time(hub: Hub, length: timedelta) -> tuple[str, list[Moved]]:
    """Return what was written to the twins lately, by hour or day, without gaps: and which it is."""
    unit = "hour" if length <= BY_HOUR else "day"
    now = hub.clock()
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    step = timedelta(hours=1) if unit == "hour" else timedelta(days=1)
    last = last if unit == "hour" else last.replace(hour=0)
    moments = [last - step * back for back in range(length // step)][::-1]
    async with hub.database.transaction(hub.organisation_id) as tx:
        rows = await read_changes(tx, moments[0], unit)
    found = {one.began_at: one for one in rows}
    return unit, [found.get(moment, Moved(moment)) for moment in moments]


async def sales_over_time(hub: Hub, days: int) -> Sales | None:
    """Return what paid orders came to on the latest days, in the currency with most of them.

    None where there are none, neither on these days nor on as many before.
    """
    today = hub.clock().astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    connections = [one.id for one in await hub.register.every()]
    span = Days(first - timedelta(days=days), today + timedelta(days=1))
    async with hub.database.transaction(hub.organisation_id) as tx:
        found = await read_tallies_by_day(tx, hub.organisation_id, ORDERS, connections, span)
    return sales_of(found, first, days)


def sales_of(found: Mapping[date, Sequence[Tally]], first: date, days: int) -> Sales | None:
    """Return sales of the days from one on, and of as many before it."""
    orders: dict[str, int] = {}
    net: dict[tuple[str, date], int] = {}
    for day, tallies in found.items():
        for tally in tallies:
            if tally.currency and is_paid(tally.status):
                orders[tally.currency] = orders.get(tally.currency, 0) + tally.records
                key = (tally.currency, day)
                net[key] = net.get(key, 0) + tally.total_minor - tally.refunded_minor
    if not orders:
        return None
    currency = max(sorted(orders), key=lambda one: orders[one])

    def amounts(since: date) -> list[int]:
        return [net.get((currency, since + timedelta(days=n)), 0) for n in range(days)]

    now, before = amounts(first), amounts(first - timedelta(days=days))
    return Sales(
        currency,
        first,
        [from_minor(one, currency) for one in now],
        [from_minor(one, currency) for one in before],
        from_minor(sum(now), currency),
        from_minor(sum(before), currency),
        sum(
            tally.records
            for day, tallies in found.items()
            for tally in tallies
            if day >= first and tally.currency == currency and is_paid(tally.status)
        ),
        sorted(set(orders) - {currency}),
    )
