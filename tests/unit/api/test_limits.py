"""How often one caller may ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.limits import MOST_CALLERS, Limits
from storetwin.api.problems import ProblemError

CALLER = b"a caller"


def test_all_at_once_then_one_by_one() -> None:
    limits = Limits(60)
    left = [limits.take(CALLER, 0.0).remaining for _ in range(60)]
    assert (left[0], left[-1]) == (59, 0)
    with pytest.raises(ProblemError) as refused:
        limits.take(CALLER, 0.0)
    assert refused.value.status == 429
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "1"
    assert limits.take(CALLER, 1.0).remaining == 0


def test_one_caller_takes_nothing_from_another() -> None:
    limits = Limits(1)
    limits.take(CALLER, 0.0)
    assert limits.take(b"another", 0.0).remaining == 0


def test_who_keeps_asking_is_let_in_again_all_the_same() -> None:
    limits = Limits(60)
    allowed = 0
    for tick in range(6000):  # a hundred requests a second for a minute
        try:
            limits.take(CALLER, tick / 100)
        except ProblemError:
            continue
        allowed += 1
    assert 118 <= allowed <= 120


def test_the_memory_of_callers_is_bounded() -> None:
    limits = Limits(1)
    for number in range(MOST_CALLERS + 10):
        limits.take(str(number).encode(), 0.0)
    assert len(limits._used) == MOST_CALLERS


@given(
    per_minute=st.integers(1, 50),
    waits=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_than_allowed_in_any_minute(per_minute: int, waits: list[float]) -> None:
    limits, now, allowed = Limits(per_minute), 0.0, []
    for wait in waits:
        now += wait
        try:
            allowance = limits.take(CALLER, now)
        except ProblemError:
            continue
        assert 0 <= allowance.remaining < per_minute
        allowed.append(now)
    for begin in allowed:
        within = [at for at in allowed if begin <= at < begin + 60]
        assert len(within) <= 2 * per_minute  # a full bucket, and what has come meanwhile
