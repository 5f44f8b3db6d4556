"""Times as people write them: in the zone they name, else in the one they are in."""

from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.moments import read_moment

NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", "2026-11-20T00:00:00"),
        ("2026-11-20T14:30", "2026-11-20T14:30:00"),
        (" 2026-11-20 14:30:05 ", "2026-11-20T14:30:05"),
        ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00"),
        ("2026-11-20T14:30+02:00", "2026-11-20T12:30:00"),
        ("2026-11-20T14:30:00.25-05:00", "2026-11-20T19:30:00.250000"),
    ],
)
def test_what_people_write(text, expected):
    assert read_moment(text) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("2026-07-01T12:00", "16:00", "16:00"),
        ("2026-12-01T12:00", "17:00", "17:00"),
        ("2026-11-01T01:30", "05:30", "06:30"),  # the clock shows it twice
        ("2026-03-08T02:30", "07:30", "06:30"),  # the clock never shows it
        ("2026-07-01T12:00Z", "12:00", "12:00"),
    ],
)
def test_in_the_zone_of_a_site(text, first, second):
    """A span from such a time begins with its first occurrence, one until it ends with its last."""
    assert f"{read_moment(text, NEW_YORK):%H:%M}" == first
    assert f"{read_moment(text, NEW_YORK, is_end=True):%H:%M}" == second


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_that_we_write_is_read(moment):
    assert read_moment(moment.isoformat()) == moment


@pytest.mark.parametrize("text", ["", "soon", "20.11.2026", "2026-13-01", "0001-01-01T00:00+05:00"])
def test_what_is_no_time_is_told(text):
    with pytest.raises(ConfigurationError, match="is no time") as told:
        read_moment(text)
    assert "2026-11-20T14:30" in told.value.remedy


@given(st.text(max_size=30))
def test_no_text_is_too_odd(text):
    with suppress(ConfigurationError):
        assert read_moment(text).tzinfo is UTC
