"""The guide of the demo ticks itself from facts."""

from datetime import UTC, datetime, timedelta

from storetwin.runs.models import RunKind
from storetwin.web.guide import Facts, _facts, guide

THEN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def row(kind: RunKind, minutes: int, created: int = 0, updated: int = 0) -> dict:
    ended = THEN + timedelta(minutes=minutes)
    return {"kind": kind, "ended_at": ended, "created": created, "updated": updated}


def test_nothing_is_ticked_before_it_happened() -> None:
    new = guide(Facts(), "http://store.example")
    assert new.number == 1
    assert not any(step.is_done for step in new.steps)
    text, where = new.steps[3].link
    assert text == "Open the store"
    assert where.startswith("http://store.example/?change=products&fields=%7B")
    assert where.endswith("#change")


def test_steps_follow_the_facts() -> None:
    pulled = [row(RunKind.PULL, 1)]
    assert guide(_facts(pulled, [], []), "x").number == 2
    proof = [{"ended_at": THEN + timedelta(minutes=1)}]
    assert guide(_facts(pulled, [], proof), "x").number == 3
    promoted = [*pulled, row(RunKind.PROMOTE, 3)]
    assert guide(_facts(promoted, [], proof), "x").number == 4
    nothing_new = [row(RunKind.SYNC, 4), row(RunKind.RECEIVE, 0, updated=1)]
    assert guide(_facts(promoted, nothing_new, proof), "x").number == 4
    changed = [row(RunKind.RECEIVE, 5, updated=1)]
    assert guide(_facts(promoted, changed, proof), "x").number == 5
    again = [*promoted, row(RunKind.PROMOTE, 6)]
    done = guide(_facts(again, changed, proof), "x")
    assert done.number == 6
    assert done.step is None
