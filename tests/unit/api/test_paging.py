"""Cursors: what comes back is what went in, and anything else is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.paging import cursor_to, position_of
from storetwin.api.problems import ProblemError

QUESTION = "orders status=completed sort=-created_at"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.integers(-(2**63), 2**63 - 1), TEXTS)
def test_a_position_comes_back(number: int, text: str) -> None:
    cursor = cursor_to((number, text), QUESTION)
    assert position_of(cursor, QUESTION, int, str) == (number, text)


def test_the_first_page_has_none() -> None:
    assert position_of(None, QUESTION, int) is None


@given(st.text(max_size=300))
def test_what_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        position_of(text, QUESTION, int, str)
    assert (refused.value.status, refused.value.code) == (400, "bad_cursor")


@pytest.mark.parametrize(
    ("position", "question", "types"),
    [
        ((1, "a"), "another question", (int, str)),
        ((1, "a"), QUESTION, (str, str)),
        ((1, "a"), QUESTION, (int,)),
        ((1, "a"), QUESTION, (int, str, str)),
        ((None, "a"), QUESTION, (int, str)),
        ((1, "a\0"), QUESTION, (int, str)),
    ],
)
def test_what_does_not_fit_is_refused(position, question, types) -> None:
    with pytest.raises(ProblemError):
        position_of(cursor_to(position, question), QUESTION, *types)


@given(st.data())
def test_a_garbled_one_is_refused(data: st.DataObject) -> None:
    cursor = cursor_to((35_741, "a"), QUESTION)
    place = data.draw(st.integers(0, len(cursor) - 1))
    other = data.draw(st.sampled_from("Aa0-_=z").filter(lambda c: c != cursor[place]))
    with pytest.raises(ProblemError):
        position_of(cursor[:place] + other + cursor[place + 1 :], QUESTION, int, str)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    cursor = base64.urlsafe_b64encode(content).decode().rstrip("=")
    with pytest.raises(ProblemError):
        position_of(cursor, QUESTION, int, str)


def test_a_deep_one_is_refused() -> None:
    cursor = base64.urlsafe_b64encode(b"[" * 1500).decode().rstrip("=")
    with pytest.raises(ProblemError):
        position_of(cursor, QUESTION, int, str)
