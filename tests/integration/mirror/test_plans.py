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
from uuid import uuid4

import pytest

from hubs import IN_TABLES, Twin, open_twin
from storetwin.db.arrays import JsonColumn
from storetwin.db.session import connect
from storetwin.mirror import changes
from storetwin.mirror.finding import Order, Wanted, statement
from storetwin.mirror.history import What
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
       decode(md5(number::text), 'hex'), now(), now() - number * interval '1 second', 'completed', 'order ' || number,
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
}
BY_TIME = {
    "snapshots_by_change", "snapshots_by_resource_change",
    "versions_by_writing", "versions_by_resource_writing",
}  # fmt: skip
OF_LATER = {"snapshots_by_later_change", "versions_by_later_writing"}
OF_LISTS: list[tuple[Wanted, Order, str]] = [
    (Wanted(), Order.ID, PRIMARY_KEY),
    (Wanted(ids=tuple(PAGE)), Order.ID, PRIMARY_KEY),
    (Wanted(is_whatever=True), Order.CHANGED, "snapshots_by_resource_change"),
    (Wanted(), Order.LATEST, "snapshots_by_resource_change"),
    (Wanted(email="someone@example.org"), Order.ID, "snapshots_by_email"),
    (Wanted(parent="1000"), Order.ID, "snapshots_by_parent"),
    (
        Wanted(changed_since=datetime(2026, 1, 1, tzinfo=UTC)),
        Order.CHANGED,
        "snapshots_by_resource_change",
    ),
]
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


async def analyze_all(dsn: str) -> None:
    async with await connect(dsn) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        await connection.execute("ANALYZE mirror.snapshots, mirror.versions")


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
        await analyze_all(database_dsn)
    for name, (more, expected) in OF_HISTORY.items():
        for resource in ("orders", ""):
            params = params_of(filled, **more) | {"resource": resource}
            found = scans(await plan_of(filled, getattr(Q, name), params))
            assert set(found) == expected, (name, resource)
    for resource in ("orders", ""):
        params = params_of(filled, **SPAN) | {"resource": resource}
        found = scans(await plan_of(filled, Q.page_events, params))
        assert set(found) <= BY_TIME, resource


@pytest.mark.parametrize("is_analyzed", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_changes_of_many_connections_are_read_by_their_times(
    filled: Twin, database_dsn: str, is_analyzed: bool
) -> None:
    async with filled.hub.database.transaction(filled.hub.organisation_id) as tx:
        await tx.execute(FILL_VERSIONS)
    if is_analyzed:
        await analyze_all(database_dsn)
    before = {"last_connection": changes.FIRST, "connections": [filled.connection.id]}
    before["since"] = filled.hub.clock() - timedelta(minutes=1)
    for resource in ("orders", ""):
        params = params_of(filled, **SPAN) | before | {"resource": resource}
        found = scans(await plan_of(filled, changes.statement(resource or None), params))
        assert set(found) <= BY_TIME | {"versions_pkey"}, resource
        if is_analyzed and resource:
            assert "snapshots_by_resource_change" in found
        if is_analyzed and not resource:
            later = changes.statement(None, What.CHANGED)
            found = scans(await plan_of(filled, later, params))
            assert set(found) <= OF_LATER | {"versions_pkey"}


@pytest.mark.parametrize("is_analyzed", [False, True], ids=["before ANALYZE", "after ANALYZE"])
async def test_lists_of_records_are_read_by_an_index_from_any_position(
    filled: Twin, is_analyzed: bool
) -> None:
    if is_analyzed:
        await analyze(filled)
    for wanted, order, expected in OF_LISTS:
        for after in (None, (filled.hub.clock() - timedelta(seconds=1_000), "1000")):
            query, more = statement(wanted, order, after)
            found = scans(await plan_of(filled, query, params_of(filled, limit=51, **more)))
            assert "Seq Scan" not in found, (wanted, order)
            if is_analyzed:
                assert found == [expected], (wanted, order, after)


async def test_a_text_is_found_by_its_index_below_row_level_security(filled: Twin) -> None:
    """LIKE is not leakproof: asked by the program's own role it would look at every record."""
    await analyze(filled)
    params = params_of(filled, text="order 1999", after="", limit=51)
    async with filled.hub.database.transaction(filled.hub.organisation_id) as tx:
        found = await tx.fetch_all(Q.search_records, params)
        nobodys = await tx.fetch_all(Q.search_records, params | {"connection_id": uuid4()})
        common = await tx.fetch_all(Q.search_records, params | {"text": "order"})
        both = await tx.fetch_all(Q.search_records, params | {"text": "order 19", "limit": 500})
    assert [row["remote_id"] for row in found] == ["1999"]
    ascending = sorted(map(str, range(1, ROWS + 1)))
    assert [row["remote_id"] for row in common] == ascending[:51]
    assert [row["remote_id"] for row in both] == [n for n in ascending if n.startswith("19")]
    assert nobodys == []
    async with filled.hub.database.transaction(uuid4()) as tx:
        assert await tx.fetch_all(Q.search_records, params) == []


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
