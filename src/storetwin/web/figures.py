"""How times, durations, numbers and amounts are written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UNKNOWN: Final = "–"
LONGEST_ZONE: Final = 64
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def zone_named(name: str | None) -> ZoneInfo:
    """Return a time zone by its name; UTC where nobody knows it."""
    if name and len(name) <= LONGEST_ZONE:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    return ZoneInfo("UTC")


def age(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return how long ago a moment was, or that it is to come; from a week on its date."""
    seconds = round((now - moment).total_seconds())
    if seconds < 0:
        return _ahead(-seconds, moment, now, zone)
    if seconds < _MINUTE:
        return f"{seconds} s" if seconds else "now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    local, today = moment.astimezone(zone), now.astimezone(zone)
    days = (today.date() - local.date()).days
    if days == 0 or seconds < 6 * _HOUR:
        return f"{seconds // _HOUR} h"
    if days == 1:
        return f"yesterday {local:%H:%M}"
    return f"{days} days" if days < 7 else date(moment, now, zone)


def _ahead(seconds: int, moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    if seconds < _MINUTE:
        return f"in {seconds} s"
    if seconds < _HOUR:
        return f"in {seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"in {seconds // _HOUR} h"
    return date(moment, now, zone)


def date(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Return a day; with its year where it is not this one."""
    local = moment.astimezone(zone)
    day = f"{local.day} {local:%b}"
    return day if local.year == now.astimezone(zone).year else f"{day} {local.year}"


def clock_time(moment: datetime, now: datetime, zone: ZoneInfo, *, seconds: bool = False) -> str:
    """Return the time of a day; with the day where it is not today."""
    local = moment.astimezone(zone)
    text = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    is_today = local.date() == now.astimezone(zone).date()
    return text if is_today else f"{date(moment, now, zone)} {text}"


def in_utc(moment: datetime) -> str:
    """Return a moment in full, for whoever wants to know."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(lasted: timedelta | float | None) -> str:
    """Return how long something took: 12 s, 1:44, 2:05:09."""
    if lasted is None:
        return UNKNOWN
    seconds = lasted.total_seconds() if isinstance(lasted, timedelta) else lasted
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < _MINUTE:
        return f"{round(seconds)} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def number(value: float | Decimal | None) -> str:
    """Return a number with its separators; what is unknown is a dash."""
    if value is None:
        return UNKNOWN
    return f"{value:,}" if isinstance(value, int | Decimal) else f"{value:,.1f}"


def money(amount: Decimal | str | None, currency: str | None) -> str:
    """Return an amount with its currency, to the last digit that is kept."""
    if amount is None:
        return UNKNOWN
    exact = Decimal(amount)
    return f"{exact:,f} {currency or ''}".rstrip()


def share(part: float, whole: float | None) -> int | None:
    """Return how much of a whole is there, in percent; None where nobody knows it."""
    if not whole:
        return None
    return min(100, int(100 * part / whole))


@dataclass(frozen=True, slots=True)
class Times:
    """Times as one reader has them.

    Args:
        now: of this page.
    """

    now: datetime
    zone: ZoneInfo

    def age(self, moment: datetime) -> str:
        """Return how long ago it was."""
        return age(moment, self.now, self.zone)

    def at(self, moment: datetime, *, seconds: bool = False) -> str:
        """Return the time of the day, with the day where it is another one."""
        return clock_time(moment, self.now, self.zone, seconds=seconds)

    def date(self, moment: datetime) -> str:
        """Return the day."""
        return date(moment, self.now, self.zone)
