"""Quiet hours: when a store is left alone, by the clock on its own wall. Pure but for the gate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from storetwin.connections.identity import Identity
from storetwin.connections.models import Connection
from storetwin.connections.options import QuietHours
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError, RetryableError

MINUTE = timedelta(minutes=1)
FARTHEST = 3 * 24 * 60  # minutes; spans repeat daily, and a day has 25 hours at most
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-]?)(\d{1,2})(?::(\d{2})|\.(\d{1,2}))?")


class QuietHoursError(RetryableError):
    """The store is to be left alone at this time of the day.

    Args:
        until: when runs may use it again, if ever.
    """

    code = "quiet_hours"

    def __init__(self, message: str, *, until: datetime | None, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.until = until


def site_zone(name: str | None) -> tzinfo:
    """Return a site's time zone from what WordPress says of it.

    Args:
        name: an IANA name, or the hours from UTC like ``-4``, ``5.5`` or ``+05:30``; UTC where
            the site says nothing.

    Raises:
        ConfigurationError: this machine does not know the name.
    """
    if not name:
        return UTC
    match = _OFFSET.fullmatch(name)
    try:
        return _fixed(*match.groups()) if match else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"The store's time zone {name!r} is not known on this machine.",
            remedy="Install the system's time zone data (package tzdata).",
        ) from error


def _fixed(sign: str, hours: str, minutes: str | None, fraction: str | None) -> timezone:
    parts = float(f"0.{fraction}") * 60 if fraction else float(minutes or 0)
    offset = timedelta(hours=int(hours), minutes=parts)
    return timezone(-offset if sign == "-" else offset)


def is_quiet(spans: Sequence[QuietHours], zone: tzinfo, moment: datetime) -> bool:
    """Say whether the clock on the site's wall shows a time within one of the spans.

    Where clocks are set back, an hour that is quiet is so both times; where they are set forward,
    a span that ends in the hour that is left out ends with it.
    """
    shown = moment.astimezone(zone).time()
    return any(_contains(span, shown) for span in spans)


def _contains(span: QuietHours, shown: time) -> bool:
    if span.start < span.end:
        return span.start <= shown < span.end
    return shown >= span.start or shown < span.end  # across midnight


def quiet_until(spans: Sequence[QuietHours], zone: tzinfo, moment: datetime) -> datetime | None:
    """Return the first full minute from ``moment`` on that is not quiet, in UTC; None if none is.

    It goes minute by minute, for so it is right whatever the clocks of a country do.
    """
    at = moment.astimezone(UTC).replace(second=0, microsecond=0)
    if at < moment:
        at += MINUTE
    for _ in range(FARTHEST):
        if not is_quiet(spans, zone, at):
            return at
        at += MINUTE
    return None


def site_of(connection: Connection) -> str | None:
    """Return what is known of a site's time zone: from a test of the connection, or from a run."""
    identity = Identity.from_json(connection.identity)
    return connection.store.timezone or (identity.timezone if identity else None)


def check_quiet_hours(connection: Connection, now: datetime) -> None:
    """Check that the store may be asked now.

    Raises:
        QuietHoursError: it is to be left alone; says until when.
        ConfigurationError: its time zone is not known here.
    """
    spans = connection.options.quiet_hours
    if not spans:
        return
    named = site_of(connection)
    zone = site_zone(named)
    if not is_quiet(spans, zone, now):
        return
    until = quiet_until(spans, zone, now)
    name, place = connection.name, named or "UTC, for the site's zone is not known yet"
    if until is None:
        told, when = "all day", "Shorten them (storetwin connection set --quiet)"
    else:
        told = f"until {until.astimezone(zone):%H:%M} ({place}; {until:%Y-%m-%d %H:%M} UTC)"
        when = "The same command goes on then from where it is"
    raise QuietHoursError(
        f"{name} has quiet hours {told}.", until=until, remedy=f"{when}; --now does not wait."
    )


def gate(connection: Connection, clock: Clock, *, is_open: bool = False) -> Callable[[], None]:
    """Return what is called before each request to a store, and raises in its quiet hours.

    Args:
        is_open: a person said not to mind them.

    Raises:
        QuietHoursError: already now.
    """
    if is_open or not connection.options.quiet_hours:
        return lambda: None
    check_quiet_hours(connection, clock())
    return lambda: check_quiet_hours(connection, clock())
