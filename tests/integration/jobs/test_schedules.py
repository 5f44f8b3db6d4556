"""What a person does with schedules, and what is told of runs and standings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hubs import NAME, Twin
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.schedules import Schedule, ScheduleKind
from storetwin.runs.standing import Standing
from storetwin.runs.standing_repository import Filter

SYNC, SWEEP = ScheduleKind.SYNC, ScheduleKind.SWEEP


async def listed(twin: Twin) -> dict[tuple[str, str], Schedule]:
    [(_, found)] = await twin.hub.schedules.of()
    return {(s.kind.value, s.resource): s for s in found}


async def test_every_connection_has_the_usual_ones(twin: Twin) -> None:
    found = await listed(twin)
    assert {key: str(s.spec) for key, s in found.items()} == {
        ("sync", ""): "30m",
        ("sweep", ""): "1d",
    }
    assert all(s.next_at <= utc_now() for s in found.values()), "due at once"
    assert await listed(twin) == found


async def test_setting_resting_going_on_and_forgetting(twin: Twin) -> None:
    schedules = twin.hub.schedules
    await schedules.set(NAME, [SYNC], "5m", "orders")
    await schedules.set(NAME, [SYNC, SWEEP], "0 6 * * *")
    found = await listed(twin)
    assert {str(s.spec) for s in found.values()} == {"5m", "0 6 * * *"}
    assert all(s.next_at > utc_now() for s in found.values())

    await schedules.pause(NAME, is_paused=True, resource="orders")
    assert [key for key, s in (await listed(twin)).items() if s.is_paused] == [("sync", "orders")]
    await schedules.pause(NAME, is_paused=True)
    assert all(s.is_paused for s in (await listed(twin)).values())
    await schedules.pause(NAME, is_paused=False, kind=SWEEP)
    assert [key for key, s in (await listed(twin)).items() if not s.is_paused] == [("sweep", "")]
    await schedules.set(NAME, [SYNC], "1h")
    assert not (await listed(twin))["sync", ""].is_paused, "who sets it wants it"
    await schedules.remove(NAME, "orders")
    assert ("sync", "orders") not in await listed(twin)


async def test_what_cannot_be_is_told(twin: Twin) -> None:
    schedules = twin.hub.schedules
    with pytest.raises(ConfigurationError, match="never comes"):
        await schedules.set(NAME, [SYNC], "0 0 30 2 *")
    with pytest.raises(UnknownNameError, match="nobody"):
        await schedules.set("nobody", [SYNC], "5m")
    with pytest.raises(ConfigurationError, match="cannot be removed"):
        await schedules.remove(NAME, None)
    for refused in (schedules.remove(NAME, "taxes"),
                    schedules.pause(NAME, is_paused=True, resource="taxes")):  # fmt: skip
        with pytest.raises(UnknownNameError, match="no schedule of their own"):
            await refused


async def test_the_start_of_the_hub_brings_increments_forward_and_sweeps_not(twin: Twin) -> None:
    await twin.hub.schedules.set(NAME, [SYNC, SWEEP], "1d")
    await twin.hub.schedules.make_due(twin.connection.id)
    found = await listed(twin)
    assert found["sync", ""].next_at <= utc_now() < found["sweep", ""].next_at


async def test_how_a_connection_is_doing_and_what_ran(twin: Twin) -> None:
    [before] = await twin.hub.standings.every()
    assert (before.standing, before.last_run, before.certificate) == (Standing.NEVER, None, None)
    await listed(twin)
    await twin.pull()
    [after] = await twin.hub.standings.every()
    orders = next(r for r in after.resources if r.resource == "orders")
    assert after.standing is Standing.IN_STEP
    assert sum(orders.records.values()) == len(twin.sandbox.store.ids("orders"))
    assert orders.marks.synced_to is not None
    assert (after.waiting, after.failures, after.at_work) == (0, 0, [])

    async with twin.hub.runner.running(NAME, RunKind.RECEIVE, {}, lambda _: None) as context:
        [at_work] = (await twin.hub.standings.every())[0].at_work
        assert at_work["kind"] == "receive"
        await twin.hub.runner.close(context)
    assert [run["kind"] for run in await twin.hub.reports.runs()] == ["pull"], "receipts are hidden"
    chosen = {
        "receive": Filter(kinds=[RunKind.RECEIVE]),
        "pull": Filter(
            states=[RunState.DONE], resource="orders", since=after.last_run["started_at"]
        ),
    }
    for kind, found in chosen.items():
        assert [run["kind"] for run in await twin.hub.reports.runs(NAME, found)] == [kind]
    later = Filter(since=utc_now() + timedelta(hours=1))
    assert await twin.hub.reports.runs(NAME, later) == []
