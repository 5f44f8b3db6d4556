"""When a schedule is due next, whatever clocks and seasons do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.backoff import SCHEDULE_DELAYS
from storetwin.kernel.errors import ConfigurationError
from storetwin.runs.schedules import (
    ALL,
    BUSY,
    CRON_SPREAD,
    Busy,
    Cron,
    Done,
    Failed,
    Interval,
    Later,
    Schedule,
    ScheduleKind,
    next_time,
    parse_spec,
    settle,
    turns,
)

ZONES = ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"]
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
moments = st.integers(0, 15 * 365 * 86_400_000).map(
    lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=n)
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
phases = st.floats(0, 1, exclude_max=True)
intervals = st.integers(10, 31 * 86_400).map(lambda s: Interval(timedelta(seconds=s)))
crons = st.builds(
    lambda minute, hour, day: Cron(f"{minute} {hour} * * {day}"),
    st.sampled_from(["*", "*/15", "0", "30", "59"]),
    st.sampled_from(["*", "*/6", "0", "2", "3", "23", "1-3"]),
    st.sampled_from(["*", "1-5", "0"]),
)
specs = intervals | crons


def schedule(spec="30m", kind=ScheduleKind.SYNC, resource=ALL, **more):
    given = {"is_paused": False, "next_at": NOON, "connection_id": UUID(int=7)} | more
    return Schedule(UUID(int=1), kind=kind, resource=resource, spec=parse_spec(spec), **given)


def on_the_wall(expression, zone, after, count):
    """The next times of a cron, as the wall shows them."""
    found, place = [], ZoneInfo(zone)
    at = datetime.fromisoformat(after).replace(tzinfo=place).astimezone(UTC)
    for _ in range(count):
        at = next_time(Cron(expression), started_at=at, now=at, zone=place, phase=0)
        found.append(f"{at.astimezone(place):%d %H:%M %Z}")
    return found


@pytest.mark.parametrize("text", ["10s", "15m", "1h30m", "1d", "31d", "2d3h4m5s"])
def test_an_interval_is_written_as_it_is_read(text):
    assert str(parse_spec(text)) == text


@given(intervals)
def test_every_interval_survives_being_written(spec):
    assert parse_spec(str(spec)) == spec


@pytest.mark.parametrize(
    "text",
    ["", "30", "m", "9s", "32d", "-5m", "1.5h", "0 6 * *", "61 * * * *", "0 0 30 2 *",
     "* * * * * *", "0 6 * * * 2030", "H 6 * * *x"],
)  # fmt: skip
def test_what_is_no_schedule_is_said(text):
    with pytest.raises(ConfigurationError) as caught:
        parse_spec(text)
    assert caught.value.remedy


@given(specs, moments, zones, phases, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_the_next_time_is_never_in_the_past_and_time_moves_it_forward_only(
    spec, now, zone, phase, later
):
    first = next_time(spec, started_at=now, now=now, zone=zone, phase=phase)
    second = next_time(spec, started_at=now + later, now=now + later, zone=zone, phase=phase)
    assert first > now
    assert second >= first
    assert first.tzinfo is UTC


@given(intervals, moments, phases, st.floats(0, 0.4))
def test_an_interval_is_kept_however_long_the_reading_takes(spec, now, phase, share):
    at = next_time(spec, started_at=now, now=now, zone=UTC, phase=phase)
    ended = at + share * spec.length
    following = next_time(spec, started_at=at, now=ended, zone=UTC, phase=phase)
    assert following - at == spec.length


@given(intervals, moments, phases)
def test_after_a_start_by_hand_it_does_not_start_again_at_once(spec, now, phase):
    wait = next_time(spec, started_at=now, now=now, zone=UTC, phase=phase) - now
    assert spec.length / 2 < wait <= spec.length * 1.5


@given(crons, moments, zones, phases)
def test_the_jitter_of_a_cron_stays_within_its_minute(spec, now, zone, phase):
    plain = next_time(spec, started_at=now, now=now, zone=zone, phase=0)
    late = next_time(
        spec, started_at=now, now=plain - timedelta(microseconds=1), zone=zone, phase=phase
    )
    assert timedelta(0) <= late - plain <= CRON_SPREAD


def test_many_connections_do_not_start_in_the_same_second():
    found = [
        next_time(s.spec, started_at=NOON, now=NOON, zone=UTC, phase=s.phase)
        for s in (schedule(connection_id=uuid4()) for _ in range(200))
    ]
    assert len({at.replace(microsecond=0) for at in found}) > 150
    one = schedule()
    assert one.phase == schedule().phase, "the same after every restart"


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("0 6 * * *", "Asia/Tokyo", "2026-03-01T05:00", ["01 06:00 JST", "02 06:00 JST"]),
        # 2026-03-08, New York: 02:00 to 03:00 is left out.
        ("30 2 * * *", "America/New_York", "2026-03-07T03:00",
         ["08 03:30 EDT", "09 02:30 EDT"]),
        ("*/30 * * * *", "America/New_York", "2026-03-08T01:20",
         ["08 01:30 EST", "08 03:00 EDT", "08 03:30 EDT"]),
        # 2026-11-01, New York: 01:00 to 02:00 comes twice.
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00",
         ["01 01:30 EDT", "02 01:30 EST"]),
        ("*/30 * * * *", "America/New_York", "2026-11-01T00:40",
         ["01 01:00 EDT", "01 01:30 EDT", "01 01:00 EST", "01 01:30 EST", "01 02:00 EST"]),
    ],
)  # fmt: skip
def test_cron_goes_by_the_clock_on_the_sites_wall(expression, zone, after, expected):
    assert on_the_wall(expression, zone, after, len(expected)) == expected


def test_a_turn_that_was_done_starts_the_count_anew():
    settled = settle(
        schedule(failures=4),
        Done(),
        started_at=NOON,
        now=NOON + timedelta(minutes=2),
        zone=UTC,
    )
    assert (settled.last_at, settled.failures) == (NOON, 0)
    assert NOON + timedelta(minutes=15) < settled.next_at <= NOON + timedelta(minutes=45)


def test_failures_wait_longer_each_time_and_as_long_as_the_store_asked():
    waits = [
        settle(schedule(failures=n), Failed(), started_at=NOON, now=NOON, zone=UTC).next_at - NOON
        for n in range(8)
    ]
    assert waits == [*SCHEDULE_DELAYS, SCHEDULE_DELAYS[-1], SCHEDULE_DELAYS[-1]]
    asked = settle(schedule(), Failed(7200), started_at=NOON, now=NOON, zone=UTC)
    assert (asked.next_at, asked.failures) == (NOON + timedelta(hours=2), 1)


def test_what_is_nobodys_fault_is_no_failure():
    until = NOON + timedelta(hours=3)
    for ending, at in [(Busy(), NOON + BUSY), (Later(until), until)]:
        settled = settle(schedule(failures=2), ending, started_at=NOON, now=NOON, zone=UTC)
        assert (settled.next_at, settled.failures, settled.last_at) == (at, 2, None)
    never = settle(schedule(), Later(None), started_at=NOON, now=NOON, zone=UTC)
    assert never.next_at > NOON


@given(
    specs,
    st.sampled_from([Done(), Busy(), Later(None), Later(NOON), Failed(), Failed(99.0)]),
    moments,
    st.timedeltas(timedelta(0), timedelta(days=2)),
    st.integers(0, 50),
)
def test_however_a_turn_ends_the_next_is_not_in_the_past(spec, ending, now, lasted, failures):
    settled = settle(
        schedule(str(spec), failures=failures), ending, started_at=now - lasted, now=now, zone=UTC
    )
    assert settled.next_at >= now
    assert settled.failures in (0, failures, failures + 1)


def test_each_resource_has_its_turn_once():
    names = ["orders", "products", "taxes"]
    all_sync, own = schedule(), schedule("5m", resource="products")
    sweep, off = schedule(kind=ScheduleKind.SWEEP), schedule(resource="taxes", is_paused=True)
    every = [all_sync, own, sweep, off]
    assert turns([all_sync], every, names) == {"sync": ["orders"]}
    assert turns([own], every, names) == {"sync": ["products"]}
    assert turns([all_sync, own, sweep], every, names) == {
        "sync": ["orders", "products"],
        "sweep": names,
    }
    assert turns([schedule(resource="gone")], every, names) == {}
