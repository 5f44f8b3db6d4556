"""Which way a resource is kept in step, and which dates are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.mirror.window import (
    OVERLAP,
    Clock,
    Standing,
    Way,
    clock_of,
    container_of,
    is_all,
    lists_changed,
    moved_on,
    takes_dates,
    way_of,
    window_since,
)
from storetwin.resources import RESOURCES, named

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
READ = Standing(is_read=True, synced_to=NOON, held=5_000)
SMALL = Standing(is_read=True, held=40)
DATED = frozenset({"orders", "products", "variations", "coupons", "refunds"})
MOMENTS = st.floats(1.6e9, 2.2e9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@dataclass(frozen=True)
class Routes:
    """Routes of a store: those of all resources unless some are left out."""

    without: frozenset[str] = frozenset()
    dates: bool = True
    statuses: tuple[str, ...] = ()

    def exists(self, path: str) -> bool:
        return path not in self.without

    def accepts(self, path: str, argument: str) -> bool:
        if argument == "modified_after":
            return self.dates and path in DATED and self.exists(path)
        if argument == "after":
            return path in {"orders", "products", "coupons", "products/reviews"}
        return argument in {"per_page", "offset", "include", "exclude"}

    def enum(self, path: str, argument: str) -> tuple[str, ...]:
        return self.statuses if (path, argument) == ("orders", "status") else ()


NEW = Routes()
OLD = Routes(without=frozenset({"variations", "refunds"}))  # WooCommerce 8
OLDEST = Routes(without=OLD.without, dates=False)  # WooCommerce 3.9
CASES = {
    ("orders", NEW): Way.WINDOW,
    ("variations", NEW): Way.WINDOW,
    ("refunds", NEW): Way.WINDOW,
    ("customers", NEW): Way.NEWEST,
    ("reviews", NEW): Way.NEWEST,
    ("categories", NEW): Way.NEWEST,
    ("taxes", NEW): Way.NEWEST,
    ("terms", NEW): Way.WHOLE,
    ("tax_classes", NEW): Way.WHOLE,
    ("settings", NEW): Way.WHOLE,
    ("system_status", NEW): Way.WHOLE,
    ("order_notes", NEW): Way.BELOW,
    ("variations", OLD): Way.BELOW,
    ("refunds", OLD): Way.BELOW,
    ("orders", OLD): Way.WINDOW,
    ("orders", OLDEST): Way.COMPARE,
    ("products", OLDEST): Way.COMPARE,
    ("coupons", OLDEST): Way.COMPARE,
    ("variations", OLDEST): Way.COMPARE,
    ("refunds", OLDEST): Way.COMPARE,
    ("customers", OLDEST): Way.NEWEST,
}


def way(name: str, routes: Routes, standing: Standing) -> Way:
    dated = frozenset(r.name for r in RESOURCES if takes_dates(r, routes))
    return way_of(named(name), routes, standing, dated=dated)


@pytest.mark.parametrize(
    ("name", "routes"), CASES, ids=[f"{n} {r.dates} {len(r.without)}" for n, r in CASES]
)
def test_each_resource_has_its_way(name: str, routes: Routes) -> None:
    assert way(name, routes, READ) is CASES[name, routes]


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_what_was_never_read_to_its_end_is_pulled(name: str) -> None:
    for routes in (NEW, OLD, OLDEST):
        assert way(name, routes, Standing(is_read=False, synced_to=NOON)) is Way.PULL


@pytest.mark.parametrize("name", ["customers", "reviews", "categories", "taxes"])
def test_short_lists_without_dates_are_read_whole(name: str) -> None:
    assert way(name, NEW, SMALL) is Way.WHOLE
    assert way(name, NEW, Standing(is_read=True, held=100)) is Way.NEWEST


def test_a_twin_that_nobody_dated_has_all_dates_compared_first() -> None:
    assert way("orders", NEW, SMALL) is Way.COMPARE


@given(MOMENTS)
def test_a_window_is_asked_for_in_gmt_without_zone_or_fraction(moment: datetime) -> None:
    asked = window_since(moment)
    assert asked["dates_are_gmt"] == "true"
    since = datetime.fromisoformat(asked["modified_after"])
    assert since.tzinfo is None
    assert since.microsecond == 0
    # Strictly after: the second of the last answer, and those before it, are read once more.
    assert (
        since.replace(tzinfo=UTC)
        <= moment - OVERLAP
        < since.replace(tzinfo=UTC) + timedelta(seconds=1)
    )


@given(MOMENTS, st.integers(-12, 14))
def test_a_window_is_the_same_in_every_zone(moment: datetime, hours: int) -> None:
    there = moment.astimezone(timezone(timedelta(hours=hours)))
    assert window_since(there) == window_since(moment)


@given(MOMENTS, MOMENTS)
def test_a_window_never_moves_back(before: datetime, asked_at: datetime) -> None:
    assert moved_on(before, asked_at) == max(before, asked_at)
    assert moved_on(before, None) == before


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, Clock.RUNS), (3_600, Clock.RUNS), (-90, Clock.RUNS), (-91, Clock.SET_BACK)],
)
def test_a_clock_that_was_set_back_is_noticed(seconds: int, expected: Clock) -> None:
    assert clock_of(NOON, NOON + timedelta(seconds=seconds)) is expected
    assert clock_of(NOON, None) is Clock.SILENT


@pytest.mark.parametrize(
    ("rows", "total", "expected"),
    [(0, 0, True), (99, 99, True), (100, 100, False), (40, 41, False), (40, None, False)],
)
def test_a_page_is_the_whole_list_only_with_room_left(
    rows: int, total: int | None, expected: bool
) -> None:
    assert is_all(rows, total, 100) is expected


def test_a_status_or_a_route_that_came_makes_other_lists() -> None:
    before = Routes(statuses=("any", "pending"))
    assert lists_changed(RESOURCES, before, before) == []
    assert lists_changed(RESOURCES, before, Routes(statuses=("any", "pending", "shipped"))) == [
        "orders"
    ]
    assert set(lists_changed(RESOURCES, OLD, NEW)) == {"variations", "refunds"}
    assert set(lists_changed(RESOURCES, OLDEST, OLD)) == {"orders", "products", "coupons"}


def test_lists_below_a_record_are_told_from_lists_of_their_own() -> None:
    assert container_of(named("variations"), NEW) is None
    assert container_of(named("variations"), OLD) == "products"
    assert container_of(named("terms"), NEW) == "attributes"
    assert container_of(named("order_statuses"), NEW) is None
