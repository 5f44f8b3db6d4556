"""Segments: every triple of scores has one, thresholds are met where the page says so."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.core.segments import (
    DEFAULTS,
    Scores,
    Segment,
    Thresholds,
    scores_of,
    segment_of,
    thresholds_of,
)
from storetwin.kernel.errors import ConfigurationError

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "customer-figures.md"
EVERY = [Scores(*scores) for scores in product(range(1, 6), repeat=3)]


def scores(days: int, orders: int, value: str, thresholds: Thresholds = DEFAULTS) -> Scores:
    return scores_of(
        orders=orders,
        lifetime_value=Decimal(value),
        last_order_at=NOW - timedelta(days=days),
        currency="EUR",
        thresholds=thresholds,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("days", "orders", "value", "expected"),
    [
        (0, 10, "1500", (5, 5, 5)),
        (30, 9, "1499.99", (5, 4, 4)),
        (31, 5, "500", (4, 4, 4)),
        (90, 4, "499.99", (4, 3, 3)),
        (180, 3, "150", (3, 3, 3)),
        (365, 2, "50", (2, 2, 2)),
        (366, 1, "49.99", (1, 1, 1)),
    ],
)
def test_thresholds_are_met_as_the_page_says(
    days: int, orders: int, value: str, expected: Any
) -> None:
    assert scores(days, orders, value) == Scores(*expected)


def test_who_has_no_order_has_no_segment() -> None:
    none = scores_of(
        orders=0,
        lifetime_value=Decimal(0),
        last_order_at=None,
        currency="EUR",
        thresholds=DEFAULTS,
        now=NOW,
    )
    assert segment_of(none) is Segment.NONE


def test_every_segment_has_somebody_and_everybody_has_one() -> None:
    assert {segment_of(one) for one in EVERY} == set(Segment) - {Segment.NONE}


def test_the_page_names_every_segment() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == {one.value for one in Segment}


@given(st.sampled_from(EVERY))
def test_whoever_ordered_later_is_no_worse(one: Scores) -> None:
    worse = {Segment.LOST, Segment.ASLEEP, Segment.AT_RISK, Segment.CANNOT_LOSE}
    later = Scores(5, one.frequency, one.money)
    assert segment_of(later) not in worse


def test_money_of_one_currency_may_be_worth_less() -> None:
    thresholds = thresholds_of({"by_currency": {"EUR": [1, 2, 3, 4]}})
    assert scores(0, 1, "5", thresholds).money == 5
    assert scores(0, 1, "5").money == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"recency": [1, 2, 3]}, {"recency": [4, 3, 2, 1]}, {"recency": [1, 1, 2, 3]}, {"recency": "1234"},
        {"frequency": [1.5, 2, 3, 4]}, {"money": [-1, 2, 3, 4]}, {"money": ["NaN", 2, 3, 4]}, {"nothing": []},
        {"money": ["a", "b", "c", "d"]}, {"by_currency": []}, {"by_currency": {"EUR": [1]}},
    ],
)  # fmt: skip
def test_bad_thresholds_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        thresholds_of(bad)
