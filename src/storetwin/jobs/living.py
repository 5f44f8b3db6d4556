"""Whether anybody works."""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.db.queries import load_queries
from storetwin.hub import Hub
from storetwin.jobs.heart import BELIEVED

Q = load_queries("storetwin.jobs")


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue is doing.

    Args:
        workers: whose heart beats, on whatever machine.
        waiting: jobs that nobody is at.
        doing: jobs that somebody is at.
    """

    workers: int
    waiting: int
    doing: int


async def look_at_queue(hub: Hub) -> Queue:
    """Return how the queue is doing.

    Raises:
        DatabaseUnavailableError: it cannot be asked.
    """
    async with hub.database.transaction(None) as tx:
        row = await tx.fetch_one(Q.queue_depth, {"believed": BELIEVED})
    assert row is not None
    return Queue(row["workers"], row["waiting"], row["doing"])


async def living_workers(hub: Hub) -> int:
    """Return how many workers are at work on this database, on whatever machine.

    Raises:
        DatabaseUnavailableError: it cannot be asked.
    """
    async with hub.database.transaction(None) as tx:
        row = await tx.fetch_one(Q.living_workers, {"believed": BELIEVED})
    return int(row["n"]) if row else 0
