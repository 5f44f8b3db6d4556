"""Dead letters in pages and in bulk; every function takes the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class Matching:
    """Which dead letters of an organisation; None asks for nothing."""

    organisation_id: UUID
    connection_id: UUID | None = None
    resource: str | None = None


async def page_letters(
    tx: Transaction, matching: Matching, state: str, *, behind: UUID | None = None, limit: int
) -> list[Row]:
    """Return dead letters, those first seen last first.

    Args:
        behind: go on behind this one; it may be gone.
    """
    params = _params(matching) | {"state": state, "behind": behind, "limit": limit}
    return await tx.fetch_all(Q.letters_behind, params)


async def find_letters(tx: Transaction, organisation_id: UUID, ids: Sequence[UUID]) -> list[Row]:
    """Return dead letters by their ids; those that are not there are left out."""
    return await tx.fetch_all(
        Q.letters_by_id, {"organisation_id": organisation_id, "ids": list(ids)}
    )


async def count_waiting_letters(tx: Transaction, organisation_id: UUID) -> list[Row]:
    """Return how many dead letters wait, by connection and resource."""
    return await tx.fetch_all(Q.count_waiting_letters, {"organisation_id": organisation_id})


async def discard_matching(
    tx: Transaction, matching: Matching, *, limit: int, now: datetime
) -> int:
    """Discard some waiting dead letters; return how many that were."""
    return await tx.execute(
        Q.discard_some_letters, _params(matching) | {"limit": limit, "now": now}
    )


def _params(matching: Matching) -> dict[str, object]:
    return {
        "organisation_id": matching.organisation_id,
        "connection_id": matching.connection_id,
        "resource": matching.resource,
    }
