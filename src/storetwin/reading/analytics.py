"""Figures for a span of time: what runs came to, what stores were like, what came by webhook.

Only from what is kept: runs and deliveries that the retention let go are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.answer_times import Counts, added, percentile

Q = load_queries(__package__)
BY_HOUR = timedelta(hours=48)  # a span that is no longer is told by the hour


@dataclass(slots=True)
class Figures:
    """Counts over some span of time.

    Args:
        runs: that ended; done, incomplete, failed and stopped are how.
        records: that were read, by whatever stage.
        pages: of lists.
        answer_ms: milliseconds that all answers took together.
        answer_times: how many answers took how long; runs of earlier releases did not count that.
        received: deliveries of webhooks; applied, ignored and waiting are what became of them.
    """

    runs: int = 0
    done: int = 0
    incomplete: int = 0
    failed: int = 0
    stopped: int = 0
    records: int = 0
    created: int = 0
    updated: int = 0
    buried: int = 0
    unreadable: int = 0
    pages: int = 0
    requests: int = 0
    answers: int = 0
    answer_ms: int = 0
    slowest_ms: int = 0
    throttled: int = 0
    troubled: int = 0
    received: int = 0
    applied: int = 0
    ignored: int = 0
    waiting: int = 0
    answer_times: Counts = ()

    def add(self, row: Row) -> None:
        """Count in a row: sums add up, of the slowest the slower stays."""
        self.slowest_ms = max(self.slowest_ms, row.get("slowest_ms") or 0)
        self.answer_times = added(self.answer_times, row.get("answer_times") or ())
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + (row.get(name) or 0))

    @property
    def success_rate(self) -> float | None:
        """Return the share of runs that came to their end without loss; nobody's stops count not."""
        judged = self.done + self.incomplete + self.failed
        return round(self.done / judged, 4) if judged else None

    @property
    def average_ms(self) -> float | None:
        """Return what an answer of the store took on average."""
        return round(self.answer_ms / self.answers, 1) if self.answers else None

    @property
    def timed(self) -> int:
        """Return of how many answers percentiles are."""
        return sum(self.answer_times)

    @property
    def p50_ms(self) -> int | None:
        """Return within what time half of the answers came."""
        return percentile(self.answer_times, 50, self.slowest_ms)

    @property
    def p95_ms(self) -> int | None:
        """Return within what time 95 of 100 answers came."""
        return percentile(self.answer_times, 95, self.slowest_ms)


_SUMS = tuple(
    name for name in Figures.__dataclass_fields__ if name not in ("slowest_ms", "answer_times")
)


@dataclass(slots=True)
class Analytics:
    """Figures of a span, whole, by connection and by time.

    Args:
        unit: hour or day, in UTC.
        kept_since: when the earliest run that is kept ended.
    """

    since: datetime
    until: datetime
    unit: str
    kept_since: datetime | None = None
    total: Figures = field(default_factory=Figures)
    connections: dict[UUID, Figures] = field(default_factory=dict)
    times: dict[datetime, Figures] = field(default_factory=dict)

    def add(self, rows: Iterable[Row]) -> None:
        """Count in what was found by connection and time."""
        for row in rows:
            self.total.add(row)
            self.connections.setdefault(row["connection_id"], Figures()).add(row)
            self.times.setdefault(row["began_at"], Figures()).add(row)


async def read_analytics(
    tx: Transaction, length: timedelta, now: datetime, connection_id: UUID | None
) -> Analytics:
    """Return the figures of the latest so many hours or days."""
    unit = "hour" if length <= BY_HOUR else "day"
    found = Analytics(now - length, now, unit)
    values: dict[str, Any] = {"since": found.since, "unit": unit, "connection_id": connection_id}
    found.add(await tx.fetch_all(Q.figures_of_runs, values))
    found.add(await tx.fetch_all(Q.figures_of_deliveries, values))
    kept = await tx.fetch_one(Q.since_when_runs_are_kept)
    found.kept_since = kept["kept_since"] if kept else None
    return found


@dataclass(frozen=True, slots=True)
class Moved:
    """How many records were written to the twins in an hour or on a day.

    Args:
        told: of which webhooks told; ``read`` by runs that asked the store.
        created: of all, how many were new; ``buried`` how many were gone.
    """

    began_at: datetime
    told: int = 0
    read: int = 0
    created: int = 0
    buried: int = 0


async def read_changes(tx: Transaction, since: datetime, unit: str) -> list[Moved]:
    """Return what runs wrote since a moment, by hour or day (UTC); where nothing was is left out."""
    rows = await tx.fetch_all(Q.changes_of_runs, {"since": since, "unit": unit})
    return [Moved(**row) for row in rows]
