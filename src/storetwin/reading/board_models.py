"""What an order board shows, and what of it is decided: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from storetwin.kernel.money import from_minor
from storetwin.reading.choosing import FEW, Position, Slice, Sort, Span, Stretch
from storetwin.reading.tallies import Days, Tally

HIDDEN = frozenset({"trash", "auto-draft", "checkout-draft"})
"""What a store's own list of all orders leaves out: thrown away, or not placed yet."""
UNPAID = HIDDEN | {"pending", "on-hold", "cancelled", "refunded", "failed"}
"""WooCommerce's own statuses of orders that are no revenue. All others are: processing, completed,
and those that plugins add (shipped, packed), which come after the payment."""
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a table.

    Args:
        statuses: only these; none: all but hidden ones.
        text: only records that it occurs in.
        has_documents: with the record itself.
        is_plain: with what every table shows, instead of what an order board does.
    """

    resource: str = "orders"
    connection: str | None = None
    statuses: tuple[str, ...] = ()
    text: str | None = None
    part: Slice = field(default_factory=Slice)
    has_documents: bool = False
    is_plain: bool = False


class Order(msgspec.Struct, kw_only=True):
    """A row of the order board."""

    order_id: str
    connection: str
    number: str
    status: str | None
    created_at: datetime | None
    modified_at: datetime | None
    total: str | None
    refunded: str | None
    currency: str | None
    customer: str | None
    email: str | None
    items: int | None


class WholeOrder(Order, kw_only=True):
    """One order, with everything that the twin holds of it."""

    state: str
    version: int
    read_at: datetime
    data: msgspec.Raw
    refunds: list[msgspec.Raw]
    notes: list[msgspec.Raw]


class Line(msgspec.Struct, kw_only=True):
    """A row of any table."""

    external_id: str
    connection: str
    state: str
    status: str | None
    name: str | None
    sku: str | None
    email: str | None
    order_number: str | None
    created_at: datetime | None
    modified_at: datetime | None
    total: str | None
    currency: str | None
    raw: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page of a table.

    Args:
        last: where the next page begins; None on the last one.
        row_count: of all pages; where it is not exact there are as many, or more.
        is_search_cut: the text occurs too often: there may be records that were not found.
        hint: why nothing is here, and what to do.
    """

    rows: Sequence[Order | Line]
    last: Position | None = None
    row_count: int = 0
    row_count_is_exact: bool = True
    is_search_cut: bool = False
    hint: str | None = None


class Amount(msgspec.Struct, kw_only=True):
    """What some orders of one currency come to, as people write it."""

    currency: str
    orders: int
    total: str
    refunded: str
    net: str


class StatusCount(msgspec.Struct, kw_only=True):
    """The orders of one status."""

    status: str
    orders: int
    is_paid: bool
    amounts: list[Amount]


class Synced(msgspec.Struct, kw_only=True):
    """When a connection's orders were last brought in step."""

    connection: str
    last_sync_at: datetime | None


class Statistics(msgspec.Struct, kw_only=True):
    """What the orders come to."""

    orders: int
    by_status: list[StatusCount]
    revenue: list[Amount]
    last_sync_at: datetime | None
    connections: list[Synced]
    hint: str | None


class NamedStatus(msgspec.Struct, kw_only=True):
    """A status that orders have, or that a store says it has."""

    status: str
    name: str | None
    orders: int
    is_paid: bool


def stretches_of(
    tallies: Iterable[Tally], statuses: Sequence[str], hidden: frozenset[str] = HIDDEN
) -> list[Stretch]:
    """Return the stretches that have records and are asked for."""
    asked = frozenset(statuses)
    found = {
        (tally.connection_id, tally.status)
        for tally in tallies
        if (tally.status in asked if asked else tally.status not in hidden)
    }
    return [Stretch(*one) for one in sorted(found)]


def count_of(tallies: Iterable[Tally], stretches: Iterable[Stretch]) -> int:
    """Return how many records some stretches have."""
    wanted = {(stretch.connection_id, stretch.status) for stretch in stretches}
    return sum(t.records for t in tallies if (t.connection_id, t.status) in wanted)


def days_of(span: Span) -> Days:
    """Return the days that a span touches."""
    until = None
    if span.until is not None:
        until = span.until.date()
        if not _is_midnight(span.until) and until < date.max:
            until += timedelta(days=1)
    return Days(span.since.date() if span.since else None, until)


def is_whole_days(span: Span) -> bool:
    """Say whether the counts by day are those of a span."""
    return all(moment is None or _is_midnight(moment) for moment in (span.since, span.until))


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def gathers(part: Slice, count: int) -> bool:
    """Say whether the records of a span are taken whole, for the order is of no help.

    Args:
        count: how many there are at most.
    """
    is_bounded = part.span != Span()
    return is_bounded and part.sort is not Sort.CREATED and count <= FEW


def is_paid(status: str, paid: frozenset[str] | None = None) -> bool:
    """Say whether orders of a status are revenue.

    Args:
        paid: the statuses that somebody says are; None: as WooCommerce sees it.
    """
    return status in paid if paid is not None else status not in UNPAID


def amounts_of(tallies: Iterable[Tally]) -> list[Amount]:
    """Return what some records come to, by currency; those without one are left out."""
    sums: dict[str, tuple[int, int, int]] = {}
    for tally in tallies:
        if tally.currency:
            orders, total, refunded = sums.get(tally.currency, (0, 0, 0))
            sums[tally.currency] = (
                orders + tally.records,
                total + tally.total_minor,
                refunded + tally.refunded_minor,
            )
    return [
        Amount(
            currency=currency,
            orders=orders,
            total=from_minor(total, currency),
            refunded=from_minor(refunded, currency),
            net=from_minor(total - refunded, currency),
        )
        for currency, (orders, total, refunded) in sorted(sums.items())
    ]


def statuses_of(tallies: Sequence[Tally], paid: frozenset[str] | None) -> list[StatusCount]:
    """Return the counts by status, the largest first."""
    by_status: dict[str, list[Tally]] = {}
    for tally in tallies:
        by_status.setdefault(tally.status, []).append(tally)
    counts = [
        StatusCount(
            status=status,
            orders=sum(tally.records for tally in own),
            is_paid=is_paid(status, paid),
            amounts=amounts_of(own),
        )
        for status, own in by_status.items()
    ]
    return sorted(counts, key=lambda count: (-count.orders, count.status))


def order_id_of(connection_id: UUID, remote_id: str) -> str:
    """Return the id of an order: of a record of a connection."""
    return f"{connection_id}:{remote_id}"
