"""When something is read, as a sentence: "every 30 min", "at 06:00 on Mondays"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from storetwin.runs.schedules import Interval, ScheduleKind, Spec

WHAT: Final[Mapping[ScheduleKind, str]] = {
    ScheduleKind.SYNC: "What changed",
    ScheduleKind.SWEEP: "What no date shows",
}
HINT: Final[Mapping[ScheduleKind, str]] = {
    ScheduleKind.SYNC: "reads only what was created or changed since the last time",
    ScheduleKind.SWEEP: "finds what was deleted, and changes without a date",
}
_DAYS: Final = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
_AT: Final = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|\d)")
_ONES: Final = {
    timedelta(days=1): "every day",
    timedelta(hours=1): "every hour",
    timedelta(minutes=1): "every minute",
    timedelta(days=7): "every week",
}
_UNITS: Final = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))


def sentence(spec: Spec) -> str:
    """Return when a schedule is due; a cron expression in words where it is a simple one."""
    if isinstance(spec, Interval):
        return _ONES.get(spec.length) or f"every {_length(spec.length)}"
    found = _AT.fullmatch(spec.expression)
    if found is None:
        return f"by cron {spec.expression}"
    minute, hour, day = found.groups()
    which = "every day" if day == "*" else f"on {_DAYS[int(day) % 7]}"
    return f"{which} at {int(hour):02}:{int(minute):02}"


def _length(length: timedelta) -> str:
    rest, parts = int(length.total_seconds()), []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit if count > 1 or unit != 'days' else 'day'}")
    return " ".join(parts)


def zone_name(zone: tzinfo, moment: datetime) -> str:
    """Return what a time zone is called."""
    return str(getattr(zone, "key", None) or moment.astimezone(zone).tzname() or "UTC")
