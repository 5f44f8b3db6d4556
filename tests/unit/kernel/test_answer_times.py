"""Answer times: counted one by one, added in any order, and told as percentiles."""

from __future__ import annotations

from bisect import bisect_left
from functools import reduce
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.answer_times import BOUNDS, MOST_COUNTS, Counts, added, counted, percentile
from storetwin.kernel.cost import Cost

TIMES = st.lists(st.integers(0, 400_000), min_size=1, max_size=200)
PERCENTS = st.integers(1, 100)


def counts_of(times: list[int]) -> Counts:
    return reduce(added, map(counted, times), ())


def test_bounds_grow_by_about_a_third_up_to_five_minutes() -> None:
    assert (BOUNDS[0], BOUNDS[-1]) == (5, 300_000)
    assert all(1.25 < high / low <= 1.4 for low, high in pairwise(BOUNDS))


@pytest.mark.parametrize(
    ("took", "place"), [(0, 0), (5, 0), (6, 1), (7, 1), (8, 2), (300_000, 38), (300_001, 39)]
)
def test_an_answer_is_counted_where_its_time_is(took: int, place: int) -> None:
    assert counted(took) == (0,) * place + (1,)
    assert len(counted(took)) <= MOST_COUNTS


def test_of_no_answers_nothing_is_told() -> None:
    assert percentile((), 50, 0) is None
    assert percentile((0, 0), 95, 70) is None


def test_of_one_answer_it_is_about_that() -> None:
    assert percentile(counted(240), 50, 240) == 228
    assert percentile(counted(240), 100, 240) == 240


def test_within_two_bounds_answers_are_spread_evenly() -> None:
    assert percentile((100,), 50, 90_000) == 2
    assert percentile((50, 50), 75, 90_000) == 6
    assert percentile((0,) * 39 + (4,), 50, 500_000) == 400_000


@given(TIMES, PERCENTS)
def test_a_percentile_lies_between_the_bounds_of_the_true_one(
    times: list[int], percent: int
) -> None:
    true = sorted(times)[ceil(percent * len(times) / 100) - 1]
    at = bisect_left(BOUNDS, true)
    told = percentile(counts_of(times), percent, max(times))
    assert told is not None
    assert (BOUNDS[at - 1] if at else 0) <= told
    assert told <= (BOUNDS[at] if at < len(BOUNDS) else max(times))


@given(TIMES)
def test_percentiles_grow_and_none_is_above_the_slowest(times: list[int]) -> None:
    told = [percentile(counts_of(times), percent, max(times)) or 0 for percent in range(1, 101)]
    assert told == sorted(told)
    assert told[-1] <= max(times)


@given(TIMES, st.integers(0, 400_000), PERCENTS)
def test_one_more_that_is_slower_than_all_makes_none_faster(
    times: list[int], slower: int, percent: int
) -> None:
    slowest = max(times) + slower
    before = percentile(counts_of(times), percent, slowest)
    after = percentile(counts_of([*times, slowest]), percent, slowest)
    assert before is not None
    assert after is not None
    assert before <= after


@given(st.lists(st.lists(st.integers(0, 400_000), max_size=20), max_size=8), st.randoms())
def test_what_runs_met_is_the_same_in_whatever_order_it_is_added(runs, random) -> None:
    def met(times: list[int]) -> Cost:
        costs = (Cost(1, 1, took, took, answer_times=counted(took)) for took in times)
        return sum(costs, Cost())

    whole = sum(map(met, runs), Cost())
    random.shuffle(runs)
    assert sum(map(met, runs), Cost()) == whole
    assert sum(whole.answer_times) == whole.answers
    assert not whole.answer_times or whole.answer_times[-1]


@given(st.lists(st.integers(0, 9), max_size=MOST_COUNTS), PERCENTS, st.integers(0, 400_000))
def test_no_counts_are_too_odd(counts: list[int], percent: int, slowest: int) -> None:
    told = percentile(counts, percent, slowest)
    assert (told is None) == (not any(counts))
    assert told is None or told <= slowest
