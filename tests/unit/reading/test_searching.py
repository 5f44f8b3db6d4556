"""By what an index is asked for a text, and when it is not asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.reading.searching import (
    LOOK_FIRST,
    MANY,
    PIECES,
    Newest,
    is_rare,
    pattern_of,
    rarest,
)

NAMES = [
    f"{first} {last}"
    for first in ("ada", "nora", "priya", "emil")
    for last in ("lovelace", "wei", "nolde", "salk")
]
TEXTS = [
    f"{n} buyer{n * 131 % 90_000}@post.test {NAMES[n % len(NAMES)]}" for n in range(40_000, 41_000)
]


def test_a_text_is_taken_letter_by_letter() -> None:
    assert pattern_of("100%_\\x") == "%100\\%\\_\\\\x%"


def test_what_every_address_has_is_not_asked_for() -> None:
    chosen = rarest("buyer4711@post.test", TEXTS)
    assert len(chosen) == PIECES
    assert set(chosen) <= {"er4", "r47", "471", "711"}


def test_pieces_are_chosen_that_are_rare_together() -> None:
    """All of a first name occur in the same records: what narrows them down is the other word."""
    chosen = rarest("priya lo", TEXTS)
    assert " lo" in chosen
    assert set(chosen) & {"pri", "riy", "iya"}
    assert len(set(chosen)) == 2, "a third one costs, and finds no less"


@pytest.mark.parametrize("wanted", ["a.b", "- -", "..."])
def test_what_has_no_piece_is_asked_for_whole(wanted: str) -> None:
    assert rarest(wanted, TEXTS) == [wanted] * PIECES


@given(
    st.text("ab1@. é%_", min_size=3, max_size=12),
    st.lists(st.text("ab1@. é%_", max_size=20), max_size=8),
)
def test_whatever_has_the_text_has_each_piece(wanted: str, texts: list[str]) -> None:
    chosen = rarest(wanted, texts)
    assert len(chosen) == PIECES
    assert all(piece in wanted for piece in chosen)
    assert chosen == rarest(wanted, list(reversed(texts)))


def newest(occurs: int, records: int, looked: int = LOOK_FIRST) -> Newest:
    return Newest(["ada"] * occurs + ["wei"] * (looked - occurs), records)


@pytest.mark.parametrize(
    ("wanted", "of", "rare"),
    [
        ("ada", newest(0, 10**9), True),
        ("ada", newest(8, MANY * LOOK_FIRST // 8), True),
        ("ada", newest(9, MANY * LOOK_FIRST // 8), False),
        ("ada", newest(150, 10_000), True),  # of few records all are found
        ("ad", newest(0, 10**6), False),  # no index knows what is shorter
        ("ada", newest(1, 500, looked=500), False),  # so few are looked through
        ("ada", newest(0, 0, looked=0), True),  # none has a date
    ],
)
def test_how_common_a_text_is_the_newest_tell(wanted: str, of: Newest, rare: bool) -> None:
    assert is_rare(wanted, of) is rare
