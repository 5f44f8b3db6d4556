"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from storetwin.kernel.errors import ConfigurationError


def read_moment(text: str, zone: tzinfo = UTC, *, is_end: bool = False) -> datetime:
    """Read a date or a time in the forms of ISO 8601 as aware UTC; a date is its first moment.

    Args:
        zone: where it was written, if the text does not say so.
        is_end: of an hour that a clock shows twice take the second; else the first.

    Raises:
        ConfigurationError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone, fold=int(is_end))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{text!r} is no time.",
            remedy="Write a date like 2026-11-20, or a time like 2026-11-20T14:30 or "
            "2026-11-20T14:30+02:00.",
        ) from error
