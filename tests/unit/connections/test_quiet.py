"""Quiet hours by the clock on the site's wall: across midnight, and when clocks are set."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.models import Connection, StoreFacts
from storetwin.connections.options import Options, QuietHours
from storetwin.connections.quiet import (
    QuietHoursError,
    check_quiet_hours,
    gate,
    is_quiet,
    quiet_until,
    site_zone,
)
from storetwin.kernel.errors import ConfigurationError

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = QuietHours(time(22), time(6))
NOON = QuietHours(time(12), time(13, 30))


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "quiet", "until"),
    [
        ("2026-06-10 01:59", False, "2026-06-10 01:59"),  # 21:59 there
        ("2026-06-10 02:00", True, "2026-06-10 10:00"),
        ("2026-06-10 04:00", True, "2026-06-10 10:00"),  # midnight
        ("2026-06-10 09:59:59", True, "2026-06-10 10:00"),
        ("2026-06-10 10:00", False, "2026-06-10 10:00"),
        ("2026-01-10 10:59", True, "2026-01-10 11:00"),  # in winter an hour later
        ("2026-06-10 16:00", True, "2026-06-10 17:30"),
        ("2026-06-10 17:30", False, "2026-06-10 17:30"),
    ],
)
def test_a_span_of_the_day_in_the_sites_zone(moment, quiet, until):
    assert is_quiet((NIGHT, NOON), NEW_YORK, utc(moment)) is quiet
    assert quiet_until((NIGHT, NOON), NEW_YORK, utc(moment)) == utc(until)


@pytest.mark.parametrize(
    ("span", "moment", "until"),
    [
        # 8 March 2026, 02:00 becomes 03:00: a span that ends at 02:30 ends with the lost hour
        (QuietHours(time(1), time(2, 30)), "2026-03-08 06:30", "2026-03-08 07:00"),
        # one that lies in the lost hour does not come that day
        (QuietHours(time(2), time(2, 59)), "2026-03-08 07:00", "2026-03-08 07:00"),
        # the night is an hour shorter
        (NIGHT, "2026-03-08 03:00", "2026-03-08 10:00"),
        # 1 November 2026, 02:00 becomes 01:00: from 01:00 to 01:30 comes twice
        (QuietHours(time(1), time(1, 30)), "2026-11-01 05:10", "2026-11-01 05:30"),
        (QuietHours(time(1), time(1, 30)), "2026-11-01 06:10", "2026-11-01 06:30"),
        # up to 02:00 it goes on through both
        (QuietHours(time(1), time(2)), "2026-11-01 05:10", "2026-11-01 07:00"),
        # the night is an hour longer
        (NIGHT, "2026-11-01 02:00", "2026-11-01 11:00"),
    ],
)
def test_when_clocks_are_set(span, moment, until):
    assert quiet_until((span,), NEW_YORK, utc(moment)) == utc(until)


def test_spans_that_meet_are_one():
    spans = (QuietHours(time(20), time(0)), QuietHours(time(0), time(8)))
    assert quiet_until(spans, UTC, utc("2026-06-10 21:00")) == utc("2026-06-11 08:00")


def test_spans_that_fill_the_day_never_end():
    spans = (QuietHours(time(6), time(18)), QuietHours(time(18), time(6)))
    assert quiet_until(spans, UTC, utc("2026-06-10 21:00")) is None


TIMES = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))
SPANS = st.lists(st.builds(QuietHours, TIMES, TIMES), max_size=3).map(tuple)
ZONES = st.sampled_from(
    ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "+05:30", ""]
)
MOMENTS = st.integers(0, 3 * 366 * 86_400).map(
    lambda seconds: utc("2025-01-01 00:00") + timedelta(seconds=seconds)
)


@given(SPANS, ZONES, MOMENTS)
def test_it_goes_on_at_the_first_minute_that_is_not_quiet(spans, name, moment):
    zone = site_zone(name)
    until = quiet_until(spans, zone, moment)
    if until is None:
        assert is_quiet(spans, zone, moment)
        return
    assert until >= moment
    assert not is_quiet(spans, zone, until)
    assert until - moment < timedelta(minutes=1) or is_quiet(
        spans, zone, until - timedelta(minutes=1)
    )


@given(ZONES, MOMENTS, TIMES, TIMES)
def test_a_span_and_its_opposite_share_the_day(name, moment, start, end):
    if start != end:
        spans = QuietHours(start, end), QuietHours(end, start)
        assert sum(is_quiet((span,), site_zone(name), moment) for span in spans) == 1


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("", 0), (None, 0), ("UTC", 0), ("0", 0), ("+05:30", 330), ("5.5", 330), ("-4", -240),
     ("UTC+5.75", 345), ("-03:30", -210), ("Asia/Kolkata", 330)],
)  # fmt: skip
def test_what_wordpress_says_of_a_sites_zone(name, minutes):
    zone = site_zone(name)
    assert utc("2026-06-01 00:00").astimezone(zone).utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "99", "../../etc/passwd"])
def test_a_zone_nobody_knows_is_an_error_and_not_a_guess(name):
    with pytest.raises(ConfigurationError, match="not known on this machine"):
        site_zone(name)


CONNECTION = Connection(
    UUID(int=1), UUID(int=2), "shop", "https://shop.test", utc("2026-01-01 00:00"),
    store=StoreFacts(timezone="America/New_York"), options=Options(quiet_hours=(NIGHT,)),
)  # fmt: skip


def test_the_error_says_when_it_goes_on():
    with pytest.raises(QuietHoursError) as caught:
        check_quiet_hours(CONNECTION, utc("2026-06-10 04:00"))
    assert caught.value.until == utc("2026-06-10 10:00")
    assert str(caught.value) == (
        "shop has quiet hours until 06:00 (America/New_York; 2026-06-10 10:00 UTC)."
    )
    assert "--now" in caught.value.remedy


def test_without_a_known_zone_it_is_utc_and_said_so():
    unknown = replace(CONNECTION, store=StoreFacts())
    with pytest.raises(
        QuietHoursError, match=r"until 06:00 \(UTC, for the site's zone is not known"
    ):
        check_quiet_hours(unknown, utc("2026-06-10 04:00"))


def test_what_a_run_learned_of_the_zone_counts():
    seen = replace(CONNECTION, store=StoreFacts(), identity='{"timezone":"America/New_York"}')
    with pytest.raises(QuietHoursError, match="10:00 UTC"):
        check_quiet_hours(seen, utc("2026-06-10 04:00"))


def test_the_gate_looks_at_the_clock_each_time_unless_a_person_opened_it():
    now = utc("2026-06-10 12:00")
    closed, opened = (
        gate(CONNECTION, lambda: now),
        gate(CONNECTION, lambda: now, is_open=True),
    )
    closed()
    now = utc("2026-06-11 04:00")
    with pytest.raises(QuietHoursError):
        closed()
    opened()
    with pytest.raises(QuietHoursError):
        gate(CONNECTION, lambda: now)
    gate(replace(CONNECTION, options=Options()), lambda: now)()
