"""Pruning: what a connection's rule keeps stays, everything else goes, and nothing goes unasked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hubs import NAME, Twin
from storetwin.connections.choices import Choices
from storetwin.connections.register import NewConnection
from storetwin.hub import pruning
from storetwin.hub.pruning import Pruned
from storetwin.kernel.errors import UnknownNameError
from storetwin.mirror import retention
from storetwin.mirror.repository import Shelf
from storetwin.mirror.writing import bury_records, write_records
from storetwin.resources import named
from storetwin.woocommerce.records import read_record

DAY = timedelta(days=1)
KEPT = """
SELECT remote_id, array_agg(version ORDER BY version) AS versions FROM mirror.versions
WHERE connection_id = %(connection_id)s GROUP BY remote_id
"""
DELIVERIES = """
INSERT INTO mirror.inbox (organisation_id, connection_id, topic, received_at, next_attempt_at, state, applied_at)
SELECT %(organisation_id)s, %(connection_id)s, 'order.updated', now(), now(), state,
       CASE WHEN state <> 'waiting' THEN now() - days * interval '1 day' END
FROM unnest(ARRAY['waiting', 'applied', 'ignored']) AS state, unnest(ARRAY[1, 8]) AS days
RETURNING 1
"""
RUNS = """
INSERT INTO runs.runs (run_id, organisation_id, connection_id, kind, lane, state, epoch, owner, options, started_at,
                       heartbeat_at, ended_at)
SELECT gen_random_uuid(), %(organisation_id)s, %(connection_id)s, kind, 'inbox', 'done', 1, 'x', '{}',
       now() - days * interval '1 day', now(), now() - days * interval '1 day'
FROM unnest(ARRAY['pull', 'receive']) AS kind, unnest(ARRAY[1, 8]) AS days
RETURNING run_id
"""


@pytest.fixture
async def aged(twin: Twin) -> Twin:
    """Orders 1 and 2 with a version a day for ten days, the last one today; order 2 went today."""
    shelf = Shelf(twin.hub.organisation_id, twin.connection.id, "orders")
    now = twin.hub.clock()
    for day in range(10):
        moment = now - (9 - day) * DAY
        documents = [b'{"id":%d,"day":%d}' % (number, day) for number in (1, 2)]
        records = [read_record(named("orders"), document) for document in documents]
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            await write_records(tx, shelf, records, served_at=moment, now=moment)
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await bury_records(tx, shelf, ["2"], served_at=now, now=now)
    return twin


async def kept(twin: Twin) -> dict[str, list[int]]:
    return {row["remote_id"]: row["versions"] for row in await twin.rows(KEPT)}


EVERYTHING = {"1": list(range(1, 10)), "2": list(range(1, 11))}


async def test_without_a_rule_every_version_stays(aged: Twin) -> None:
    assert await aged.hub.history.prune(NAME) == Pruned()
    assert await kept(aged) == EVERYTHING


@pytest.mark.parametrize("at_once", [1, 3, 2_000])
@pytest.mark.parametrize(
    ("choices", "left"),
    [
        (Choices(keep_versions=1), {"2": [10]}),
        (Choices(keep_versions=3), {"1": [8, 9], "2": [9, 10]}),
        (Choices(keep_days=4), {"1": [6, 7, 8, 9], "2": [6, 7, 8, 9, 10]}),
        (Choices(keep_versions=8, keep_days=1), {"1": [3, 4, 5, 6, 7, 8, 9], "2": [*range(4, 11)]}),
    ],
    ids=["latest 1", "latest 3", "4 days", "both"],
)
async def test_what_no_rule_keeps_goes_in_steps_of_any_size(
    aged: Twin,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    choices: Choices,
    left: dict[str, list[int]],
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", at_once)
    await aged.hub.configure(NAME, choices)
    gone = sum(map(len, EVERYTHING.values())) - sum(map(len, left.values()))
    assert await aged.hub.history.prune(NAME, is_rehearsal=True) == Pruned(versions=gone)
    assert await kept(aged) == EVERYTHING
    told: list[int] = []
    pruned = await aged.hub.history.prune(NAME, observe=lambda so_far: told.append(so_far.versions))
    assert pruned == Pruned(versions=gone)
    assert told == sorted(told)
    assert await kept(aged) == left
    assert await aged.hub.history.prune(NAME) == Pruned()


async def test_what_was_pruned_is_said_not_invented(aged: Twin) -> None:
    await aged.hub.configure(NAME, Choices(keep_versions=3))
    await aged.hub.history.prune(NAME)
    told = await aged.hub.history.versions(NAME, "orders", "1")
    assert [(t.version.number, t.fields) for t in told] == [
        (8, None),
        (9, ("day",)),
        (10, ("day",)),
    ]
    early = (aged.hub.clock() - 5 * DAY).isoformat()
    with pytest.raises(UnknownNameError) as error:
        await aged.hub.history.at(NAME, "orders", "1", early)
    assert "is not kept any more" in error.value.message
    assert "Version 8 is the first that is kept" in str(error.value.remedy)
    now = aged.hub.clock()
    events = [e async for e in aged.hub.history.events(NAME, "orders", now - 9 * DAY, now)]
    assert {(e.version, e.fields) for e in events if e.remote_id == "1"} == {
        (10, ("day",)),
        (9, ("day",)),
        (8, None),
    }


async def test_versions_of_other_connections_stay(aged: Twin) -> None:
    credentials = aged.hub.register.credentials(aged.connection)
    other = NewConnection("other", "http://other.test", credentials)
    await aged.hub.register.add(other, aged.hub.clock())
    await aged.hub.configure("other", Choices(keep_versions=1))
    assert await aged.hub.history.prune("other") == Pruned()
    assert await kept(aged) == EVERYTHING


@pytest.mark.parametrize("at_once", [1, 5_000])
async def test_settled_deliveries_and_what_applied_them_go_after_a_week(
    twin: Twin, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", at_once)
    own: dict[str, Any] = {"organisation_id": twin.hub.organisation_id}
    await twin.rows(DELIVERIES, **own)
    await twin.rows(RUNS, **own)
    expected = Pruned(deliveries=2, receipts=1)
    assert await twin.hub.history.prune(NAME, is_rehearsal=True) == expected
    assert await twin.hub.history.prune(NAME) == expected
    assert await twin.hub.history.prune(NAME) == Pruned()
    states = await twin.rows("SELECT state, count(*) AS n FROM mirror.inbox GROUP BY state")
    assert {row["state"]: row["n"] for row in states} == {"waiting": 2, "applied": 1, "ignored": 1}
    kinds = await twin.rows("SELECT kind, count(*) AS n FROM runs.runs GROUP BY kind")
    assert {row["kind"]: row["n"] for row in kinds} == {"pull": 2, "receive": 1}
    sooner = await twin.hub.history.prune(NAME, deliveries_for=DAY / 2, receipts_for=DAY / 2)
    assert sooner == Pruned(deliveries=2, receipts=1)
