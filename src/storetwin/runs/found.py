"""What increments have found: the measure of what webhooks did not tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)


async def count_found(
    tx: Transaction,
    organisation_id: UUID,
    connection_id: UUID,
    resources: Iterable[str],
    *,
    since: datetime,
    until: datetime,
) -> int:
    """Count the records that increments found new or changed.

    Args:
        since, until: by our clock; of increments that began after the one and ended by the other.
    """
    values = {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "resources": list(resources),
        "since": since,
        "until": until,
    }
    row = await tx.fetch_one(Q.count_found, values)
    return int(row["n"]) if row else 0
