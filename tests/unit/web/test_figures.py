"""Times, durations, numbers and amounts as they are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.web.figures import (
    UNKNOWN,
    age,
    clock_time,
    duration,
    in_utc,
    money,
    number,
    share,
    zone_named,
)

VIENNA = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 11, 20, 8, 43, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=12), "12 s"),
        (timedelta(minutes=4, seconds=59), "4 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(hours=15), "yesterday 18:43"),
        (timedelta(days=3), "3 days"),
        (timedelta(days=8), "12 Nov"),
        (timedelta(days=400), "16 Oct 2025"),
        (timedelta(seconds=-30), "in 30 s"),
        (timedelta(minutes=-4), "in 4 min"),
        (timedelta(hours=-5), "in 5 h"),
        (timedelta(days=-3), "23 Nov"),
    ],
)
def test_how_long_ago(before: timedelta, text: str) -> None:
    assert age(NOW - before, NOW, VIENNA) == text


def test_a_time_of_the_day_is_the_readers() -> None:
    assert clock_time(NOW, NOW, VIENNA) == "09:43"
    assert clock_time(NOW, NOW, VIENNA, seconds=True) == "09:43:10"
    assert clock_time(NOW - timedelta(days=2), NOW, VIENNA) == "18 Nov 09:43"
    assert in_utc(NOW.astimezone(VIENNA)) == "2026-11-20 08:43:10 UTC"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, UNKNOWN), (0.0123, "12 ms"), (12.4, "12 s"), (104, "1:44"), (7509, "2:05:09")],
)
def test_how_long_it_took(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_and_amounts() -> None:
    assert number(1234567) == "1,234,567"
    assert number(None) == UNKNOWN
    assert number(Decimal("1234.50")) == "1,234.50"
    assert number(2.345) == "2.3"
    assert money("12345678901234567.89", "EUR") == "12,345,678,901,234,567.89 EUR"
    assert money(Decimal(0), None) == "0"
    assert money(None, "EUR") == UNKNOWN
    assert share(1, 3) == 33
    assert share(5, 3) == 100
    assert share(1, None) is None


@given(st.one_of(st.none(), st.text(max_size=100)))
def test_whatever_a_cookie_says_is_a_zone(name: str | None) -> None:
    assert NOW.astimezone(zone_named(name)) == NOW


@given(st.integers(0, 4 * 10**9).map(lambda n: datetime.fromtimestamp(n, UTC)))
def test_every_moment_can_be_written(moment: datetime) -> None:
    assert age(moment, NOW, VIENNA)
    assert clock_time(moment, NOW, VIENNA)
