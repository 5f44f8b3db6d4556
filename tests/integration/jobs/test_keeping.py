"""A connection's turn: what is done, and when it is due next, however it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hubs import NAME, Twin
from storetwin.connections.choices import Choices
from storetwin.connections.doubts import ConnectionPausedError
from storetwin.connections.options import QuietHours
from storetwin.connections.quiet import QuietHoursError
from storetwin.hub.running import RunInProgressError
from storetwin.jobs.keeping import drain, ending_of, keep_in_step, patience, tidy
from storetwin.kernel.backoff import SCHEDULE_DELAYS
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import CredentialError, InvariantError, RetryableError
from storetwin.runs.models import RunKind
from storetwin.runs.repository import RunTakenOverError
from storetwin.runs.schedules import BUSY, Busy, Failed, Later, Schedule, ScheduleKind

RUNS = "SELECT kind, state FROM runs.runs ORDER BY started_at"
DUE = "UPDATE runs.schedules SET next_at = clock_timestamp()"


async def schedules(twin: Twin) -> dict[str, Schedule]:
    [(_, found)] = await twin.hub.schedules.of(NAME)
    return {s.kind.value + (f" {s.resource}" if s.resource else ""): s for s in found}


async def due(twin: Twin) -> None:
    async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
        await tx.execute(DUE)


async def ran(twin: Twin) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in await twin.rows(RUNS)]


@pytest.fixture
async def kept(twin: Twin) -> Twin:
    """A twin that is due."""
    await twin.hub.schedules.ensure(twin.connection.id)
    return twin


async def test_first_everything_is_pulled_and_proved_then_what_changed_is_read(kept: Twin) -> None:
    await keep_in_step(kept.hub, kept.connection.id)
    assert await ran(kept) == [("pull", "done")]
    for schedule in (await schedules(kept)).values():
        assert schedule.last_at is not None
        assert schedule.next_at > utc_now() + timedelta(minutes=5)

    await keep_in_step(kept.hub, kept.connection.id)
    assert len(await ran(kept)) == 1, "nothing is due"

    [order, *_] = kept.sandbox.store.ids("orders")
    kept.sandbox.store.edit("orders", order, {"customer_note": "in step"})
    await due(kept)
    await keep_in_step(kept.hub, kept.connection.id)
    assert [kind for kind, _ in await ran(kept)] == ["pull", "sync", "sweep"]
    assert b"in step" in (await kept.documents("orders"))[str(order)]


async def test_a_resource_with_a_schedule_of_its_own_has_its_own_turn(kept: Twin) -> None:
    await keep_in_step(kept.hub, kept.connection.id)
    await kept.hub.schedules.set(NAME, [ScheduleKind.SYNC], "10m", "orders")
    before = await schedules(kept)
    async with kept.hub.database.transaction(kept.hub.organisation_id) as tx:
        await tx.execute(f"{DUE} WHERE resource = 'orders'")
    kept.sandbox.requests.clear()
    await keep_in_step(kept.hub, kept.connection.id)
    after = await schedules(kept)
    assert after["sync orders"].last_at is not None
    assert after["sync"].next_at == before["sync"].next_at
    assert not [e for e in kept.sandbox.requests.log if e.path.endswith("/coupons")]


async def test_while_another_run_is_at_work_it_is_tried_again_soon(kept: Twin) -> None:
    async with kept.hub.runner.running(NAME, RunKind.PULL, {}, lambda _: None) as context:
        await keep_in_step(kept.hub, kept.connection.id)
        await kept.hub.runner.close(context)
    found = (await schedules(kept))["sync"]
    assert (found.failures, found.last_at) == (0, None)
    assert timedelta(0) < found.next_at - utc_now() <= BUSY


async def test_a_store_that_is_down_is_knocked_at_less_and_less(kept: Twin) -> None:
    kept.sandbox.faults.switch_on("down")
    waits = []
    for _ in range(2):
        await due(kept)
        await keep_in_step(kept.hub, kept.connection.id)
        found = (await schedules(kept))["sync"]
        waits.append(found.next_at - utc_now())
    assert found.failures == 2
    for wait, expected in zip(waits, SCHEDULE_DELAYS, strict=False):
        assert expected - timedelta(seconds=5) < wait <= expected
    kept.sandbox.faults.switch_off("down")
    await due(kept)
    await keep_in_step(kept.hub, kept.connection.id)
    assert (await schedules(kept))["sync"].failures == 0


async def test_quiet_hours_put_it_off_until_they_end(kept: Twin) -> None:
    now = utc_now()
    span = QuietHours((now - timedelta(hours=2)).time(), (now + timedelta(hours=2)).time())
    await kept.hub.configure(NAME, Choices(quiet_hours=(span,)))
    await keep_in_step(kept.hub, kept.connection.id)
    found = (await schedules(kept))["sync"]
    assert timedelta(minutes=110) < found.next_at - now < timedelta(minutes=130)
    assert (found.failures, await ran(kept)) == (0, [])


async def test_what_a_person_sets_meanwhile_stays(kept: Twin) -> None:
    turn = await kept.hub.schedules.turn(kept.connection.id)
    assert turn is not None
    await kept.hub.schedules.set(NAME, [ScheduleKind.SYNC], "2h")
    before = (await schedules(kept))["sync"]
    await kept.hub.schedules.settle(turn, None, Failed())
    after = await schedules(kept)
    assert after["sync"] == before
    assert after["sweep"].failures == 1


async def test_a_connection_that_was_removed_has_no_turn(kept: Twin) -> None:
    await kept.hub.register.remove(NAME)
    await keep_in_step(kept.hub, kept.connection.id)
    assert await drain(kept.hub, kept.connection.id, 0) is None
    await tidy(kept.hub, kept.connection.id)


async def test_nothing_that_waits_is_drained_and_old_history_is_let_go(kept: Twin) -> None:
    assert await drain(kept.hub, kept.connection.id, 0) is None
    await tidy(kept.hub, kept.connection.id)
    assert await ran(kept) == []


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (RunInProgressError("x"), Busy()),
        (RunTakenOverError("x"), Busy()),
        (QuietHoursError("x", until=NOON, remedy="y"), Later(NOON)),
        (ConnectionPausedError("x"), Later(None)),
        (CredentialError("x"), Failed()),
        (RetryableError("x", retry_after=90), Failed(90)),
        (InvariantError("x"), Failed()),
        (ZeroDivisionError(), Failed()),
    ],
)
def test_each_error_means_one_thing_for_the_schedule(error, ending):
    assert ending_of(error) == ending


def test_an_inbox_waits_for_minutes_at_most():
    assert patience(Busy(), 9) == BUSY
    waits = [patience(Failed(), n) for n in range(9)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (SCHEDULE_DELAYS[0], timedelta(minutes=5))
    assert patience(Later(NOON), 0) == SCHEDULE_DELAYS[0]
