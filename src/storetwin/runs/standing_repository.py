"""Reads what tells how runs and their twins are doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.runs.models import BELIEVED, RunKind, RunState
from storetwin.runs.standing import Marks

Q = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are asked for; None means any.

    Args:
        kinds: any but those that apply deliveries, unless some are named.
        since: those that began then or later.
        resource: those that touched it.
    """

    connection_id: UUID | None = None
    kinds: Sequence[RunKind] = ()
    states: Sequence[RunState] = ()
    since: datetime | None = None
    resource: str | None = None
    limit: int = 20


async def choose_runs(tx: Transaction, chosen: Filter) -> list[Row]:
    """Return the latest runs that fit, newest first."""
    kinds = chosen.kinds or [kind for kind in RunKind if kind is not RunKind.RECEIVE]
    return await tx.fetch_all(
        Q.choose_runs,
        {
            "connection_id": chosen.connection_id,
            "kinds": [kind.value for kind in kinds],
            "states": [state.value for state in chosen.states] or None,
            "since": chosen.since,
            "resource": chosen.resource,
            "limit": chosen.limit,
        },
    )


async def read_marks(tx: Transaction) -> dict[UUID, dict[str, Marks]]:
    """Return how far each resource was read, by connection and resource."""
    found: dict[UUID, dict[str, Marks]] = {}
    for row in await tx.fetch_all(Q.read_marks):
        marks = Marks(row["synced_to"], row["synced_at"], row["swept_at"])
        found.setdefault(row["connection_id"], {})[row["resource"]] = marks
    return found


async def count_letters(tx: Transaction) -> dict[UUID, dict[str, int]]:
    """Return how many dead letters wait, by connection and resource."""
    found: dict[UUID, dict[str, int]] = {}
    for row in await tx.fetch_all(Q.count_letters):
        found.setdefault(row["connection_id"], {})[row["resource"]] = row["n"]
    return found


async def latest_runs(tx: Transaction) -> dict[UUID, list[Row]]:
    """Return by connection the last run that has ended, and those at work."""
    found: dict[UUID, list[Row]] = {}
    for row in await tx.fetch_all(Q.latest_runs):
        found.setdefault(row["connection_id"], []).append(row)
    return found


async def read_followed(
    tx: Transaction, connection_id: UUID | None, run_ids: Sequence[UUID]
) -> list[Row]:
    """Return the progress of all runs at work, and of these."""
    values = {"connection_id": connection_id, "run_ids": list(run_ids), "believed": BELIEVED}
    return await tx.fetch_all(Q.read_followed, values)


async def follow_runs(tx: Transaction, run_ids: Sequence[UUID], *, is_all: bool) -> list[Row]:
    """Return the state and the progress of these runs.

    Args:
        is_all: and of all that wait or are at work.
    """
    values = {"run_ids": list(run_ids), "is_all": is_all, "believed": BELIEVED}
    return await tx.fetch_all(Q.follow_runs, values)
