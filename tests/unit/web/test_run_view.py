"""A run as a page shows it, and what it did line by line."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.run_forms import (
    ResourceProgress,
    RunCost,
    RunCounts,
    RunWhole,
    Trouble,
)
from storetwin.runs.models import RunKind, RunState, Stage
from storetwin.web.run_log import Sought, read_log, whole_log
from storetwin.web.run_view import RunView
from storetwin.web.words import WORDS

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BEGUN = NOW - timedelta(seconds=100)


def progress(resource: str, records: int = 10, **more: object) -> ResourceProgress:
    values = {
        "stage": Stage.PULL, "resource": resource, "state": "done", "records": records,
        "expected": records, "created": records, "updated": 0, "buried": 0, "unreadable": 0,
        "pages": 1, "started_at": BEGUN, "updated_at": BEGUN + timedelta(seconds=20),
    }  # fmt: skip
    return ResourceProgress(**values | more)


def run(*lines: ResourceProgress, **more: object) -> RunWhole:
    values = {
        "run_id": uuid4(), "connection": "shop", "connection_id": uuid4(), "kind": RunKind.PULL,
        "state": RunState.RUNNING, "is_stopping": False, "asked_at": BEGUN, "started_at": BEGUN,
        "ended_at": None, "duration_ms": 1, "options": {}, "error": None, "certificate_id": None,
        "records": RunCounts(processed=0, created=0, updated=0, unchanged=0, buried=0, failed=0),
        "cost": RunCost(requests=3, average_ms=9.5, slowest_ms=20, throttled=0, troubled=0),
        "retry_of": None, "progress": list(lines), "errors": [], "result": None,
    }  # fmt: skip
    return RunWhole(**values | more)


def test_resources_of_weight_have_a_line_and_the_others_share_one() -> None:
    names = ["zones", "taxes", "products", "orders", "customers", "tags", "coupons", "reviews"]
    names += ["currencies", "countries"]
    view = RunView(run(progress("zones"), progress("taxes"), progress("products")), names, NOW)
    titles = {line.title: line.word for line in view.lines}
    assert list(titles) == [
        "Products",
        "Orders",
        "Customers",
        "Coupons",
        "Reviews",
        "Zones, taxes, tags, 2 more",
    ]
    assert titles["Products"] == "Done"
    assert titles["Orders"] == "Queued"
    assert titles["Zones, taxes, tags, 2 more"] == "Running"  # not all of them have begun


def test_what_is_the_matter_has_a_line_of_its_own() -> None:
    names = [f"r{n}" for n in range(12)]
    lines = [progress(name) for name in names]
    lines[3] = progress("r3", state="failed")
    lines[5] = progress("r5", unreadable=2)
    view = RunView(run(*lines), names, NOW)
    assert [(line.title, line.word) for line in view.lines[:2]] == [
        ("R3", "Failed"),
        ("R5", "Done"),
    ]
    assert view.lines[1].aside == 2


def test_nobody_says_how_long_before_it_can_be_known() -> None:
    early = run(progress("orders", 1, state="running", expected=1000), started_at=NOW)
    assert RunView(early, ["orders"], NOW).left is None
    half = run(
        progress("orders", 500, state="running", expected=1000, started_at=BEGUN), kind=RunKind.SYNC,
    )  # fmt: skip
    view = RunView(half, ["orders"], NOW)
    assert view.percent == 50
    assert view.left == pytest.approx(100, rel=0.01)
    assert view.expected == 1000
    assert view.rate == pytest.approx(5)
    assert RunView(half, ["orders", "products"], NOW).expected is None  # of products nobody knows


def test_a_proof_comes_last() -> None:
    lines = [progress("orders"), progress("orders", stage=Stage.VERIFY, state="running")]
    view = RunView(run(*lines), ["orders"], NOW)
    assert [line.title for line in view.lines] == ["Orders", "Proof that nothing is missing"]
    assert view.records == 10
    assert 90 <= (view.percent or 0) < 100


def test_what_an_ended_run_did_not_come_to_was_skipped() -> None:
    trouble = Trouble(code="x", message="The store went away.")
    ended = run(
        progress("orders", unreadable=1),
        state=RunState.INCOMPLETE,
        ended_at=NOW,
        error=trouble,
    )
    view = RunView(ended, ["orders", "products"], NOW)
    assert view.percent == 100
    assert view.left is None
    assert {line.title: line.word for line in view.lines}["Products"] == "Skipped"


STATES = st.sampled_from(["running", "done", "failed"])
LINES = st.lists(
    st.builds(
        progress,
        st.sampled_from(["orders", "products", "zones", "tags"]),
        st.integers(0, 10**9),
        state=STATES,
        expected=st.none() | st.integers(0, 10**9),
        stage=st.sampled_from(list(Stage)),
        unreadable=st.integers(0, 3),
    ),
    max_size=12,
)


@given(LINES, st.sampled_from(list(RunState)), st.sampled_from(list(RunKind)))
def test_whatever_a_run_is_it_can_be_shown(
    lines: list[ResourceProgress], state: RunState, kind: RunKind
) -> None:
    ended = NOW if state.has_ended else None
    view = RunView(run(*lines, state=state, kind=kind, ended_at=ended), ["orders", "tags"], NOW)
    assert view.word in WORDS
    assert all(line.word in WORDS for line in view.lines)
    assert all(line.expected is None or line.expected >= line.done for line in view.lines)
    assert view.percent is None or 0 <= view.percent <= 100
    assert view.left is None or view.left >= 0


@dataclass
class Aside:
    """Records that were set aside, answered as the database does."""

    rows: list[dict[str, Any]]

    async def of_run(
        self,
        run_id: UUID,
        *,
        needle: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int,
    ) -> list[dict[str, Any]]:
        fit = [
            row
            for row in self.rows
            if (needle or "").lower() in f"orders/{row['name']} set aside: {row['reason']}".lower()
            and (before is None or (row["at"], row["dead_letter_id"]) < before)
        ]
        return sorted(fit, key=lambda r: (r["at"], r["dead_letter_id"]), reverse=True)[:limit]

    async def count_of_run(self, run_id: UUID, *, needle: str | None = None) -> int:
        return len(self.rows)


def aside(number: int, second: int, state: str = "waiting") -> dict[str, Any]:
    return {
        "dead_letter_id": UUID(int=10**6 + number), "resource": "orders", "name": str(number),
        "reason": "it answers 500", "state": state, "at": BEGUN + timedelta(seconds=second),
    }  # fmt: skip


def ended() -> RunView:
    trouble = Trouble(code="x", message="The store went away.")
    return RunView(
        run(progress("orders"), state=RunState.INCOMPLETE, ended_at=NOW, error=trouble),
        ["orders"],
        NOW,
    )


def read(letters: Aside, sought: Sought, limit: int = 200) -> Any:
    return asyncio.run(read_log(letters, ended(), sought, limit=limit))  # type: ignore[arg-type]


def test_an_ended_run_says_what_happened() -> None:
    letters = Aside([aside(7, 10), aside(8, 11, "resolved")])
    log = read(letters, Sought())
    assert [one.text for one in log.lines] == [
        "Pull · shop: asked for",
        "Pull · shop: begun, 1 resources",
        "orders/7 set aside: it answers 500",
        "orders/8 set aside: it answers 500 (settled since)",
        "Orders: 10 records in 20 s",
        "Incomplete: The store went away.",
    ]
    assert log.counts == {"warning": 1, "aside": 2}
    assert log.older is None
    assert [one.level for one in read(letters, Sought("aside")).lines] == ["aside", "aside"]
    assert [one.level for one in read(letters, Sought("warning")).lines] == ["warning"]


def test_a_search_looks_at_both_sources_and_keeps_its_level() -> None:
    letters = Aside([aside(7, 10), aside(8, 11)])
    assert len(read(letters, Sought(text=" ORDERS")).lines) == 3
    found = read(letters, Sought("aside", "orders/8"))
    assert [one.text for one in found.lines] == ["orders/8 set aside: it answers 500"]
    assert found.sought.query(level=None) == "?q=orders%2F8"


@pytest.mark.parametrize("limit", [1, 2, 200])
@given(
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(0, 3)), unique_by=lambda t: t[0], max_size=9
    )
)
def test_pages_of_any_size_lose_no_line_and_double_none(
    limit: int, numbers: list[tuple[int, int]]
) -> None:
    """Also where many happened at the very same moment."""
    letters = Aside([aside(number, second) for number, second in numbers])
    whole = [one.text for one in read(letters, Sought(), limit=10_000).lines]
    found, sought = [], Sought()
    for _ in range(len(whole) + 1):
        log = read(letters, sought, limit)
        found = [one.text for one in log.lines] + found
        assert len(log.lines) <= limit
        if log.older is None:
            break
        sought = Sought(before=log.older)
    assert found == whole


def test_a_file_has_every_line_the_latest_first() -> None:
    letters = Aside([aside(number, number % 90) for number in range(2_500)])

    async def lines() -> list[str]:
        found = []
        async for some in whole_log(letters, ended(), Sought()):  # type: ignore[arg-type]
            assert len(some) <= 1_000
            found += [one.text for one in some]
        return found

    found = asyncio.run(lines())
    assert len(found) == len(set(found)) == 2_504
    assert found[0].startswith("Incomplete")
