"""Workers are killed, paused and woken, the door and PostgreSQL are killed: every twin ends as its store."""

from __future__ import annotations

import pytest
from benchmarks.chaos import RESUMED_WITHIN, Plan, Told, chaos


@pytest.fixture(scope="module")
def told() -> Told:
    """What came of half a minute with five stores; `make bench ONLY=chaos` takes twenty and two."""
    with chaos(Plan(connections=5, orders=200, seconds=32, kill_every=4)) as rehearsal:
        return rehearsal.run()


def test_nothing_is_lost_doubled_written_late_or_left_open(told: Told) -> None:
    assert told.wrong == []


def test_it_was_chaos(told: Told) -> None:
    assert told.kills >= 4
    assert told.restarts == 2
    assert told.changes > 50
    assert told.deliveries > 20
    assert len(told.gaps) >= 3, "hardly anything was at work when it was cut off"


def test_stalled_work_goes_on_in_time(told: Told) -> None:
    assert told.longest_gap <= RESUMED_WITHIN, told.gaps
