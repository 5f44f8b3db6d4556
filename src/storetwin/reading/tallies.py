"""How many records there are, and what they come to: read from counts that every writer keeps.

They are exact at every moment (migration 0010): a statement sees the sums and what was not folded
into them yet as they were at one instant. Of many days what is left of the whole is read, so no
span costs more than half of all days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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
    extent = await tx.fetch_one(Q.read_extent, params)
    is_most = extent is not None and is_most_of(days, extent["first"], extent["last"])
    query = Q.read_tallies_but_days if is_most else Q.read_daily_tallies
    return _tallies(await tx.fetch_all(query, params | bounds))


async def read_tallies_by_day(
    tx: Transaction,
    organisation_id: UUID,
    resource: str,
    connections: Iterable[UUID],
    days: Days,
) -> dict[date, list[Tally]]:
    """Return the counts of the records that were created on some days, by day."""
    params = {
        "organisation_id": organisation_id, "resource": resource, "connections": list(connections),
        "since": days.since or FIRST_DAY, "until": days.until or LAST_DAY,
    }  # fmt: skip
    found: dict[date, list[Tally]] = {}
    for row in await tx.fetch_all(Q.read_tallies_by_day, params):
        found.setdefault(row.pop("day"), []).extend(_tallies([row]))
    return found


def is_most_of(days: Days, first: date | None, last: date | None) -> bool:
    """Say whether some days are more than half of those that there are.

    Then all there are, less the others, is the shorter sum.
    """
    if first is None or last is None:
        return False
    since = max(days.since or FIRST_DAY, first)
    until = min(days.until or LAST_DAY, last + timedelta(days=1) if last < LAST_DAY else LAST_DAY)
    return 2 * (until - since).days > (last - first).days + 1


def _tallies(rows: Sequence[Row]) -> list[Tally]:
    sums = ("total_minor", "refunded_minor")
    return [Tally(**(row | {name: int(row[name]) for name in sums})) for row in rows]
