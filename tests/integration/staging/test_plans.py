"""No question about staging reads a table from one end to the other.

As the program's own role, below row-level security, of an organisation that is one of several, with
the planner's statistics as they are after ANALYZE, and nothing forbidden to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from benchmarks.board_data import fill

from database_clones import clone
from storetwin.staging.choosing import (
    Q,
    Slice,
    Stretch,
    change,
    choose,
    choose_of_found,
    count_all,
    of_found,
    of_stretches,
)
from storetwin.staging.models import Chosen, Filter, Sort, State

OURS, OTHERS = UUID(int=1), range(2, 6)
SHOPS = [UUID(int=number) for number in (11, 12, 13)]
OWN = {"organisation_id": OURS, "connection_id": SHOPS[0], "resource": "orders"}
DECIDE = """
UPDATE staging.records SET
    state = CASE WHEN dice < 60 THEN 'in_sync' WHEN dice < 70 THEN 'updated' WHEN dice = 71 THEN 'stale' ELSE 'new' END,
    core_id = CASE WHEN dice < 72 THEN gen_random_uuid() END,
    changed_columns = CASE WHEN dice BETWEEN 60 AND 69 THEN ARRAY['total'] END,
    rule_id = CASE WHEN dice = 98 THEN organisation_id END
FROM (SELECT connection_id AS c, remote_id AS r, abs(hashtext(remote_id)) % 100 AS dice FROM staging.records) AS d
WHERE connection_id = c AND remote_id = r
"""
COUNTS = """
INSERT INTO staging.counts SELECT organisation_id, connection_id, 'resource ' || n, state, status, 1, 0
FROM staging.counts, generate_series(1, 300) AS n
"""
CHOSEN = """
INSERT INTO staging.selections (organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status)
SELECT organisation_id, connection_id, modified_at, is_gone, resource, remote_id, state, status FROM staging.records
WHERE state IN ('new', 'updated') AND remote_id::int % 3 = 0
"""
TAKEN = """
INSERT INTO staging.taken (organisation_id, connection_id, run_id, resource, remote_id)
SELECT organisation_id, connection_id,
       CASE WHEN remote_id::int % 50 = 0 AND connection_id = '00000000-0000-0000-0000-00000000000b' THEN organisation_id
            ELSE connection_id END,
       resource, remote_id
