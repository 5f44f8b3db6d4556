"""What waits in the inboxes of all connections."""

from __future__ import annotations

from uuid import UUID

from storetwin.db import Transaction, load_queries
from storetwin.runs.standing import Waiting

Q = load_queries("storetwin.mirror")


async def count_waiting(tx: Transaction) -> dict[UUID, dict[str, Waiting]]:
    """Return the deliveries that were not applied yet, by connection and resource."""
    found: dict[UUID, dict[str, Waiting]] = {}
    for row in await tx.fetch_all(Q.count_waiting):
        waiting = Waiting(row["n"], row["oldest_at"])
        found.setdefault(row["connection_id"], {})[row["resource"]] = waiting
    return found
