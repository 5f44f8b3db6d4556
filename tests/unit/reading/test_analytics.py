"""Figures add up to the same in whatever order, and percentiles stay between what they are of."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.answer_times import added, counted
from storetwin.reading.analytics import Figures

TIMES = st.lists(st.integers(0, 400_000), max_size=20)


def row_of(times: list[int]) -> dict[str, Any]:
    counts: tuple[int, ...] = ()
    for took in times:
        counts = added(counts, counted(took))
    return {
        "answers": len(times),
        "answer_ms": sum(times),
        "slowest_ms": max(times, default=0),
        "answer_times": [*counts, *[0] * (40 - len(counts))],  # as the database sums them
    }


def figures_of(rows: list[dict[str, Any]]) -> Figures:
    found = Figures()
    for row in rows:
        found.add(row)
    return found


@given(st.lists(TIMES, max_size=6), st.randoms())
def test_runs_come_to_the_same_in_whatever_order(runs: list[list[int]], random: Any) -> None:
    rows = [row_of(times) for times in runs]
    found = figures_of(rows)
    random.shuffle(rows)
    assert figures_of(rows) == found
    assert found.timed == found.answers
    if not found.answers:
        assert found.p50_ms is None
        assert found.p95_ms is None
        return
    assert found.p50_ms is not None
    assert found.p95_ms is not None
    assert 0 <= found.p50_ms <= found.p95_ms <= found.slowest_ms


def test_runs_that_kept_no_times_count_for_the_average_alone() -> None:
    old = {"answers": 3, "answer_ms": 9_000, "slowest_ms": 8_000, "answer_times": [0] * 40}
    found = figures_of([old, {"received": 2}, row_of([10, 20, 30])])
    assert (found.answers, found.timed, found.received) == (6, 3, 2)
    assert found.average_ms == 1_510
    assert found.p95_ms is not None
    assert found.p95_ms <= 38
