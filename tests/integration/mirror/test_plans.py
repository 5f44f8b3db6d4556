"""The planner uses an index below row-level security, also before it knows anything of the table.

Before the first ANALYZE it takes a wrong one easily: every page then costs a walk through all of a
connection's records (20 to 39 s instead of 3 for 50,000 orders, measured on PostgreSQL 15).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubs import IN_TABLES, Twin, open_twin
from storetwin.db.arrays import JsonColumn
from storetwin.db.session import connect
from storetwin.mirror.repository import Q, Shelf
from storetwin.sandboxes.woocommerce import Sandbox
from storetwin.woocommerce.columns import Extracted

ROWS = 2_000  # a resource; there are ten, for what is read whole must be a part of the table
PRIMARY_KEY = "snapshots_pkey"
PAGE = [str(number) for number in range(1_000, 1_100)]
FILL = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, remote_number, state, version,
                              content_hash, read_at, changed_at, status, search_text, payload)
SELECT %(organisation_id)s, %(connection_id)s, resource, number::text, number, 'listed', 1,
       decode(md5(number::text), 'hex'), now(), now(), 'completed', 'order ' || number,
       json_build_object('id', number, 'total', '1.00')
FROM unnest(%(resources)s::text[]) AS resource, generate_series(1, %(rows)s) AS number
"""
FILL_VERSIONS = """
INSERT INTO mirror.versions (organisation_id, connection_id, resource, remote_id, version, state, content_hash,
                             read_at, written_at, superseded_at, document_zstd)
SELECT organisation_id, connection_id, resource, remote_id, 1, 'listed', content_hash, read_at,
       changed_at - interval '1 day' - remote_number * interval '1 minute', changed_at, 'x'
FROM mirror.snapshots
"""
PUT = {
    "read_at": None, "now": None, "remote_id": PAGE, "remote_number": list(map(int, PAGE)),
    **dict.fromkeys(("parent_id", "modified_at", "created_at", "status", "email_lower", "search_text", "raw",
                     *Extracted._fields), [None] * len(PAGE)),
    "state": ["listed"] * len(PAGE), "version": [2] * len(PAGE), "clean": JsonColumn([None] * len(PAGE)),
    "content_hash": [b"0" * 16] * len(PAGE), "payload": JsonColumn([b"{}"] * len(PAGE)),
}  # fmt: skip
UNLIKE = {
    "ids": PAGE, "hashes": [b"0" * 16] * len(PAGE), "state": "listed",
    "same_second": timedelta(seconds=2),
}  # fmt: skip
QUERIES: dict[str, dict[str, Any]] = {
    "read_known": {"ids": PAGE},
    "read_unlike": UNLIKE,
    "read_documents": {"ids": PAGE, "versions": [1] * len(PAGE)},
    "hold": {"ids": PAGE},
    "bury": {"ids": PAGE, "read_at": None, "now": None},
    "restate": {"ids": PAGE, "state": "listed", "read_at": None, "now": None},
    "confirm_read": {"ids": PAGE, "read_at": datetime(2030, 1, 1, tzinfo=UTC)},
    "show_record": {"remote_id": "1000"},
    "stream_present": {},
    "count_present": {},
    "number_range": {},
    "list_order_keys": {"ids": PAGE},
    "list_children": {"parents": PAGE},
    "list_next_containers": {"after": 1_500, "limit": 200},
}
SPAN = {
    "since": datetime(2030, 1, 1, tzinfo=UTC), "at": datetime(2030, 1, 2, tzinfo=UTC),
    "last_resource": "", "last_id": "", "last_version": 0, "limit": 50,
}  # fmt: skip
OF_HISTORY: dict[str, tuple[dict[str, Any], set[str]]] = {
    "list_history": ({"remote_id": "1000"}, {"snapshots_pkey", "versions_pkey"}),
    "read_versions": (
        {"resources": ["orders"] * len(PAGE), "ids": PAGE, "versions": [1] * len(PAGE)},
        {"snapshots_pkey", "versions_pkey"},
    ),
    "page_versions": (
        {"remote_id": "", "version": 0, "limit": 100},
        {"snapshots_pkey", "versions_pkey"},
    ),
    "delete_versions": (
        {"resources": ["orders"] * len(PAGE), "ids": PAGE, "versions": [1] * len(PAGE)},
        {"versions_pkey", "Tid Scan"},
    ),
    "page_events": (SPAN, {"snapshots_by_change", "versions_by_writing"}),
}
BY_KEY = (
    "read_known",
    "read_unlike",
    "read_documents",
    "hold",
    "restate",
    "confirm_read",
    "show_record",
)


