"""Site-local and GMT texts of moments, the way WordPress writes them (no zone)."""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

NEVER = -(1 << 62)
"""Stands in a date column for NULL."""

_BLOCK = 900  # every zone's offset is a multiple of a quarter of an hour
_CACHED_BLOCKS = 8192
_MINUTES_SECONDS = [f"{second // 60:02d}:{second % 60:02d}" for second in range(3600)]


def real_now() -> int:
    """Return the current time in whole seconds since 1970."""
    return int(time.time())


class SiteTime:
    """Translates moments between epoch seconds, the site's local time and GMT.

    Args:
        zone: an IANA name, such as ``America/New_York``.
    """

    def __init__(self, zone: str) -> None:
        self.name = zone
        self._zone = ZoneInfo(zone)
        self._blocks: OrderedDict[int, tuple[str, str, int]] = OrderedDict()

    def local(self, moment: int) -> str:
        """Return ``2026-11-20T21:32:27`` as the site's clock shows it."""
        prefix, _, first = self._block(moment // _BLOCK)
        return prefix + _MINUTES_SECONDS[first + moment % _BLOCK]

    def gmt(self, moment: int) -> str:
        """Return ``2026-11-21T02:32:27``."""
        _, prefix, _ = self._block(moment // _BLOCK)
        return prefix + _MINUTES_SECONDS[moment % 3600]

    def pair(self, moment: int) -> tuple[str, str]:
        """Return the JSON texts (local, GMT) of a moment: quoted, or ``null`` for NEVER."""
        if moment == NEVER:
            return "null", "null"
        block = moment // _BLOCK
        found = self._blocks.get(block)
        local, gmt, first = found if found is not None else self._block(block)
        return (
            f'"{local}{_MINUTES_SECONDS[first + moment % _BLOCK]}"',
            f'"{gmt}{_MINUTES_SECONDS[moment % 3600]}"',
        )

    def from_local(self, naive: datetime) -> int:
        """Return the moment at which the site's clock shows ``naive`` (the first of two)."""
        return int(naive.replace(tzinfo=self._zone).timestamp())

    def offset(self, moment: int) -> int:
        """Return the site's distance from GMT in seconds at a moment."""
        delta = datetime.fromtimestamp(moment, self._zone).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    def _block(self, block: int) -> tuple[str, str, int]:
        found = self._blocks.get(block)
        if found is not None:
            return found
        local = datetime.fromtimestamp(block * _BLOCK, self._zone)
        gmt = datetime.fromtimestamp(block * _BLOCK, UTC)
        entry = (
            local.strftime("%Y-%m-%dT%H:"),
            gmt.strftime("%Y-%m-%dT%H:"),
            local.minute * 60 + local.second,
        )
        self._blocks[block] = entry
        if len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return entry


def gmt_to_moment(text: str | None) -> int:
    """Read a ``*_gmt`` text; NEVER when there is none."""
    if not text:
        return NEVER
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
