"""Which earlier versions may go: what any rule keeps stays, and without a rule everything does."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.options import Options
from storetwin.mirror.retention import Earlier, Rule, may_go

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)
COUNTS = st.none() | st.integers(1, 5)
AGES = st.none() | st.integers(1, 5).map(lambda days: days * DAY)


def left(rule, current, *, is_gone=False, ages):
    """Versions 1 to current - 1, superseded so many days ago each: which of them stay."""
    return {
        number
        for number in range(1, current)
        if not may_go(rule, Earlier(number, NOW - ages[number - 1] * DAY, current, is_gone), NOW)
    }


@given(st.integers(1, 9), st.booleans())
def test_without_a_rule_every_version_stays(current, is_gone):
    assert left(Rule(), current, is_gone=is_gone, ages=[99] * 9) == set(range(1, current))


@pytest.mark.parametrize(
    ("rule", "stay"),
    [
        (Rule(latest=1), set()),
        (Rule(latest=3), {4, 5}),
        (Rule(latest=99), {1, 2, 3, 4, 5}),
        (Rule(age=2 * DAY), {5}),
        (Rule(age=4 * DAY), {3, 4, 5}),
        (Rule(latest=4, age=2 * DAY), {3, 4, 5}),
        (Rule(latest=2, age=4 * DAY), {3, 4, 5}),
    ],
)
def test_what_a_rule_keeps_stays_and_the_rest_goes(rule, stay):
    """Six versions; the earlier ones were superseded 9, 5, 3, 2.5 and 1 days ago."""
    assert left(rule, 6, ages=[9, 5, 3, 2.5, 1]) == stay


def test_of_a_record_that_is_gone_the_last_that_it_was_stays():
    assert left(Rule(latest=1, age=DAY), 6, is_gone=True, ages=[9] * 5) == {5}


def test_exactly_as_old_as_the_rule_is_old():
    assert left(Rule(age=DAY), 2, ages=[1]) == set()


@given(COUNTS, AGES, st.integers(1, 9), st.booleans(), st.integers(0, 6))
def test_setting_a_second_rule_never_lets_more_go(latest, age, current, is_gone, days):
    ages = [days] * current
    both = left(Rule(latest, age), current, is_gone=is_gone, ages=ages)
    for one in (Rule(latest=latest), Rule(age=age)):
        if one.is_set:
            assert left(one, current, is_gone=is_gone, ages=ages) <= both


@given(COUNTS, AGES, st.integers(1, 9), st.booleans())
def test_what_goes_are_always_the_oldest(latest, age, current, is_gone):
    ages = sorted(range(current), reverse=True)
    stay = left(Rule(latest, age), current, is_gone=is_gone, ages=ages)
    assert stay == set(range(min(stay, default=current), current))


def test_the_rule_of_a_connection():
    assert not Rule.of(Options()).is_set
    assert Rule.of(Options(keep_versions=3, keep_days=30)) == Rule(3, 30 * DAY)