@pytest.fixture
async def filled(database_dsn: str, tmp_path: Path, small_store: Sandbox) -> AsyncIterator[Twin]:
    """A connection with 20,000 generated snapshots of ten resources; nobody ran ANALYZE."""
    async with open_twin(database_dsn, tmp_path, small_store) as twin:
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            await tx.execute(FILL, params_of(twin, rows=ROWS, resources=list(IN_TABLES[-10:])))
        [table] = await twin.rows(
            "SELECT last_analyze, last_autoanalyze, n_live_tup FROM pg_stat_user_tables"
            " WHERE relname = 'snapshots'"
        )
        assert table["last_analyze"] is table["last_autoanalyze"] is None
        yield twin


def params_of(twin: Twin, **more: Any) -> dict[str, Any]:
    return Shelf(twin.hub.organisation_id, twin.connection.id, "orders").params(**more)


async def plan_of(twin: Twin, query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of the plan that the program's own role gets for its own organisation."""
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        row = await tx.fetch_one(f"EXPLAIN (FORMAT JSON) {query}", params)
        who = await tx.fetch_one("SELECT current_user AS role")
    assert who == {"role": "storetwin_app"}
    assert row is not None
    [plan] = row.values()
    return list(nodes(json.loads(plan)[0]["Plan"]))


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def scans(plan: list[dict[str, Any]]) -> list[str]:
    """Return how the plan comes to the snapshots: the index, or the word for reading all of it."""
    found = [n.get("Index Name") or n["Node Type"] for n in plan if "Scan" in n["Node Type"]]
    return [name for name in found if name not in ("Bitmap Heap Scan", "Function Scan")]


async def analyze(twin: Twin) -> None:
    await twin.rows(Q.analyze)


@pytest.mark.parametrize("is_analyzed", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_no_query_of_one_connection_reads_the_whole_table(
    filled: Twin, is_analyzed: bool
) -> None:
    if is_analyzed:
        await analyze(filled)
    for name, more in QUERIES.items():
        found = scans(await plan_of(filled, getattr(Q, name), params_of(filled, **more)))
        assert found, name
        assert "Seq Scan" not in found, name
        if name in BY_KEY:
            assert found == [PRIMARY_KEY], name


@pytest.mark.parametrize("is_analyzed", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_history_is_read_by_its_keys_and_by_its_times(
    filled: Twin, database_dsn: str, is_analyzed: bool
) -> None:
    async with filled.hub.database.transaction(filled.hub.organisation_id) as tx:
        await tx.execute(FILL_VERSIONS)
    if is_analyzed:
        async with await connect(database_dsn) as connection:
            await connection.execute("SET ROLE storetwin_owner")
            await connection.execute("ANALYZE mirror.snapshots, mirror.versions")
    for name, (more, expected) in OF_HISTORY.items():
        for resource in ("orders", ""):
            params = params_of(filled, **more) | {"resource": resource}
            found = scans(await plan_of(filled, getattr(Q, name), params))
            assert set(found) == expected, (name, resource)


async def test_a_page_is_looked_up_by_the_primary_key_while_the_table_is_new(
    database_dsn: str, tmp_path: Path, small_store: Sandbox
) -> None:
    """An empty table, one page, ten pages, and a table that was restored without statistics."""
    async with open_twin(database_dsn, tmp_path, small_store) as twin:
        for rows in (0, 100, 1_000, 20_000):
            async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
                await tx.execute("DELETE FROM mirror.snapshots")
                await tx.execute(FILL, params_of(twin, rows=rows, resources=["orders"]))
            for query, more in ((Q.read_known, {"ids": PAGE}), (Q.read_unlike, UNLIKE)):
                plan = await plan_of(twin, query, params_of(twin, **more))
                assert scans(plan) == [PRIMARY_KEY], rows


@pytest.mark.parametrize("is_analyzed", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_writing_a_page_finds_what_is_there_by_the_primary_key(
    filled: Twin, is_analyzed: bool
) -> None:
    if is_analyzed:
        await analyze(filled)
    plan = await plan_of(filled, Q.put_snapshots, params_of(filled, **PUT))
    assert plan[0]["Conflict Resolution"] == "UPDATE"
    assert plan[0]["Conflict Arbiter Indexes"] == [PRIMARY_KEY]
    assert scans(plan) == []  # it reads nothing but the page that is given


async def test_counts_for_the_status_page_come_from_one_pass_at_most(filled: Twin) -> None:
    """They need every row of the organisation; they must not need any row twice, or a payload."""
    await analyze(filled)
    plan = await plan_of(filled, Q.count_records, {})
    assert len(scans(plan)) == 1
    assert not any("Join" in node["Node Type"] for node in plan)


async def test_rows_of_others_are_kept_out_by_an_index_condition(filled: Twin) -> None:
    """The policy must not turn into a filter behind a scan of everybody's rows."""
    await analyze(filled)
    plan = await plan_of(filled, Q.read_known, params_of(filled, ids=PAGE))
    [scan] = [node for node in plan if node.get("Index Name") == PRIMARY_KEY]
    for column in ("organisation_id", "connection_id", "resource", "remote_id"):
        assert column in scan["Index Cond"]
