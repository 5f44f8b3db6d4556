"""Which records a store has: ids, statuses, dates and owners, as compact columns.

Products, variations, coupons, orders and refunds share the ids of wp_posts, as in WordPress.
Everything else about a record follows from the seed and its id, and is written out on demand.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from storetwin.sandboxes.woocommerce.generate.catalogue import Catalogue, make_catalogue
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.site_time import NEVER

START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
NOW = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
"""The generated past ends here; what changes while the store runs has the real time."""
BULK_SECOND = int(datetime(2026, 9, 1, 7, tzinfo=UTC).timestamp())
"""A bulk edit: many orders were modified in this one second."""
REPEATED_HOUR = (
    int(datetime(2026, 11, 1, 5, 30, tzinfo=UTC).timestamp()),
    int(datetime(2026, 11, 1, 6, 30, tzinfo=UTC).timestamp()),
)
"""Two moments that a clock in New York both shows as 01:30."""

ORDER_STATUSES = (
    "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
    "checkout-draft", "trash", "auto-draft", "shipped",
)  # fmt: skip
_DRAWN = (
    (3,) * 122
    + (1,) * 25
    + (0,) * 10
    + (2,) * 10
    + (4,) * 14
    + (5,) * 9
    + (6,) * 7
    + (7,) * 2
    + (8,)
)
_AUTO_DRAFT, _SHIPPED = 9, 10
AUTO_DRAFTS = 5
MOST_SHIPPED = 15
IMPORTED = 3
FIRST_POST = 11


@dataclass(slots=True)
class Sizes:
    """How many records of each kind belong to a number of orders."""

    orders: int
    products: int = field(init=False)
    customers: int = field(init=False)
    coupons: int = field(init=False)
    reviews: int = field(init=False)

    def __post_init__(self) -> None:
        self.products = max(60, min(2000, self.orders // 20))
        self.customers = max(20, self.orders // 6)
        self.coupons = max(12, min(53, self.orders // 100))
        self.reviews = max(15, self.products // 4)


@dataclass(slots=True)
class OrderColumns:
    """One entry an order, in id order. ``status`` indexes ORDER_STATUSES."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    status: bytearray = field(default_factory=bytearray)
    created: array[int] = field(default_factory=lambda: array("q"))
    modified: array[int] = field(default_factory=lambda: array("q"))
    customer: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class RefundColumns:
    """One entry a refund, in id order."""

    ids: array[int] = field(default_factory=lambda: array("q"))
    order: array[int] = field(default_factory=lambda: array("q"))
    created: array[int] = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class Plan:
    """What a store starts with."""

    seed: int
    sizes: Sizes
    catalogue: Catalogue
    coupon_ids: range
    orders: OrderColumns
    refunds: RefundColumns
    next_post: int


def make_plan(seed: int, orders: int) -> Plan:
    """Lay out a store with ``orders`` listed orders (and a few that no list shows)."""
    random = dice(seed, "plan", orders)
    sizes = Sizes(orders)
    catalogue = make_catalogue(random, sizes.products, FIRST_POST, (START, NOW))
    first_coupon = catalogue.next_id
    coupons = range(first_coupon, first_coupon + sizes.coupons)
    columns, refunds, next_post = _lay_orders(random, sizes, coupons.stop)
    _mark_special(columns)
    return Plan(seed, sizes, catalogue, coupons, columns, refunds, next_post)


def _lay_orders(
    random: Random, sizes: Sizes, first_id: int
) -> tuple[OrderColumns, RefundColumns, int]:
    """Draw the orders, most with rising dates, and put a refund behind about one in fifty."""
    columns, refunds = OrderColumns(), RefundColumns()
    draw = random.random
    unlisted = _unlisted(sizes.orders)
    total = sizes.orders + len(unlisted)
    step = (NOW - 3600 - START) / max(1, total)
    number = first_id
    for index in range(total):
        if draw() < 0.003:
            number += 1 + int(draw() * 3)
        status = unlisted.get(index, -1)
        if status < 0:
            status = _DRAWN[int(draw() * 200)]
        created = START + int(step * (index + draw()))
        if draw() < 0.01:
            created = START + int(draw() * (created - START + 1))
        modified = created if status == _AUTO_DRAFT else _modified(created, draw(), draw())
        columns.ids.append(number)
        columns.status.append(status)
        columns.created.append(created)
        columns.modified.append(modified)
        columns.customer.append(0 if draw() < 0.45 else 2 + int(draw() * sizes.customers))
        number += 1
        if status in (3, 5) and draw() < 0.03:
            number = _lay_refunds(refunds, columns, number, draw() < 0.1)
    return columns, refunds, number


def _unlisted(orders: int) -> dict[int, int]:
    """Return the places of orders that no list shows: auto-drafts and unregistered statuses."""
    shipped = min(MOST_SHIPPED, max(1, orders // 100))
    total = orders + shipped + AUTO_DRAFTS
    places = {(total * (2 * k + 1)) // (2 * shipped): _SHIPPED for k in range(shipped)}
    free = [place for place in range(total) if place not in places]
    for k in range(AUTO_DRAFTS):
        places[free[len(free) * (2 * k + 1) // (2 * AUTO_DRAFTS)]] = _AUTO_DRAFT
    return places


def _modified(created: int, chance: float, distance: float) -> int:
    if chance < 0.02 and created < BULK_SECOND:
        return BULK_SECOND + int(distance * 3 - 1) * (chance < 0.005)
    if chance < 0.5:
        return created + int(distance * 600)
    return min(NOW - 1, created + int(distance * 86_400 * 40))


def _lay_refunds(refunds: RefundColumns, orders: OrderColumns, number: int, twice: bool) -> int:
    order_id, created = orders.ids[-1], orders.created[-1]
    for count in range(1 + twice):
        moment = min(NOW - 1, created + 86_400 * (3 + 4 * count) + 49)
        refunds.ids.append(number)
        refunds.order.append(order_id)
        refunds.created.append(moment)
        if orders.modified[-1] != BULK_SECOND:
            orders.modified[-1] = max(orders.modified[-1], moment)
        number += 1
    return number


def _mark_special(columns: OrderColumns) -> None:
    """Give some orders what imports and clock changes leave behind."""
    ordinary = [at for at in range(len(columns.ids)) if columns.status[at] < 7]
    for at in ordinary[2 : 2 + IMPORTED]:
        columns.modified[at] = NEVER
    for at, moment in zip(ordinary[6:8], REPEATED_HOUR, strict=False):
        columns.modified[at] = moment
