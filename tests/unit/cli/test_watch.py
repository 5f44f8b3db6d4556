"""Following runs: what is told of what was seen."""

from __future__ import annotations

from uuid import UUID

from storetwin.cli.watch import Follower

ONE, TWO = UUID(int=1), UUID(int=2)


def row(run_id=ONE, run_state="running", resource="orders", state="running", **more):
    counts = dict.fromkeys(("records", "created", "updated", "buried", "unreadable", "pages"), 0)
    found = {"run_id": run_id, "connection": "shop", "kind": "sync", "run_state": run_state}
    found |= {"error": None, "stage": "sync", "resource": resource, "state": state}
    return found | counts | {"expected": None} | more


def told(follower, *rows):
    return [(event["what"], event.get("resource")) for event in follower.see(list(rows))]


def test_each_beginning_and_each_end_is_told_once():
    follower = Follower()
    assert told(follower, row()) == [("began", None)]
    assert told(follower, row(records=5)) == []
    assert follower.current[0]["records"] == 5
    assert told(follower, row(state="done"), row(resource="taxes")) == [("done", "orders")]
    assert told(follower, row(state="done"), row(resource="taxes")) == []
    assert follower.known == [ONE]
    ended = [
        row(state="done", run_state="done"),
        row(resource="taxes", state="done", run_state="done"),
    ]
    assert told(follower, *ended) == [("done", "taxes"), ("done", None)]
    assert (follower.known, follower.current) == ([], [])


def test_a_run_without_progress_is_told_as_well():
    follower = Follower()
    assert told(follower, row(state=None, resource=None, stage=None)) == [("began", None)]
    ended = row(state=None, resource=None, stage=None, run_state="failed", error="down")
    [event] = follower.see([ended])
    assert (event["what"], event["error"]) == ("failed", "down")


def test_runs_side_by_side_are_kept_apart():
    follower = Follower()
    assert told(follower, row(), row(TWO)) == [("began", None), ("began", None)]
    assert told(follower, row(run_state="done", state="done"), row(TWO)) == [
        ("done", "orders"), ("done", None),
    ]  # fmt: skip
    assert follower.known == [TWO]
    assert told(follower, row(TWO, state="done")) == [("done", "orders")]
