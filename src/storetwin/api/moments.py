"""Times and days in requests: times aware, UTC, and such as PostgreSQL can hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated

import msgspec
from pydantic import AfterValidator, BeforeValidator

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def as_utc(given: datetime) -> datetime:
    """Return a time in UTC; one that names no zone is meant so.

    Raises:
        ValueError: it lies before the first year or behind the last.
    """
    aware = given if given.tzinfo is not None else given.replace(tzinfo=UTC)
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies outside the calendar") from None


def _is_written_as_a_time(given: object) -> object:
    """Let no number pass for a time: it would be taken for seconds.

    Raises:
        ValueError: it does not begin with a date.
    """
    if isinstance(given, str) and _DATE.match(given):
        return given
    raise ValueError("it is no time: write it like 2026-11-21T09:30:00Z")


Moment = Annotated[datetime, BeforeValidator(_is_written_as_a_time), AfterValidator(as_utc)]
"""A time in a request: RFC 3339, or a date; UTC where it names no zone."""


def _is_written_as_a_day(given: object) -> object:
    """Let no number pass for a day either, and no time.

    Raises:
        ValueError: it is no date.
    """
    if isinstance(given, str) and _DATE.fullmatch(given):
        return given
    raise ValueError("it is no day: write it like 2026-11-21")


Day = Annotated[date, BeforeValidator(_is_written_as_a_day)]
"""A day in a request: a full-date of RFC 3339."""

# What positions in cursors are made of. Whoever forges one is told so, and not by the database.
AtMoment = Annotated[datetime, msgspec.Meta(tz=True)]
AtText = Annotated[str, msgspec.Meta(max_length=1000, pattern="^[^\\x00]*$")]
AtNumber = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
AtBigNumber = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
