"""The one place that asks what time it is, and the store's ways of writing times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Clock = Callable[[], datetime]
_PLAIN = len("2026-11-20T21:32:27")


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def parse_http_date(text: str | None) -> datetime | None:
    """Read a ``Date`` header (RFC 9110) as aware UTC; None when absent or not a date."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_gmt(text: str | None) -> datetime | None:
    """Read a ``*_gmt`` field of WooCommerce (``2026-11-20T21:32:27``, no zone) as aware UTC.

    Returns None for null, an empty string, and anything that is not a date: stores hold those.
    """
    if not text:
        return None
    try:
        if len(text) == _PLAIN and text[13] == ":":  # as WooCommerce writes them, and twice as fast
            return datetime.fromisoformat(text + "+00:00")
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
