"""In step or behind: the one formula."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.runs.schedules import ALL, Schedule, ScheduleKind, parse_spec
from storetwin.runs.standing import (
    Marks,
    Standing,
    Waiting,
    judge,
    schedule_of,
    usual_gap,
    worst,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def schedule(spec="30m", kind=ScheduleKind.SYNC, resource=ALL, *, is_paused=False):
    return Schedule(
        UUID(int=1), UUID(int=7), kind, resource, parse_spec(spec), is_paused, next_at=NOW
    )


def standing(age=None, waits=None, **more):
    marks = None if age is None else Marks(synced_at=NOW - age)
    waiting = None if waits is None else Waiting(1, NOW - waits)
    return judge(marks, schedule("30m", **more), waiting, now=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (standing(timedelta(minutes=59)), Standing.IN_STEP),
        (standing(timedelta(minutes=61)), Standing.BEHIND),
        (standing(None), Standing.NEVER),
        (standing(timedelta(days=9), is_paused=True), Standing.RESTING),
        (standing(timedelta(minutes=1), timedelta(seconds=30)), Standing.IN_STEP),
        (standing(timedelta(minutes=1), timedelta(minutes=2)), Standing.BEHIND),
        (standing(None, timedelta(minutes=2)), Standing.BEHIND),
        (judge(Marks(synced_at=NOW), None, None, now=NOW, zone=UTC), Standing.RESTING),
    ],
)
def test_how_a_resource_is_doing(found, expected):
    assert found is expected


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=3)), min_size=2).map(sorted))
def test_nobody_comes_into_step_by_waiting(ages):
    order = list(Standing)
    found = [order.index(standing(age)) for age in ages]
    assert all(earlier <= later for earlier, later in pairwise(found))


def test_a_schedule_of_its_own_speaks_for_a_resource():
    of_all, own = schedule(), schedule("5m", resource="orders")
    sweep = schedule("1d", kind=ScheduleKind.SWEEP)
    assert schedule_of([sweep, of_all, own], "orders") is own
    assert schedule_of([sweep, of_all, own], "taxes") is of_all
    assert schedule_of([of_all], "taxes", ScheduleKind.SWEEP) is None


@pytest.mark.parametrize(
    ("spec", "gap"), [("15m", 900), ("0 6 * * *", 86_400), ("*/10 * * * *", 600)]
)
def test_how_far_apart_two_turns_are(spec, gap):
    assert usual_gap(parse_spec(spec), NOW, UTC) == timedelta(seconds=gap)


def test_a_connection_is_doing_as_its_worst_resource():
    assert worst([Standing.IN_STEP, Standing.BEHIND, Standing.NEVER]) is Standing.BEHIND
    assert worst([]) is Standing.NEVER
