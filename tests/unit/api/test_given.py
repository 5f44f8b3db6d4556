"""What a request body may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from storetwin.api.given import BIGGEST, Given, is_text


class Anything(Given):
    value: Any


@pytest.mark.parametrize(
    "value", ["ada", "😀", 0, -BIGGEST, 1.5, None, True, [], {"a": ["b", {"c": None}]}]
)
def test_what_can_be_kept_is_taken(value) -> None:
    assert Anything.model_validate({"value": value}).value == value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a\x00", "no text"),
        ("\ud800", "no text"),
        ({"\udfff": 1}, "no text"),
        ([["\x00"]], "no text"),
        (BIGGEST + 1, "too big"),
        (10**4000, "too big"),
    ],
)
def test_what_cannot_be_kept_is_refused(value, why) -> None:
    with pytest.raises(ValidationError, match=why):
        Anything.model_validate({"value": value})


def test_depth_is_bounded() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    with pytest.raises(ValidationError, match="too deeply"):
        Anything.model_validate({"value": deep})


def test_a_field_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValidationError, match="extra"):
        Anything.model_validate({"value": 1, "other": 2})


@given(st.text())
def test_text_is_what_postgresql_can_hold(value: str) -> None:
    assert is_text(value) == (
        "\x00" not in value and value.encode("utf-8", "replace").decode() == value
    )


class Inner(Given):
    count: int = 0


class Plain(Given):
    count: int | None = None
    is_so: bool = False
    name: str = "x"
    share: float = 0.5
    at: datetime | None = None
    counts: list[int] | None = None
    inner: Inner | None = None


@pytest.mark.parametrize(
    "given_",
    [
        {"count": True},
        {"count": "1"},
        {"is_so": 1},
        {"is_so": "yes"},
        {"name": 1},
        {"share": "0.5"},
        {"counts": [False]},
        {"inner": {"count": "1"}},
    ],
)
def test_a_plain_value_is_taken_as_what_it_is_only(given_) -> None:
    with pytest.raises(ValidationError):
        Plain.model_validate(given_)


def test_what_json_cannot_spell_comes_as_text() -> None:
    taken = Plain.model_validate({"at": "2026-11-21T19:00:00Z", "share": 1, "counts": [1]})
    assert taken.at == datetime(2026, 11, 21, 19, tzinfo=UTC)
