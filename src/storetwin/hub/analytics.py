"""Figures of an organisation's connections, as doors ask for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from storetwin.connections.models import Connection
from storetwin.kernel.errors import ConfigurationError
from storetwin.reading.analytics import Analytics, Figures, read_analytics
from storetwin.runs.schedules import read_length

if TYPE_CHECKING:
    from storetwin.hub.hub import Hub

LONGEST = timedelta(days=366)
SHORTEST = timedelta(hours=1)


class TimeframeError(ConfigurationError):
    """The span of time cannot be used."""

    code = "bad_timeframe"
    default_remedy = "Write it like 24h, 7d or 30d: from 1h to 366d."


async def analyse(
    hub: Hub, timeframe: str, connection: str | None
) -> tuple[Analytics, list[Connection]]:
    """Return the figures of the latest so many hours or days, and the connections they speak of.

    Args:
        timeframe: like ``30d`` or ``24h``.
        connection: name or id; None for all.

    Raises:
        TimeframeError: it is no such span.
        UnknownConnectionError: there is no such connection.
    """
    length = read_length(timeframe)
    if length is None or not SHORTEST <= length <= LONGEST:
        raise TimeframeError(f"{timeframe!r} is no span of time that can be used.")
    only = await hub.register.named(connection) if connection else None
    chosen = [only] if only else await hub.register.every()
    async with hub.database.transaction(hub.organisation_id) as tx:
        found = await read_analytics(tx, length, hub.clock(), only.id if only else None)
    return found, chosen


def as_json(figures: Figures) -> dict[str, Any]:
    """Return figures as every door shows them."""
    return {
        "runs": {
            "ended": figures.runs,
            "done": figures.done,
            "incomplete": figures.incomplete,
            "failed": figures.failed,
            "stopped": figures.stopped,
        },
        "success_rate": figures.success_rate,
        "records": {
            "processed": figures.records,
            "created": figures.created,
            "updated": figures.updated,
            "buried": figures.buried,
            "failed": figures.unreadable,
        },
        "batches": figures.pages,
        "response_times": {
            "requests": figures.requests,
            "average_ms": figures.average_ms,
            "p50_ms": figures.p50_ms,
            "p95_ms": figures.p95_ms,
            "timed": figures.timed,
            "slowest_ms": figures.slowest_ms if figures.answers else None,
        },
        "rate_limiting": {"throttled": figures.throttled, "troubled": figures.troubled},
        "webhooks": {
            "received": figures.received,
            "applied": figures.applied,
            "ignored": figures.ignored,
            "waiting": figures.waiting,
        },
    }
