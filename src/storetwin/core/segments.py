"""What a customer is to a shop, by recency, frequency and money: pure.

Each of the three is scored from 1 to 5 by thresholds, and the scores name a segment. Recency moves
with the days, so segments are worked out when they are asked for, never kept.
docs/explanation/customer-figures.md says it for people.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Any

from storetwin.kernel.errors import ConfigurationError

STEPS = 4  # thresholds between five scores
MOST_DAYS = 36_500
MOST_ORDERS = 1_000_000
MOST_MONEY = 10**15


class Segment(StrEnum):
    """What a customer is to a shop."""

    CHAMPION = "champion"
    LOYAL = "loyal"
    PROMISING = "promising"
    NEW = "new"
    NEEDS_ATTENTION = "needs_attention"
    AT_RISK = "at_risk"
    CANNOT_LOSE = "cannot_lose"
    ASLEEP = "asleep"
    LOST = "lost"
    NONE = "none"  # no order that counts


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where one score ends and the next begins.

    Args:
        recency: days since the last order, ascending: up to the first is a 5, beyond the last a 1.
        frequency: orders, ascending: fewer than the first is a 1, from the last on a 5.
        money: lifetime value, likewise, in units of the currency.
        by_currency: the same for currencies that are worth much more or less.
    """

    recency: tuple[int, ...] = (30, 90, 180, 365)
    frequency: tuple[int, ...] = (2, 3, 5, 10)
    money: tuple[Decimal, ...] = (Decimal(50), Decimal(150), Decimal(500), Decimal(1500))
    by_currency: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)


DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Scores:
    """Of a customer, in one currency, each from 1 to 5; 0 where no order counts."""

    recency: int = 0
    frequency: int = 0
    money: int = 0


def scores_of(
    *,
    orders: int,
    lifetime_value: Decimal,
    last_order_at: datetime | None,
    currency: str,
    thresholds: Thresholds,
    now: datetime,
) -> Scores:
    """Return the scores of a customer's figures in a currency."""
    if orders <= 0 or last_order_at is None:
        return Scores()
    days = max((now - last_order_at).days, 0)
    money = thresholds.by_currency.get(currency, thresholds.money)
    return Scores(
        recency=5 - bisect_left(thresholds.recency, days),
        frequency=1 + bisect_right(thresholds.frequency, orders),
        money=1 + bisect_right(money, lifetime_value),
    )


def segment_of(scores: Scores) -> Segment:
    """Return the segment that some scores name."""
    recency, frequency = scores.recency, scores.frequency
    if recency == 0:
        return Segment.NONE
    worth = max(frequency, scores.money)
    if recency >= 4:
        return _lately(frequency, worth, recency)
    if recency == 3:
        return Segment.LOYAL if frequency >= 4 else Segment.NEEDS_ATTENTION
    if worth == 5:
        return Segment.CANNOT_LOSE
    if worth >= 3:
        return Segment.AT_RISK
    return Segment.ASLEEP if recency == 2 else Segment.LOST


def _lately(frequency: int, worth: int, recency: int) -> Segment:
    if worth >= 4 and frequency >= 3:
        return Segment.CHAMPION
    if frequency >= 3:
        return Segment.LOYAL
    if frequency == 1 and recency == 5:
        return Segment.NEW
    return Segment.PROMISING


def thresholds_of(given: Mapping[str, Any]) -> Thresholds:
    """Return thresholds as somebody gave them; what is left out stays as it is by default.

    Raises:
        ConfigurationError: they are not four ascending numbers each.
    """
    unknown = given.keys() - {"recency", "frequency", "money", "by_currency"}
    if unknown:
        raise ConfigurationError(
            f"There are no thresholds {min(unknown)!r}.",
            remedy="Give recency, frequency, money, by_currency.",
        )
    each = given.get("by_currency", {})
    if not isinstance(each, Mapping) or len(each) > 200:
        raise ConfigurationError("Give by_currency as four amounts a currency.")
    return Thresholds(
        recency=_whole(given.get("recency", DEFAULTS.recency), MOST_DAYS, "recency"),
        frequency=_whole(given.get("frequency", DEFAULTS.frequency), MOST_ORDERS, "frequency"),
        money=_ascending(given.get("money", DEFAULTS.money), MOST_MONEY, "money"),
        by_currency={
            str(currency): _ascending(steps, MOST_MONEY, "money")
            for currency, steps in each.items()
        },
    )


def _whole(steps: Any, most: int, what: str) -> tuple[int, ...]:
    found = _ascending(steps, most, what)
    if any(step != int(step) for step in found):
        raise ConfigurationError(f"Thresholds of {what} are whole numbers.")
    return tuple(int(step) for step in found)


def _ascending(steps: Any, most: int, what: str) -> tuple[Decimal, ...]:
    try:
        found = tuple(Decimal(str(step)) for step in steps) if _is_list(steps) else ()
    except ArithmeticError:
        found = ()
    is_fine = len(found) == STEPS and all(one.is_finite() and 0 <= one <= most for one in found)
    if not is_fine or any(one >= two for one, two in pairwise(found)):
        raise ConfigurationError(
            f"Thresholds of {what} are {STEPS} numbers, each greater than the one before.",
            remedy="Give them like [30, 90, 180, 365].",
        )
    return found


def _is_list(steps: Any) -> bool:
    return isinstance(steps, Sequence) and not isinstance(steps, str)
