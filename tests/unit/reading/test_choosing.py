"""Where a page begins, and how its records are found: every kind of place to go on from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.reading.board_models import (
    HIDDEN,
    UNPAID,
    amounts_of,
    count_of,
    days_of,
    gathers,
    is_paid,
    is_whole_days,
    statuses_of,
    stretches_of,
)
from storetwin.reading.choosing import (
    FEW,
    Position,
    Slice,
    Sort,
    Span,
    Stretch,
    choose_of_stretches,
    segments,
)
from storetwin.reading.tallies import Days, Tally, is_most_of

ONE, TWO = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


def tally(status: str, records: int = 1, total: int = 100, **more: object) -> Tally:
    plain = {"connection_id": ONE, "currency": "EUR", "refunded_minor": 0}
    return Tally(status=status, records=records, total_minor=total, **(plain | more))  # type: ignore[arg-type]


@pytest.mark.parametrize("sort", list(Sort))
def test_what_has_no_value_stands_last_ascending_and_first_descending(sort: Sort) -> None:
    def parts(*, descending: bool, value: object) -> list[str]:
        return segments(Slice(sort, descending, after=Position(value, "7", ONE)))  # type: ignore[arg-type]

    assert [("IS NULL" in p, "IS NOT NULL" in p) for p in parts(descending=False, value=1)] == [
        (False, False), (True, False),
    ]  # fmt: skip
    assert len(parts(descending=True, value=1)) == 1
    assert [("IS NULL" in p, "IS NOT NULL" in p) for p in parts(descending=True, value=None)] == [
        (True, False), (False, True),
    ]  # fmt: skip
    assert len(parts(descending=False, value=None)) == 1


@pytest.mark.parametrize("value", [NOON, None])
@pytest.mark.parametrize("descending", [True, False])
def test_within_dates_nothing_is_without_a_date(descending: bool, value: datetime | None) -> None:
    part = Slice(Sort.CREATED, descending, Span(since=NOON), Position(value, "7", ONE))
    assert not any("IS NULL" in condition for condition in segments(part))


def test_records_without_a_status_are_looked_for_only_where_there_are_some() -> None:
    with_status, without = Stretch(ONE, "completed"), Stretch(ONE, "")
    assert "status IS NULL" not in choose_of_stretches(Slice(), [with_status])[0]
    assert "status IS NULL" in choose_of_stretches(Slice(), [with_status, without])[0]


@given(st.sampled_from(Sort), st.booleans(), st.booleans())
def test_no_mark_is_left_in_a_statement(sort: Sort, descending: bool, gathered: bool) -> None:
    statement, params = choose_of_stretches(
        Slice(sort, descending, Span(NOON), Position(None, "1", TWO)),
        [Stretch(ONE, "")],
        gathers=gathered,
    )
    marks = {"/* conditions */", "/* branches */", "/* direction */", "/* all */", "/* branch */"}
    assert not any(mark in statement for mark in marks)
    assert {"connections", "statuses", "limit", "offset", "reach", "since", "after_id"} <= set(
        params
    )


def test_hidden_statuses_are_shown_when_they_are_named() -> None:
    tallies = [tally("completed"), tally("trash"), tally("shipped", connection_id=TWO), tally("")]
    assert stretches_of(tallies, ()) == [
        Stretch(ONE, ""), Stretch(ONE, "completed"), Stretch(TWO, "shipped"),
    ]  # fmt: skip
    assert stretches_of(tallies, ("trash", "nonsense")) == [Stretch(ONE, "trash")]
    assert count_of(tallies, stretches_of(tallies, ())) == 3


@pytest.mark.parametrize(
    ("span", "days", "is_whole"),
    [
        (Span(), Days(), True),
        (Span(MIDNIGHT), Days(date(2026, 11, 20)), True),
        (Span(NOON), Days(date(2026, 11, 20)), False),
        (Span(until=MIDNIGHT), Days(None, date(2026, 11, 20)), True),
        (Span(until=NOON), Days(None, date(2026, 11, 21)), False),
        (Span(until=datetime.max.replace(tzinfo=UTC)), Days(None, date.max), False),
    ],
)
def test_days_that_a_span_touches(span: Span, days: Days, is_whole: bool) -> None:
    assert days_of(span) == days
    assert is_whole_days(span) is is_whole


def test_few_records_of_some_days_are_taken_whole() -> None:
    part = Slice(Sort.TOTAL, span=Span(NOON))
    assert gathers(part, FEW)
    assert not gathers(part, FEW + 1)
    assert not gathers(replace(part, sort=Sort.CREATED), 1)
    assert not gathers(replace(part, span=Span()), 1)


def test_revenue_is_what_woocommerce_and_plugins_call_paid() -> None:
    assert all(map(is_paid, ("processing", "completed", "shipped")))
    assert not any(map(is_paid, UNPAID | HIDDEN))
    assert is_paid("pending", frozenset({"pending"}))
    assert not is_paid("completed", frozenset({"pending"}))


def test_amounts_are_added_up_by_currency() -> None:
    tallies = [
        tally("completed", 2, 1050, refunded_minor=50),
        tally("shipped", 1, 25),
        tally("shipped", 1, 500, currency="JPY"),
        tally("shipped", 9, 0, currency=""),
    ]
    found = amounts_of(tallies)
    assert [(a.currency, a.orders, a.total, a.refunded, a.net) for a in found] == [
        ("EUR", 3, "10.75", "0.50", "10.25"),
        ("JPY", 1, "500", "0", "500"),
    ]
    assert [(s.status, s.orders) for s in statuses_of(tallies, None)] == [
        ("shipped", 11),
        ("completed", 2),
    ]


DAY = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@given(DAY, DAY, st.none() | DAY, st.none() | DAY)
def test_of_many_days_the_others_are_fewer(
    one: date, other: date, since: date | None, until: date | None
) -> None:
    first, last = min(one, other), max(one, other)
    every = {date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)}
    inside = {d for d in every if (since is None or d >= since) and (until is None or d < until)}
    is_most = is_most_of(Days(since, until), first, last)
    assert is_most == (len(inside) > len(every - inside))


def test_without_any_day_none_are_left_out() -> None:
    assert not is_most_of(Days(since=date(2026, 1, 1)), None, None)
    assert is_most_of(Days(since=date(2026, 1, 1)), date(2026, 1, 1), date.max)
