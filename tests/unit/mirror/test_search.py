"""What differs between two lists of ids is found in few questions, and nothing else is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.mirror.search import MOST_QUESTIONS, Search, SearchFailedError

IDS = st.sets(st.integers(1, 5_000), max_size=700)


def searched(held: set[int], listed: set[int]) -> Search:
    """Return a search at its end, answered as a store that rests would."""
    shown = sorted(listed)
    search = Search(sorted(held), len(shown))
    while (question := search.question) is not None:
        search.answer(shown[question.offset : question.offset + question.size])
    return search


@given(IDS, st.sets(st.integers(1, 5_000), max_size=30))
def test_deletions_are_found_all_of_them_and_nothing_else(held: set[int], gone: set[int]) -> None:
    search = searched(held, held - gone)
    assert sorted(search.missing) == sorted(held & gone)
    assert search.extra == []


@given(IDS, st.sets(st.integers(1, 5_000), max_size=30))
def test_records_that_the_twin_lacks_are_found(held: set[int], new: set[int]) -> None:
    search = searched(held, held | new)
    assert sorted(search.extra) == sorted(new - held)
    assert search.missing == []


@given(IDS, IDS)
def test_whatever_differs_only_real_differences_are_told(held: set[int], listed: set[int]) -> None:
    try:
        search = searched(held, listed)
    except SearchFailedError:
        return
    assert set(search.missing) <= held - listed
    assert set(search.extra) <= listed - held
    assert len(search.extra) - len(search.missing) == len(listed) - len(held)


def test_new_records_at_the_end_hide_no_deletion() -> None:
    held = set(range(1, 1_001))
    search = searched(held, (held - {500}) | {1_001, 1_002})
    assert (search.missing, sorted(search.extra)) == ([500], [1_001, 1_002])


@pytest.mark.parametrize("seed", range(20))
def test_three_deletions_among_thirty_thousand(seed: int) -> None:
    chance = random.Random(seed)
    held = set(chance.sample(range(1, 200_000), 30_000))
    gone = set(chance.sample(sorted(held), 3))
    search = searched(held, held - gone)
    assert set(search.missing) == gone
    assert search.questions <= 30


def test_equal_lengths_ask_nothing() -> None:
    assert searched({1, 2, 3}, {1, 2, 3}).questions == 0


def test_a_list_that_moves_meanwhile_is_left_to_the_walk() -> None:
    search = Search(list(range(1, 1_001)), 999)
    search.answer([500])
    with pytest.raises(SearchFailedError):
        search.answer([3])


@pytest.mark.parametrize("shown", [[], [7, 7], [9, 8]])
def test_an_answer_that_cannot_be_is_not_believed(shown: list[int]) -> None:
    search = Search([1, 2, 3, 4], 2)
    with pytest.raises(SearchFailedError):
        search.answer(shown)


def test_too_many_differences_end_it() -> None:
    with pytest.raises(SearchFailedError):
        searched(set(range(1, 200_000)), set(range(1, 200_000, 2)))
    search = searched(set(range(1, 100_001)), set(range(1, 100_001)) - {5, 77_777})
    assert search.questions < MOST_QUESTIONS
