"""What a customer's orders come to, kept by whatever changes them: only whom a change touches is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import product
from uuid import UUID

from storetwin.core.segments import (
    Scores,
    Segment,
    Thresholds,
    scores_of,
    segment_of,
    thresholds_of,
)
from storetwin.core.values import from_json, to_json
from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)

COUNTED_STATUSES = ("processing", "completed", "refunded")
"""Orders that count unless an organisation says otherwise: what was paid, given back later or not."""
MOST_AT_ONCE = 2_000
_EVERY = [Scores(*scores) for scores in product(range(1, 6), repeat=3)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a customer's orders come to in one currency.

    Args:
        spent: totals of the orders that count, before refunds.
        average: lifetime value an order.
    """

    customer_id: UUID
    currency: str
    orders: int
    spent: Decimal
    refunded: Decimal
    lifetime_value: Decimal
    average: Decimal | None
    first_order_at: datetime | None
    last_order_at: datetime | None
    recency_days: int | None
    scores: Scores
    segment: Segment


@dataclass(frozen=True, slots=True)
class Settings:
    """What an organisation chose about its customer figures."""

    statuses: tuple[str, ...] = COUNTED_STATUSES
    thresholds: Thresholds = Thresholds()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """How many customers are what to a shop, and what they brought, in one currency."""

    segment: Segment
    currency: str
    customers: int
    orders: int
    lifetime_value: Decimal


@dataclass(frozen=True, slots=True)
class Ranked:
    """A customer of a segment."""

    email: str | None
    name: str | None
    is_guest: bool
    figures: Figures


async def settle_figures(tx: Transaction, customers: Iterable[UUID], now: datetime) -> None:
    """Count the orders of some customers anew."""
    ids = sorted(set(customers))
    if ids:
        values = {"ids": ids, "statuses": list(COUNTED_STATUSES), "now": now}
        await tx.execute(Q.settle_figures, values)


async def next_customers(tx: Transaction, after: UUID | None) -> list[UUID]:
    """Return some customers behind one, ascending."""
    rows = await tx.fetch_all(Q.next_customers, {"after": after, "limit": MOST_AT_ONCE})
    return [row["id"] for row in rows]


async def read_settings(tx: Transaction) -> Settings:
    """Return what the organisation chose about its figures; else the defaults."""
    row = await tx.fetch_one(Q.read_settings)
    if row is None:
        return Settings()
    return Settings(tuple(row["counted_statuses"]), thresholds_of(from_json(row["thresholds"])))


async def put_settings(tx: Transaction, settings: Settings, now: datetime) -> None:
    """Keep what the organisation chose about its figures."""
    thresholds = {
        "recency": settings.thresholds.recency,
        "frequency": settings.thresholds.frequency,
        "money": settings.thresholds.money,
        "by_currency": settings.thresholds.by_currency,
    }
    values = {"statuses": list(settings.statuses), "thresholds": to_json(thresholds), "now": now}
    await tx.execute(Q.put_settings, values)


async def figures_of(tx: Transaction, customers: Sequence[UUID], now: datetime) -> list[Figures]:
    """Return what some customers' orders come to, the currency with most orders first."""
    settings = await read_settings(tx)
    rows = await tx.fetch_all(Q.read_figures, {"ids": list(customers)})
    return [_figures(row, settings.thresholds, now) for row in rows]


async def count_segments(tx: Transaction, now: datetime) -> list[SegmentCount]:
    """Return how many customers each segment has, by currency."""
    settings = await read_settings(tx)
    rows = await tx.fetch_all(Q.count_scores, _steps(settings.thresholds, now))
    found: dict[tuple[Segment, str], SegmentCount] = {}
    for row in rows:
        segment = segment_of(Scores(row["recency"], row["frequency"], row["money"]))
        key = (segment, row["currency"])
        known = found.get(key, SegmentCount(*key, 0, 0, Decimal(0)))
        found[key] = SegmentCount(
            *key,
            known.customers + row["customers"],
            known.orders + int(row["orders"]),
            known.lifetime_value + row["lifetime_value"],
        )
    order = list(Segment)
    return sorted(found.values(), key=lambda one: (one.currency, order.index(one.segment)))


async def list_segment(
    tx: Transaction,
    segment: Segment,
    *,
    currency: str | None,
    after: tuple[UUID, str] | None,
    limit: int,
    now: datetime,
) -> list[Ranked]:
    """Return some customers of a segment, by id and currency.

    Args:
        after: those of the last one of the page before.
    """
    settings = await read_settings(tx)
    wanted = [scores for scores in _EVERY if segment_of(scores) is segment]
    values = _steps(settings.thresholds, now) | {
        "recencies": [one.recency for one in wanted],
        "frequencies": [one.frequency for one in wanted],
        "moneys": [one.money for one in wanted],
        "currency": currency,
        "after": after[0] if after else None,
        "after_currency": after[1] if after else "",
        "limit": limit,
    }
    return [
        Ranked(
            row["email"],
            " ".join(filter(None, (row["first_name"], row["last_name"]))) or None,
            row["is_guest"],
            _figures(row, settings.thresholds, now),
        )
        for row in await tx.fetch_all(Q.list_scored, values)
    ]


def _steps(thresholds: Thresholds, now: datetime) -> dict[str, object]:
    each = [
        {"currency": currency, "steps": steps} for currency, steps in thresholds.by_currency.items()
    ]
    return {
        "now": now,
        "recency": list(thresholds.recency),
        "frequency": list(thresholds.frequency),
        "money": list(thresholds.money),
        "by_currency": to_json(each),
    }


def _figures(row: Row, thresholds: Thresholds, now: datetime) -> Figures:
    last = row["last_order_at"]
    scores = scores_of(
        orders=row["orders"],
        lifetime_value=row["lifetime_value"],
        last_order_at=last,
        currency=row["currency"],
        thresholds=thresholds,
        now=now,
    )
    return Figures(
        row["customer_id"],
        row["currency"],
        row["orders"],
        row["spent"],
        row["refunded"],
        row["lifetime_value"],
        row["average"],
        row["first_order_at"],
        last,
        max((now - last).days, 0) if last else None,
        scores,
        segment_of(scores),
    )
