"""Amounts as whole minor units, and texts that sort as people expect."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.money import MOST_MINOR, from_minor, minor_digits, to_minor
from storetwin.kernel.natural import natural_key


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.00", "USD", 1200),
        ("12", "EUR", 1200),
        ("0.00", "USD", 0),
        ("-27.22", "USD", -2722),
        ("12.3456", "USD", 1235),
        ("0.005", "USD", 1),
        ("-0.005", "USD", -1),
        ("500", "JPY", 500),
        ("499.50", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        ("7.5", None, 750),
        ("7.5", "XYZ", 750),
        ("0." + "0" * 29 + "1", "USD", 0),
        ("", "USD", None),
        ("abc", "USD", None),
        ("1e400", "USD", None),
        ("1e3", "USD", None),
        ("NaN", "USD", None),
        ("1,50", "USD", None),
        ("1.", "USD", None),
        (" 1.00", "USD", None),
        ("9" * 30, "USD", None),
        ("9" * 18, "USD", None),
        ("10000000000000.00", "USD", MOST_MINOR),
        ("10000000000000.01", "USD", None),
        ("\u0661.00", "USD", None),
    ],
)
def test_an_amount_in_minor_units(amount: str, currency: str | None, minor: int | None) -> None:
    assert to_minor(amount, currency) == minor


@given(
    st.integers(-MOST_MINOR, MOST_MINOR),
    st.sampled_from(["USD", "JPY", "KWD", "CLF", "EUR", None]),
)
def test_what_is_written_is_read_again(minor: int, currency: str | None) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


@given(
    st.decimals(-(10**12), 10**12, allow_nan=False, places=6),
    st.sampled_from(["USD", "JPY", "KWD"]),
)
def test_halves_are_rounded_away_from_zero(amount: Decimal, currency: str) -> None:
    exact = amount.scaleb(minor_digits(currency))
    assert to_minor(f"{amount:f}", currency) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def test_numbers_sort_as_people_expect() -> None:
    numbers = ["WC-9", "WC-10", "wc-11", "9", "10", "100", "A2-7", "A2-30", "A10-1"]
    expected = ["9", "10", "100", "A2-7", "A2-30", "A10-1", "WC-9", "WC-10", "wc-11"]
    assert sorted(numbers, key=natural_key) == expected


@given(st.integers(0, 10**18), st.integers(0, 10**18))
def test_plain_numbers_sort_by_their_value(one: int, two: int) -> None:
    assert (natural_key(str(one)) < natural_key(str(two))) == (one < two)


def test_a_key_fits_an_index() -> None:
    assert len(natural_key("1a" * 1_000_000)) <= 240
