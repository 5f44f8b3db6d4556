"""Runs that are at work since before a moment."""

from __future__ import annotations

from datetime import datetime

from storetwin.db.database import Transaction
from storetwin.runs.repository import Q


async def has_older_runs(tx: Transaction, began_before: datetime, beating_since: datetime) -> bool:
    """Say whether a run of the organisation that began before a moment is still at work.

    Args:
        beating_since: a run whose heart has not beaten since is dead.
    """
    values = {"began_before": began_before, "beating_since": beating_since}
    return await tx.fetch_one(Q.older_run, values) is not None
