"""How many records a page asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.woocommerce.pace import (
    AIM_BYTES,
    AIM_SECONDS,
    GENTLE_SECONDS,
    HEAVY,
    burden,
    next_size,
)
from storetwin.woocommerce.paging import FULL_PAGE, SMALLEST


@pytest.mark.parametrize(
    ("size", "asked", "weight", "following"),
    [
        (100, 100, 1.0, 100),
        (100, 100, 2.0, 100),
        (100, 100, 2.1, 25),
        (100, 100, 4.0, 25),
        (100, 100, 4.1, 12),
        (100, 100, 1e9, SMALLEST),
        (SMALLEST, SMALLEST, 1e9, SMALLEST),
        (50, 50, 0.5, 50),
        (50, 50, 0.3, 83),
        (12, 12, 0.05, 100),
        (12, 12, 0.2, 30),
        (100, 100, 0.0, 100),
        (50, 6, 0.0, 50),  # a piece of a bad page was light: that says nothing of whole ones
        (50, 6, 3.0, SMALLEST),
        (12, 100, 2.1, 12),  # a full page at the end of a list of small ones
    ],
)
def test_the_next_page(size, asked, weight, following):
    assert next_size(size, asked, weight) == following


def test_what_makes_a_page_heavy():
    assert burden(AIM_SECONDS, 0.1, 10, records=100, is_gentle=False) == 1.0
    assert burden(0.1, 0.1, 2 * AIM_BYTES, records=100, is_gentle=False) == 2.0
    assert burden(1.0, 4 * GENTLE_SECONDS, 10, records=100, is_gentle=True) == 4.0
    # the way there costs nobody anything
    assert burden(1.2, GENTLE_SECONDS, 10, records=100, is_gentle=True) == 1.0


def test_a_slow_host_is_not_asked_for_its_records_one_by_one():
    size = 100
    for _ in range(20):
        weight = burden(2.0, 2.0, 10, records=size, is_gentle=True)
        size = next_size(size, size, weight)
    assert size == 12


@given(
    st.floats(0.0001, 5.0), st.floats(0.0, 1.5), st.integers(SMALLEST, FULL_PAGE)
)  # fmt: skip
def test_sizes_settle_and_the_page_fits_as_far_as_it_can(each, fixed, start):
    def weigh(size):
        return (fixed + each * size) / AIM_SECONDS

    sizes = [start]
    for _ in range(12):
        sizes.append(next_size(sizes[-1], sizes[-1], weigh(sizes[-1])))
    assert sizes[-1] == sizes[-2] == sizes[-3]
    assert weigh(sizes[-1]) <= HEAVY or sizes[-1] == SMALLEST


@given(st.integers(1, 100), st.integers(1, 100), st.floats(0, 1e6))
def test_a_page_is_never_too_small_to_go_on_nor_larger_than_a_store_takes(size, asked, weight):
    size = max(SMALLEST, size)
    assert SMALLEST <= next_size(size, asked, weight) <= FULL_PAGE
