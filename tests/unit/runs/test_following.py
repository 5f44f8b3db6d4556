"""What somebody who follows runs is told: everything, in order, and the end once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storetwin.runs.following import Event, Teller

RUN, OTHER = UUID(int=1), UUID(int=2)
START = datetime(2026, 11, 21, tzinfo=UTC)


def row(
    run_id: UUID = RUN, state: str = "running", *, records: int | None = None, at: int = 0
) -> dict[str, Any]:
    """A run with its progress, as the database gives it; without records it has none yet."""
    counts = dict.fromkeys(("created", "updated", "buried", "unreadable", "pages"), 0)
    has = records is not None
    return {
        "run_id": run_id,
        "connection": "shop",
        "kind": "pull",
        "state": state,
        "error": "It failed." if state == "failed" else None,
        "remedy": None,
        "stage": "pull" if has else None,
        "resource": "orders" if has else None,
        "progress_state": "running" if has else None,
        "records": records,
        "expected": None,
        "updated_at": START + timedelta(seconds=at) if has else None,
        **counts,
    }


def told(teller: Teller, *rows: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(e.name, e.data.get("records", e.data["state"])) for e in teller.see(rows)]


def test_a_run_is_told_from_its_queue_to_its_end() -> None:
    teller = Teller(only=RUN)
    assert told(teller, row(state="queued")) == [("state", "queued")]
    assert told(teller, row(state="queued")) == []
    assert told(teller, row(records=5, at=1)) == [("state", "running"), ("progress", 5)]
    assert told(teller, row(records=5, at=1)) == []
    assert not teller.is_over
    end = [("progress", 9), ("state", "done")]
    assert told(teller, row(state="done", records=9, at=2)) == end
    assert teller.is_over
    assert teller.at_work == []


def test_an_error_is_told_with_the_end() -> None:
    [event] = Teller(only=RUN).see([row(state="failed")])
    assert (event.data["error"], event.mark) == ("It failed.", "0-end")


def test_who_comes_back_is_told_what_he_missed() -> None:
    first = Teller(only=RUN)
    events = list(first.see([row(records=5, at=1)]))
    again = Teller.since(events[-1].mark, RUN)
    assert told(again, row(records=5, at=1)) == [("state", "running"), ("progress", 5)]
    later = Teller.since(events[-1].mark, RUN)
    assert ("progress", 6) in told(later, row(records=6, at=2))
    ahead = Teller.since(str(10**17), RUN)
    assert told(ahead, row(records=5, at=1)) == [("state", "running")]
    assert told(ahead, row(records=7, at=2)) == [("progress", 7)], "he is here now"


def test_ended_runs_are_forgotten() -> None:
    teller = Teller()
    list(teller.see([row(RUN, records=1, at=1), row(OTHER, records=1, at=1)]))
    assert set(teller.at_work) == {RUN, OTHER}
    list(teller.see([row(RUN, "done", records=1, at=1), row(OTHER, records=1, at=1)]))
    assert teller.at_work == [OTHER]
    list(teller.see([row(OTHER, records=1, at=1)]))
    assert set(teller.known) == {OTHER}


@given(st.text(max_size=40))
def test_any_mark_can_be_sent(mark: str) -> None:
    assert Teller.since(mark).after >= 0


steps = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(("queued", "running"))), min_size=1, max_size=12
)


@given(steps, st.sampled_from(("done", "failed", "cancelled", "incomplete")))
def test_the_last_word_is_the_truth_whenever_he_joins(run: list[tuple[int, str]], end: str) -> None:
    total, rows = 0, []
    for at, (more, state) in enumerate(run):
        total += more
        rows.append(row(state=state, records=total, at=at))
    rows.append(row(state=end, records=total, at=len(run)))
    for joins in range(len(rows)):
        teller = Teller(only=RUN)
        events: list[Event] = [e for seen in rows[joins:] for e in teller.see([seen])]
        assert events[-1].data["state"] == end
        assert sum(e.data.get("state") == end for e in events if e.name == "state") == 1
        counts = [e.data["records"] for e in events if e.name == "progress"]
        assert counts[-1] == total
        assert counts == sorted(counts)
        marks = [int(e.mark.partition("-")[0]) for e in events]
        assert marks == sorted(marks)
