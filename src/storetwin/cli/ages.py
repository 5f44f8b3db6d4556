"""Moments in words."""

from __future__ import annotations

from datetime import datetime

_SIZES = ((86400, "d"), (3600, "h"), (60, "min"))


def ago(moment: datetime, now: datetime) -> str:
    """Return the age of a moment in words."""
    return f"{_words((now - moment).total_seconds())} ago"


def ahead(moment: datetime, now: datetime) -> str:
    """Return in words how far a moment lies ahead."""
    seconds = (moment - now).total_seconds()
    return "now" if seconds <= 0 else f"in {_words(seconds)}"


def _words(seconds: float) -> str:
    for size, name in _SIZES:
        if seconds >= size:
            return f"{int(seconds // size)} {name}"
    return f"{int(max(seconds, 0))} s"
