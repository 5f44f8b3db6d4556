"""No question of the board reads a table from one end to the other.

As the program's own role, below row-level security, of an organisation that is one of several:
20,000 orders of which 8,000 are its own, with the planner's statistics as they are after ANALYZE,
and nothing forbidden to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import combinations, product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from benchmarks.board_data import fill

from database_clones import clone, in_own_loop
from storetwin.db.database import Database
from storetwin.reading.board import Q
from storetwin.reading.board_models import stretches_of
from storetwin.reading.choosing import (
    Position,
    Slice,
    Sort,
    Span,
    Stretch,
    choose_of_found,
    choose_of_stretches,
    of_found,
    of_stretches,
)
from storetwin.reading.tallies import read_tallies

OURS = UUID(int=1)
CONNECTIONS = [UUID(int=number) for number in (11, 12, 13)]
OTHERS = range(2, 8)
INDEX_OF = {
    Sort.CREATED: "snapshots_board_created",
    Sort.MODIFIED: "snapshots_board_modified",
    Sort.TOTAL: "snapshots_board_total",
    Sort.NUMBER: "snapshots_board_number",
}
VALUE_OF = {
    Sort.CREATED: datetime(2025, 3, 1, tzinfo=UTC), Sort.MODIFIED: datetime(2025, 3, 1, tzinfo=UTC),
    Sort.TOTAL: 20_000, Sort.NUMBER: "042000",
}  # fmt: skip
YEAR = Span(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
DAY = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
WAITING = """
INSERT INTO mirror.tally_changes (organisation_id, connection_id, resource, day, status, currency, records, total_minor,
                                  refunded_minor)
SELECT organisation_id, connection_id, resource, day, status, currency, 0, 0, 0
FROM mirror.daily_tallies, generate_series(1, 2) WHERE day > '2023-01-01'
"""  # what was not folded yet, as much as ever gathers
RESOURCES = """
INSERT INTO mirror.tallies
SELECT organisation_id, connection_id, 'resource ' || n, status, currency, records, total_minor, refunded_minor
FROM mirror.tallies, generate_series(1, 60) AS n
"""  # as many rows as not even hundreds of stores have: of fewer the planner reads all
OWN = {"organisation_id": OURS, "resource": "orders"}


@pytest.fixture(scope="module")
def dsn(postgres: Any, template: str) -> Iterator[str]:
    with clone(postgres, template) as found:
        admin = admin_of(postgres, found)
        fill(admin, str(OURS), [str(connection) for connection in CONNECTIONS], 8_000)
        for number in OTHERS:
            fill(admin, str(UUID(int=number)), [str(UUID(int=100 + number))], 2_000)
        with psycopg.connect(admin) as server:
            server.execute(WAITING)
            server.execute(RESOURCES)
            server.execute("ANALYZE mirror.tally_changes, mirror.tallies")
        yield found


def admin_of(postgres: Any, dsn: str) -> str:
    name = dsn.split("@/")[1].split("?", maxsplit=1)[0]
    return str(postgres.admin_dsn.replace("@/postgres?", f"@/{name}?"))


Plans = Callable[[str, dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture
def plans(dsn: str) -> Iterator[Plans]:
    with planner_of(dsn) as planner:
        yield planner


@contextmanager
def planner_of(dsn: str) -> Iterator[Plans]:
    """Lend what asks for plans as the program's own role, for our organisation."""
    with psycopg.connect(dsn) as connection:
        connection.execute("SET ROLE storetwin_app")
        connection.execute("SELECT set_config('app.organisation_id', %s, false)", (str(OURS),))
        who = connection.execute(
            "SELECT current_user, current_setting('enable_seqscan')"
        ).fetchone()
        assert who == ("storetwin_app", "on")

        def plan(query: str, params: dict[str, Any]) -> list[dict[str, Any]]:
            row = connection.execute(
                f"EXPLAIN (FORMAT JSON) {query}".encode(), OWN | params
            ).fetchone()
            assert row is not None
            return list(nodes(row[0][0]["Plan"]))

        yield plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def scans(plan: list[dict[str, Any]]) -> set[str]:
    """Return how a plan comes to its rows: the index, or the word for reading all of a table."""
    found = {n.get("Index Name") or n["Node Type"] for n in plan if "Scan" in n["Node Type"]}
    return found - {"Bitmap Heap Scan", "Function Scan", "Subquery Scan"}


