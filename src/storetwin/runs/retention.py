"""Dropping runs that nobody asks for any more; always in the caller's transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.runs.models import RunKind

Q = load_queries(__package__)


async def delete_old_runs(
    tx: Transaction,
    organisation_id: UUID,
    connection_id: UUID,
    kind: RunKind,
    before: datetime,
    *,
    limit: int,
) -> int:
    """Delete closed runs that ended before a moment, with their progress; return how many."""
    params = {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "kind": kind.value,
        "before": before,
    }
    return await tx.execute(Q.delete_old_runs, {**params, "limit": limit})


async def count_old_runs(
    tx: Transaction, organisation_id: UUID, connection_id: UUID, kind: RunKind, before: datetime
) -> int:
    """Count what :func:`delete_old_runs` would delete."""
    params = {
        "organisation_id": organisation_id,
        "connection_id": connection_id,
        "kind": kind.value,
        "before": before,
    }
    row = await tx.fetch_one(Q.count_old_runs, params)
    return int(row["n"]) if row else 0
