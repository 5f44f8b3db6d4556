"""Identifiers: UUIDs of version 7, which sort by the time they were made."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID


def new_id(now: datetime) -> UUID:
    """Return a fresh UUIDv7 (RFC 9562) for the millisecond of ``now``."""
    milliseconds = int(now.timestamp() * 1000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76
    value |= secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)