FROM staging.records
"""
CHANGES = """
INSERT INTO staging.count_changes (organisation_id, connection_id, resource, state, status, records, selected)
SELECT organisation_id, connection_id, resource, state, status, 0, 0
FROM staging.counts, generate_series(1, 3) AS n
WHERE organisation_id <> '00000000-0000-0000-0000-000000000001' OR resource = 'orders'
"""  # of ours as much as ever gathers before it is folded
STRETCHES = [
    Stretch(shop, state, status, records=10)
    for shop in SHOPS
    for state in ("new", "updated")
    for status in ("completed", "processing")
]
NAMED = [(SHOPS[0], str(number)) for number in range(1_000, 1_050)]


@pytest.fixture(scope="module")
def connection(postgres: Any, template: str) -> Iterator[psycopg.Connection[Any]]:
    with clone(postgres, template) as dsn:
        name = dsn.split("@/")[1].split("?", maxsplit=1)[0]
        admin = str(postgres.admin_dsn.replace("@/postgres?", f"@/{name}?"))
        fill(admin, str(OURS), [str(shop) for shop in SHOPS], 8_000)
        for number in OTHERS:
            fill(admin, str(UUID(int=number)), [str(UUID(int=100 + number))], 2_000)
        with psycopg.connect(admin, autocommit=True) as server:
            server.execute(DECIDE)
            server.execute(CHOSEN)
            server.execute(TAKEN)
            shops = [(OURS, shop) for shop in SHOPS]
            shops += [(UUID(int=number), UUID(int=100 + number)) for number in OTHERS]
            for shop in shops:
                server.execute("SELECT staging.fold_counts(%s, %s, 100000)", shop)
            server.execute(COUNTS)
            server.execute(CHANGES)
            server.execute(
                "ANALYZE staging.records, staging.selections, staging.taken, staging.counts, staging.count_changes"
            )
        with psycopg.connect(dsn) as opened:
            opened.execute("SET ROLE storetwin_app")
            opened.execute("SELECT set_config('app.organisation_id', %s, false)", (str(OURS),))
            yield opened


def scans(connection: psycopg.Connection[Any], query: str, params: dict[str, Any]) -> set[str]:
    """Return the tables that a plan reads from one end to the other."""
    nodes = plan(connection, query, OWN | params)
    return {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}


def plan(
    connection: psycopg.Connection[Any], query: str, params: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the nodes of a plan."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode(), params).fetchone()
    assert row is not None
    found, left = [], [row[0][0]["Plan"]]
    while left:
        node = left.pop()
        left += node.get("Plans", ())
        found.append(node)
    return found


QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "counts": (Q.read_counts, {"connections": SHOPS}),
    "found": choose_of_found(Filter("orders"), Slice(), STRETCHES, NAMED),
    "count": count_all(Filter("orders", modified_after=datetime(2026, 1, 1, tzinfo=UTC)), STRETCHES),
    "by column": (Q.find_by_column, of_stretches(STRETCHES) | {"field": "total", "most": 100}),
    "by rule": (Q.find_by_rule, {"rule_id": OURS, "most": 100}),
    "gone": (Q.find_gone, of_stretches(STRETCHES) | {"text": "a", "key": "a", "look": 100}),
    "rows": (Q.read_rows, of_found(NAMED)),
    "taken": (Q.read_taken, {"run_id": OURS, "after": "", "most": 100}),
    "copies": (Q.read_copies, {"ids": ["1000", "1001"]}),
    "stale": (Q.hold_stale, {"most": 100}),
    "states": (Q.read_states, {"ids": ["1000", "1001"]}),
    **{
        f"page by {sort.value}, {count}, {chosen}": choose(
            Filter("orders", is_selected=chosen), Slice(sort), STRETCHES, count)
        for sort in Sort
        for count in (100, 100_000)
        for chosen in (None, True, False)
    },
    "count of what is chosen": count_all(Filter("orders", field="total", is_selected=True), STRETCHES),
    "let go": (Q.let_go, {"run_id": OURS, "ids": ["1000", "1001"]}),
    "refused": (Q.note_refused, {"remote_id": "1000", "why": "no", "candidates": []}),
    **{
        f"{name} by name": change(query, Chosen(Filter("orders"), ids=tuple(NAMED)), SHOPS)
        for name, query in (("select", Q.select_records), ("deselect", Q.deselect_records), ("rule", Q.select_by_rule),
                            ("ignore", Q.ignore_records), ("restore", Q.restore_records), ("take", Q.take_records))
    },
}  # fmt: skip


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_nothing_is_read_from_one_end_to_the_other(
    connection: psycopg.Connection[Any], question: str
) -> None:
    query, params = QUESTIONS[question]
    more = {"by_rule": None, "why": None, "run_id": OURS}
    assert scans(connection, query, more | params) == set()


@pytest.mark.parametrize("shops", [SHOPS, SHOPS[2:]], ids=["all", "the smallest"])
def test_a_differing_column_is_found_by_its_own_index(
    connection: psycopg.Connection[Any], shops: list[UUID]
) -> None:
    """And by no other beside it: to read all keys of a connection as well took half a second."""
    row = connection.execute(
        "SELECT prosrc, proconfig FROM pg_proc WHERE oid = 'staging.find_by_column'::regproc"
    ).fetchone()
    assert row is not None
    body = re.search("RETURN QUERY(.*?);", row[0], re.DOTALL)
    assert body is not None
    given = {"own": "own", "wanted_resource": "resource", "wanted_connections": "shops",
             "wanted_column": "name", "most": "most"}  # fmt: skip
    query = re.sub(rf"\b({'|'.join(given)})\b", lambda word: f"%({given[word[0]]})s", body[1])
    params = {"own": OURS, "resource": "orders", "shops": shops, "name": "total", "most": 2_001}
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL ROLE storetwin_owner")
        for setting in row[1]:
            connection.execute(f"SET LOCAL {setting}".encode())
        nodes = plan(connection, query, params)
    assert [node["Index Name"] for node in nodes if "Index Name" in node] == ["records_by_column"]


def test_a_differing_column_is_found_in_the_store_that_is_asked_for(
    connection: psycopg.Connection[Any],
) -> None:
    for shop in SHOPS:
        of = {"few_connections": [shop], "field": "total", "most": 10_000}
        found = connection.execute(Q.find_by_column.encode(), OWN | of).fetchall()
        [(count,)] = connection.execute(
            "SELECT count(*) FROM staging.records WHERE connection_id = %s AND changed_columns = '{total}'",
            (shop,),
        ).fetchall()
        assert {row[0] for row in found} == {shop}
        assert len(found) == len({row[1] for row in found}) == count > 10
    none = {"few_connections": SHOPS, "field": "status", "most": 10_000}
    assert connection.execute(Q.find_by_column.encode(), OWN | none).fetchall() == []


@pytest.mark.parametrize("name", ["select", "deselect", "ignore"])
def test_what_is_chosen_is_walked_once(connection: psycopg.Connection[Any], name: str) -> None:
    """And not once more to say how many that are: the counts know it."""
    but = tuple(NAMED[:2])
    chosen = Chosen(Filter("orders", states=(State.UPDATED,)), but=but)
    statement, params = change(getattr(Q, f"{name}_records"), chosen, SHOPS)
    more = {"organisation_id": OURS, "by_rule": None, "why": None}
    with connection.transaction(force_rollback=True):
        nodes = plan(connection, statement, params | more)
        walks = Counter(
            node["Relation Name"] for node in nodes if "Relation Name" in node and node["Node Type"] != "ModifyTable"
        )  # fmt: skip
        row = connection.execute(statement.encode(), params | more).fetchone()
        [(left,)] = connection.execute(
            "SELECT count(*) FROM staging.records WHERE state = 'updated' AND resource = 'orders'"
            " AND (connection_id, remote_id) <> ALL(SELECT * FROM unnest(%s::uuid[], %s::text[]))",
            ([one for one, _ in but], [one for _, one in but]),
        ).fetchall()
    assert walks["records"] + walks["selections"] == 2, "what is changed, and what stays outside"
    assert row is not None
    assert row[0] == (left if name != "ignore" else row[1]) > 100


def test_a_pull_looks_records_up_by_their_key(connection: psycopg.Connection[Any]) -> None:
    """Below the trigger: what changes of a page is found record by record, whatever the planner believes."""
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL enable_seqscan = on")
        before = connection.execute(
            "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = 'records'"
        ).fetchone()
        connection.execute(
            "UPDATE mirror.snapshots SET version = version + 1 WHERE connection_id = %s AND resource = 'orders'"
            " AND remote_id = ANY(%s)",
            (SHOPS[0], [remote_id for _, remote_id in NAMED]),
        )
        after = connection.execute(
            "SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = 'records'"
        ).fetchone()
    assert before == after