def stretches(dsn: str, *statuses: str) -> list[Stretch]:
    async def read() -> list[Stretch]:
        database = await Database.open(dsn, pool_size=1)
        async with database.transaction(OURS) as tx:
            tallies = await read_tallies(tx, OURS, "orders", CONNECTIONS)
        await database.close()
        return stretches_of(tallies, statuses)

    return in_own_loop(read())


def parts() -> Iterator[Slice]:
    """Yield each order in each direction, with dates and without, and each kind of place to go on from."""
    places = (None, "a value", "no value")
    for sort, is_descending, span, place in product(Sort, (True, False), (Span(), YEAR), places):
        value = VALUE_OF[sort] if place == "a value" else None
        if sort is Sort.CREATED and span != Span() and place == "no value":
            continue  # what has no date lies within no span
        after = None if place is None else Position(value, "5000", CONNECTIONS[1])
        yield Slice(sort, is_descending, span, after, limit=51)


@pytest.mark.parametrize("statuses", [(), ("failed",), ("pending", "completed", "packed")])
def test_each_order_and_filter_walks_its_own_index(
    dsn: str, plans: Plans, statuses: tuple[str, ...]
) -> None:
    chosen = stretches(dsn, *statuses)
    for part in parts():
        for own in (chosen, [s for s in chosen if s.connection_id == CONNECTIONS[0]]):
            found = plans(*choose_of_stretches(part, own))
            assert scans(found) == {INDEX_OF[part.sort]}, part
            walks = [n for n in found if n.get("Index Name") == INDEX_OF[part.sort]]
            assert {n["Node Type"] for n in walks} == {"Index Only Scan"}, part
            for walk in walks:
                assert all(c in walk["Index Cond"] for c in ("connection_id", "resource", "status"))
            inner = [n for n in found if n["Node Type"] in ("Sort", "Incremental Sort")]
            assert len(inner) <= 1, part  # the merge; no stretch is sorted


def test_few_records_of_some_days_are_taken_by_their_dates(dsn: str, plans: Plans) -> None:
    for sort in (Sort.MODIFIED, Sort.TOTAL, Sort.NUMBER):
        statement = choose_of_stretches(
            Slice(sort, span=DAY, limit=51), stretches(dsn), gathers=True
        )
        assert scans(plans(*statement)) == {"snapshots_board_created"}, sort


def test_what_was_found_is_fetched_by_its_key(dsn: str, plans: Plans) -> None:
    found = [(CONNECTIONS[n % 3], str(1_000 + n)) for n in range(300)]
    for sort in Sort:
        assert scans(plans(*choose_of_found(Slice(sort, limit=51), found))) == {"snapshots_pkey"}
    for query in (Q.read_rows, Q.read_rows_whole):
        assert scans(plans(query, of_found(found[:51]))) == {"snapshots_pkey"}


PATTERN = {"pattern": "%lovelace%", "most": 500, "after": None, "before": None}
SPANNED = {"since": YEAR.since, "until": YEAR.until}


def questions(dsn: str) -> dict[str, tuple[str, dict[str, Any], set[str]]]:
    own = of_stretches(stretches(dsn))
    ids = {"connections": CONNECTIONS}
    days = {"since": YEAR.since.date(), "until": YEAR.until.date()}  # type: ignore[union-attr]
    one = {"connection_id": CONNECTIONS[0]}
    return {
        "count_in_stretches": (
            Q.count_in_stretches, own | SPANNED | {"most": 10_001}, {"snapshots_board_created"},
        ),
        "read_newest_texts": (
            Q.read_newest_texts, {"look": 1_000}, {"snapshots_by_created", "tallies_pkey"},
        ),
        "find_in_newest": (
            Q.find_in_newest,
            PATTERN | SPANNED | {"look": 1_000, "connections": CONNECTIONS, "statuses": ["failed"]},
            {"snapshots_by_created"},
        ),
        "find_by_number": (Q.find_by_number, own | PATTERN | {"key": "041234"}, {"snapshots_board_number"}),
        "read_whole": (Q.read_whole, one | {"remote_id": "1234"}, {"snapshots_pkey"}),
        "read_below": (
            Q.read_below, one | {"parent_id": "1234", "limit": 500}, {"snapshots_by_parent"},
        ),
        "read_daily_tallies": (
            Q.read_daily_tallies, ids | days, {"daily_tallies_pkey", "tally_changes_pkey"},
        ),
        "read_tallies_but_days": (
            Q.read_tallies_but_days, ids | days, {"tallies_pkey", "daily_tallies_pkey", "tally_changes_pkey"},
        ),
        "read_extent": (Q.read_extent, ids, {"daily_tallies_pkey"}),
    }  # fmt: skip


