"""How long somebody waits who was refused several times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.tenancy.throttle import FORGOTTEN_AFTER, RULES, Count, Kind, forgiven, judge

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
kinds = st.sampled_from(Kind)
failures = st.integers(0, 1_000_000)
ages = st.timedeltas(-timedelta(days=2), timedelta(days=2))


def counted(kind: Kind, failures: int, ago: timedelta = timedelta()) -> Count:
    return Count(kind, failures, NOW - ago)


@pytest.mark.parametrize("kind", Kind)
def test_the_first_failures_are_free(kind: Kind) -> None:
    for number in range(RULES[kind].free):
        assert judge([counted(kind, number)], NOW).may_try
    assert not judge([counted(kind, RULES[kind].free)], NOW).may_try


@pytest.mark.parametrize("kind", Kind)
def test_then_each_doubles_the_wait_until_the_longest(kind: Kind) -> None:
    rule = RULES[kind]
    waits = [judge([counted(kind, rule.free + n)], NOW).wait for n in range(40)]
    assert waits[:4] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert waits == sorted(waits)
    assert waits[-1] == rule.longest


@given(kinds, failures, ages)
def test_nobody_waits_longer_than_the_rule_says(kind: Kind, number: int, ago: timedelta) -> None:
    verdict = judge([counted(kind, number, ago)], NOW)
    assert timedelta() <= verdict.wait <= RULES[kind].longest
    later = judge([counted(kind, number, ago)], NOW + max(-ago, timedelta()) + verdict.wait)
    assert later.may_try


@given(kinds, failures)
def test_after_an_hour_without_any_it_is_forgotten(kind: Kind, number: int) -> None:
    verdict = judge([counted(kind, number, FORGOTTEN_AFTER)], NOW)
    assert verdict.may_try
    assert verdict.failures == (1,)


@given(st.lists(st.builds(counted, kinds, failures, ages), max_size=4))
def test_the_longest_wait_of_all_counts(counts: list[Count]) -> None:
    verdict = judge(counts, NOW)
    alone = [judge([count], NOW) for count in counts]
    assert verdict.wait == max([one.wait for one in alone], default=timedelta())
    assert verdict.failures == tuple(one.failures[0] for one in alone)
    assert verdict.may_try is all(one.may_try for one in alone)


@given(st.integers(0, 50), st.timedeltas(timedelta(), timedelta(minutes=50)))
def test_whoever_waits_as_long_as_he_is_told_may_always_try(start: int, pause: timedelta) -> None:
    """An attacker who never rests costs the owner of an e-mail a minute, not the account."""
    now, count = NOW, counted(Kind.EMAIL, start)
    for _ in range(20):
        now += judge([count], now).wait
        verdict = judge([count], now)
        assert verdict.may_try
        count = Count(Kind.EMAIL, verdict.failures[0], now)
        now += pause


def test_a_password_that_was_right_forgives_an_address_only_this_attempt() -> None:
    assert forgiven(counted(Kind.EMAIL, 7)) == 0
    assert forgiven(counted(Kind.ADDRESS, 7)) == 6
    assert forgiven(counted(Kind.ADDRESS, 0)) == 0
