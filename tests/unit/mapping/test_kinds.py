"""What stands in a record as what stands in a column."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.mapping import kinds
from storetwin.mapping.kinds import MisfitError
from storetwin.mapping.models import Kind

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("464.32", "464.32"),
        ("464.3200", "464.32"),
        ("464", "464.00"),
        ("464.3", "464.30"),
        ("1.5493", "1.5493"),
        ("1.54930", "1.5493"),
        ("-27.22", "-27.22"),
        ("-0", "0.00"),
        ("0", "0.00"),
        (" 12.5 ", "12.50"),
        ("+3", "3.00"),
        (".5", "0.50"),
        ("1.0E-5", "0.00001"),
        (12, "12.00"),
        (Decimal("47.120000000000005"), "47.120000000000005"),
        ("999999999999999999.123456789012345678901234567891", None),
        ("123456789012345678.123456789012345678901234567891", None),
    ],
)
def test_equal_amounts_come_out_equal(value: Any, amount: str | None) -> None:
    assert str(kinds.money(value)) == (amount or value)


@pytest.mark.parametrize(
    "value",
    [
        "12,50",
        "1_000",
        "1e400",
        "NaN",
        "Infinity",
        "free",
        "-",
        ".",
        "e5",
        "1" * 19,
        "١٢",
        True,
        10**18,
        Decimal("1e400"),
        Decimal("1e-31"),
        ["1.00"],
        {},
    ],
)
def test_what_is_no_amount_is_none(value: Any) -> None:
    with pytest.raises(MisfitError):
        kinds.money(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [("10.0", "10"), ("100", "100"), ("0.50", "0.5"), (3, "3"), (Decimal("19.00"), "19")],
)
def test_numbers_carry_no_needless_zeros(value: Any, shown: str) -> None:
    assert str(kinds.number(value)) == shown


@pytest.mark.parametrize("kind", [Kind.INTEGER, Kind.NUMBER, Kind.MONEY, Kind.TIME, Kind.DATE])
def test_an_empty_text_is_nothing_where_no_text_can_stand(kind: Kind) -> None:
    assert kinds.CONVERTERS[kind]("") is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-20T12:00:00", NOON),
        ("2026-11-20 12:00:00", NOON),
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T07:00:00-05:00", NOON),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_times_are_utc(value: str, moment: datetime) -> None:
    assert kinds.time(value) == moment
    assert kinds.time(value).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        "0000-00-00T00:00:00",
        "20261120",
        "2026-13-01",
        "10000-01-01T00:00:00",
        "0001-01-01T00:00:00+10:00",
        "tomorrow",
        "2026-W01-1",
        1795228958,
    ],
)
def test_what_is_no_time_is_none(value: Any) -> None:
    with pytest.raises(MisfitError):
        kinds.time(value)


@pytest.mark.parametrize(
    ("value", "whole"), [("5", 5), (5, 5), (Decimal("5.0"), 5), ("-1", -1), ("", None)]
)
def test_whole_numbers(value: Any, whole: int | None) -> None:
    assert kinds.integer(value) == whole


@pytest.mark.parametrize("value", [2**63, "9" * 19, "5.5", Decimal("5.5"), True, "five", []])
def test_what_is_no_whole_number_is_none(value: Any) -> None:
    with pytest.raises(MisfitError):
        kinds.integer(value)


def test_yes_and_no_in_the_words_of_php() -> None:
    said = [True, "yes", "1", 1, "true", False, "no", "0", 0, "false", ""]
    assert [kinds.boolean(one) for one in said] == [True] * 5 + [False] * 5 + [None]
    for odd in (2, "parent", [], Decimal(1)):
        with pytest.raises(MisfitError):
            kinds.boolean(odd)


def test_texts_are_texts_however_they_come() -> None:
    assert [kinds.text(one) for one in ("a", 5, True, False, Decimal("1.10"))] == [
        "a",
        "5",
        "true",
        "false",
        "1.10",
    ]
    assert kinds.escaped("10% &amp; &quot;off&quot; &lt;b&gt;") == '10% & "off" <b>'
    assert kinds.texts({"0": "a", "2": 5}) == ["a", "5"]
    assert kinds.texts("") == []
    for odd in ("a", 5, ["a", ["b"]], {"x": "a"}):
        with pytest.raises(MisfitError):
            kinds.texts(odd)


def test_a_name_of_nothing_is_none() -> None:
    assert [kinds.named(one) for one in (0, "0", "", " ", 17, "17", " 17 ")] == [
        *[None] * 4,
        *["17"] * 3,
    ]
    for odd in (True, Decimal("1.5"), [], "x" * 201, 10**300):
        with pytest.raises(MisfitError):
            kinds.named(odd)


def test_what_a_rule_made_is_held_to_the_kind() -> None:
    here = timezone(timedelta(hours=2))
    assert kinds.of_kind(Kind.TIME, datetime(2026, 11, 20, 14, tzinfo=here)) == NOON
    assert kinds.of_kind(Kind.DATE, date(2026, 11, 20)) == date(2026, 11, 20)
    assert kinds.of_kind(Kind.MONEY, "5") == Decimal("5.00")
    assert kinds.of_kind(Kind.TEXT, None) is None
    with pytest.raises(MisfitError):
        kinds.of_kind(Kind.TIME, datetime(2026, 11, 20, 14))  # noqa: DTZ001 - it has no zone
    with pytest.raises(MisfitError):
        kinds.of_kind(Kind.INTEGER, "five")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def of_kind(kind: Kind, value: Any) -> Any:
    """Return what a value is as a kind; the words of the misfit where it does not fit."""
    try:
        return kinds.of_kind(kind, value)
    except MisfitError as error:
        return error


@given(kind=st.sampled_from(Kind), value=ANYTHING)
def test_nothing_but_a_misfit_is_ever_raised(kind: Kind, value: Any) -> None:
    made = of_kind(kind, value)
    if isinstance(made, MisfitError):
        assert str(made).startswith(("no ", "neither "))
    else:
        assert of_kind(kind, made) == made


def test_a_number_that_python_cannot_write_does_not_fit() -> None:
    for kind in (Kind.TEXT, Kind.INTEGER, Kind.MONEY, Kind.NUMBER):
        assert isinstance(of_kind(kind, 10**5000), MisfitError)
