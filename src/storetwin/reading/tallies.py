"""How many records there are, and what they come to: read from counts that every writer keeps.

They are exact at every moment (migration 0010): a statement sees the sums and what was not folded
into them yet as they were at one instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)

FIRST_DAY, LAST_DAY = date.min, date.max


@dataclass(frozen=True, slots=True)
class Tally:
    """The records of one connection, status and currency.

    Args:
        status: empty where the store has none.
        currency: empty where there is none, or nobody can read it.
        total_minor: what they come to, in minor units.
        refunded_minor: what of it was given back.
    """

    connection_id: UUID
    status: str
    currency: str
    records: int
    total_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class Days:
    """Days of creation (UTC); the last is not among them. None: no bound."""

    since: date | None = None
    until: date | None = None


async def read_tallies(
    tx: Transaction,
    organisation_id: UUID,
    resource: str,
    connections: Iterable[UUID],
    days: Days | None = None,
) -> list[Tally]:
    """Return the counts of some connections' records that are not gone.

    Args:
        days: count only what was created then; what has no date was not.
    """
    params = {
        "organisation_id": organisation_id, "resource": resource, "connections": list(connections),
    }  # fmt: skip
    if days is None or days == Days():
        return _tallies(await tx.fetch_all(Q.read_tallies, params))
    bounds = {"since": days.since or FIRST_DAY, "until": days.until or LAST_DAY}
    return _tallies(await tx.fetch_all(Q.read_daily_tallies, params | bounds))


def _tallies(rows: Sequence[Row]) -> list[Tally]:
    sums = ("total_minor", "refunded_minor")
    return [Tally(**(row | {name: int(row[name]) for name in sums})) for row in rows]
