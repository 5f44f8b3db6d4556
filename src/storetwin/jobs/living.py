"""Whether anybody works."""

from __future__ import annotations

from storetwin.db.queries import load_queries
from storetwin.hub import Hub
from storetwin.jobs.heart import BELIEVED

Q = load_queries("storetwin.jobs")


async def living_workers(hub: Hub) -> int:
    """Return how many workers are at work on this database, on whatever machine.

    Raises:
        DatabaseUnavailableError: it cannot be asked.
    """
    async with hub.database.transaction(None) as tx:
        row = await tx.fetch_one(Q.living_workers, {"believed": BELIEVED})
    return int(row["n"]) if row else 0
