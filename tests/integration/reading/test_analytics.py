"""Figures of runs as the database sums them: each place of the answer times by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from hubs import Twin, open_twin
from storetwin.kernel.answer_times import BOUNDS, MOST_COUNTS
from storetwin.reading.analytics import Analytics, read_analytics
from storetwin.sandboxes.woocommerce import running_store

RUN = """
INSERT INTO runs.runs (run_id, organisation_id, connection_id, kind, state, epoch, owner, options, started_at,
                       heartbeat_at, ended_at, answers, answer_ms, slowest_ms, answer_times)
SELECT gen_random_uuid(), organisation_id, id, 'sync', 'done', 1, '', '{}', now(), now(),
       now() - %(days)s * interval '1 day', %(answers)s, 0, %(slowest)s, %(times)s::integer[]
FROM connections.connections RETURNING run_id
"""


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=1) as store:
        async with open_twin(database_dsn, tmp_path, store) as opened:
            yield opened


async def kept(twin: Twin, answers: int, times: list[int] | None, *, days: int = 0) -> None:
    await twin.rows(RUN, answers=answers, times=times, slowest=400_000, days=days)


async def found(twin: Twin, days: int = 30) -> Analytics:
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        return await read_analytics(tx, timedelta(days=days), twin.hub.clock(), None)


async def test_each_place_has_a_sum_of_its_own(twin: Twin) -> None:
    await kept(twin, 820, list(range(1, MOST_COUNTS + 1)))
    await kept(twin, 820, list(range(1, MOST_COUNTS + 1)), days=40)
    await kept(twin, 3, [1, 0, 2])
    await kept(twin, 7, None)
    await kept(twin, 0, [])
    total = (await found(twin)).total
    assert total.answer_times == (2, 2, 5, *range(4, MOST_COUNTS + 1))
    assert (total.answers, total.timed) == (830, 823)
    assert (await found(twin, 90)).total.answer_times[-1] == 2 * MOST_COUNTS


async def test_runs_without_times_have_no_percentiles(twin: Twin) -> None:
    await kept(twin, 7, None)
    total = (await found(twin)).total
    assert (total.answers, total.timed, total.p50_ms, total.p95_ms) == (7, 0, None, None)


async def test_days_are_told_by_themselves_and_together(twin: Twin) -> None:
    await kept(twin, 10, [0, 0, 0, 0, 10], days=2)
    await kept(twin, 10, [0] * 20 + [10], days=1)
    every = await found(twin)
    older, newer = (every.times[moment] for moment in sorted(every.times))
    assert (older.p50_ms, newer.p50_ms) == (14, 1_430)
    assert every.total.p50_ms == BOUNDS[4]
    assert every.total.p95_ms == 1_595
