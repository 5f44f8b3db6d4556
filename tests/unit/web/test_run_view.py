"""A run as a page shows it."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.api.run_forms import (
    ResourceProgress,
    RunCost,
    RunCounts,
    RunError,
    RunWhole,
    Trouble,
)
from storetwin.runs.models import RunKind, RunState, Stage
from storetwin.web.run_view import MOST_LINES, RunView
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


def test_an_ended_run_says_what_happened() -> None:
    trouble = Trouble(code="x", message="The store went away.")
    ended = run(
        progress("orders", unreadable=1),
        state=RunState.INCOMPLETE,
        ended_at=NOW,
        error=trouble,
        errors=[RunError(resource="orders", record="7", reason="it answers 500")],
    )
    view = RunView(ended, ["orders", "products"], NOW)
    assert view.percent == 100
    assert view.left is None
    assert {line.title: line.word for line in view.lines}["Products"] == "Skipped"
    assert "orders/7 set aside: it answers 500" in [one.text for one in view.activity("aside")]
    assert view.activity()[-1].text == "Incomplete: The store went away."
    assert view.count("aside") == 1


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
    assert len(view.activity()) <= MOST_LINES
    moments = [one.at for one in view.activity()]
    assert moments == sorted(moments)