def test_every_other_question_has_its_index(dsn: str, plans: Plans) -> None:
    for name, (query, params, expected) in questions(dsn).items():
        assert scans(plans(query, params)) == expected, name


def test_what_has_no_date_is_found_without_reading_a_table(dsn: str, plans: Plans) -> None:
    """Of stretches that hold hardly anything the planner takes any index of the board."""
    params = of_stretches(stretches(dsn)) | PATTERN | {"look": 1_000}
    found = scans(plans(Q.find_undated, params))
    assert "snapshots_board_created" in found
    assert found <= set(INDEX_OF.values())
    assert "Seq Scan" not in scans(plans(Q.read_names, {"connections": CONNECTIONS}))


def test_the_text_is_found_by_its_index(dsn: str) -> None:
    """Of the function: it has its own rights, so its statement is looked at as its owner runs it."""

    with psycopg.connect(dsn) as connection:
        connection.execute("SET ROLE storetwin_owner")
        row = connection.execute(
            "EXPLAIN (FORMAT JSON) SELECT connection_id, remote_id FROM mirror.snapshots"
            " WHERE search_text LIKE '%nob%' AND search_text LIKE '% at%' AND search_text LIKE '%all%'"
            " AND strpos(search_text, 'nobody at all') > 0 LIMIT 20000"
        ).fetchone()
    assert row is not None
    assert scans(list(nodes(row[0][0]["Plan"]))) == {"snapshots_by_text"}


def test_days_come_to_the_same_from_either_end(dsn: str) -> None:
    ids = {"connections": CONNECTIONS}
    edges = [date.min, date(2023, 5, 1), date(2025, 1, 1), date(2026, 8, 31), date.max]
    with psycopg.connect(dsn) as connection:
        connection.execute("SET ROLE storetwin_app")
        connection.execute("SELECT set_config('app.organisation_id', %s, false)", (str(OURS),))
        counts = set()
        for since, until in combinations(edges, 2):
            days = {"since": since, "until": until}
            rows = connection.execute(Q.read_daily_tallies.encode(), OWN | ids | days).fetchall()
            others = connection.execute(Q.read_tallies_but_days.encode(), OWN | ids | days)
            assert others.fetchall() == rows, days
            counts.add(sum(row[3] for row in rows))
    assert len(counts) > 5


@pytest.mark.parametrize(
    "index", [*INDEX_OF.values(), "snapshots_by_created", "daily_tallies_pkey"]
)
def test_this_test_fails_without_an_index(dsn: str, postgres: Any, index: str) -> None:
    """Of the test itself: in a database that lacks an index, some plan is another one."""
    source = dsn.split("@/")[1].split("?", maxsplit=1)[0]
    with clone(postgres, source) as lacking:
        with psycopg.connect(lacking) as connection:
            connection.execute("SET ROLE storetwin_owner")
            is_key = index.endswith("pkey")
            drop = (
                "ALTER TABLE mirror.daily_tallies DROP CONSTRAINT"
                if is_key
                else "DROP INDEX mirror."
            )
            connection.execute(f"{drop}{' ' * is_key}{index}".encode())
        with pytest.raises(AssertionError):
            check_everything(lacking)


def check_everything(dsn: str) -> None:
    with planner_of(dsn) as plans:
        test_each_order_and_filter_walks_its_own_index(dsn, plans, ())
        test_every_other_question_has_its_index(dsn, plans)
