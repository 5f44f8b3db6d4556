"""Lists of runs stay quick however many are kept: a page is cut before anything is looked up."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubs import Twin, open_twin
from storetwin.db.queries import load_queries
from storetwin.runs.models import BELIEVED, RunKind
from storetwin.sandboxes.woocommerce import running_store

Q = load_queries("storetwin.runs")
RUNS = """
INSERT INTO runs.runs (run_id, organisation_id, connection_id, kind, lane, state, epoch, owner, options,
                       started_at, heartbeat_at, ended_at)
SELECT gen_random_uuid(), c.organisation_id, c.id, 'sync', 'pull', 'done', n, '', '{}',
       now() - n * interval '1 minute', now(), now() - n * interval '1 minute'
FROM connections.connections c, generate_series(1, 20000) n RETURNING 1
"""
PROGRESS = """
INSERT INTO runs.progress (organisation_id, run_id, stage, resource, state, records, started_at, updated_at)
SELECT organisation_id, run_id, 'sync', resource, 'done', 3, now(), now()
FROM runs.runs, unnest(ARRAY['orders', 'products', 'customers']) resource RETURNING 1
"""
PAGE: dict[str, Any] = {
    "connection_id": None,
    "run_ids": None,
    "kinds": [kind.value for kind in RunKind if kind is not RunKind.RECEIVE],
    "states": None,
    "since": None,
    "until": None,
    "resource": None,
    "error_codes": None,
    "behind": None,
    "limit": 51,
}


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=1) as store:
        async with open_twin(database_dsn, tmp_path, store) as opened:
            await opened.rows(RUNS)
            await opened.rows(PROGRESS)
            yield opened


async def test_a_page_costs_the_same_however_many_runs_are_kept(twin: Twin) -> None:
    followed = {"run_ids": [], "is_all": True, "believed": BELIEVED}
    ago = twin.hub.clock() - timedelta(days=2)
    asked = {
        "all": (Q.list_runs, PAGE),
        "connection": (Q.list_runs, PAGE | {"connection_id": twin.connection.id}),
        "queued": (Q.list_runs, PAGE | {"states": ["queued"]}),
        "since": (Q.list_runs, PAGE | {"since": ago}),
        "followed": (Q.follow_runs, followed),
    }
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        for name, (query, params) in asked.items():
            plan = await tx.fetch_all("EXPLAIN " + query, params)
            lines = [line["QUERY PLAN"] for line in plan]
            assert not [line for line in lines if "Seq Scan" in line], (name, lines)
            begun = time.perf_counter()
            rows = await tx.fetch_all(query, params)
            assert len(rows) == (0 if name in ("queued", "followed") else 51)
            took = time.perf_counter() - begun
            assert took < 1.0, name
