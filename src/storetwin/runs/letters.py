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
    """Which dead letters of an organisation; None asks for nothing.

    Args:
        cause: as `causes` names it.
        run_id: the run that set them aside last.
        since: seen then or later.
    """

    organisation_id: UUID
    connection_id: UUID | None = None
    resource: str | None = None
    cause: str | None = None
    run_id: UUID | None = None
    since: datetime | None = None


async def page_letters(
    tx: Transaction, matching: Matching, state: str, *, behind: UUID | None = None, limit: int
) -> list[Row]:
    """Return dead letters, those first seen last first.

    Args:
        behind: go on behind this one; it may be gone.
    """
    params = _params(matching) | {"state": state, "behind": behind, "limit": limit}
    return await tx.fetch_all(Q.letters_behind, params)


async def causes(tx: Transaction, matching: Matching, state: str, *, limit: int) -> list[Row]:
    """Return dead letters by what caused them: those with the most first."""
    return await tx.fetch_all(
        Q.causes_of_letters, _params(matching) | {"state": state, "limit": limit}
    )


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


async def asides_of_run(
    tx: Transaction,
    organisation_id: UUID,
    run_id: UUID,
    *,
    needle: str | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Row]:
    """Return what a run set aside and no later one did, the latest first.

    Args:
        needle: what its line has to hold, in any case of letters.
        before: only what was earlier than this moment, or then with a lower id.
    """
    at, letter_id = before or (None, None)
    asked = {"organisation_id": organisation_id, "run_id": run_id, "needle": needle}
    return await tx.fetch_all(Q.asides_of_run, asked | {"at": at, "id": letter_id, "limit": limit})


async def count_asides(
    tx: Transaction, organisation_id: UUID, run_id: UUID, *, needle: str | None
) -> int:
    """Return how many records a run set aside that no later one did."""
    asked = {"organisation_id": organisation_id, "run_id": run_id, "needle": needle}
    row = await tx.fetch_one(Q.count_asides, asked)
    return int(row["n"]) if row else 0


def _params(matching: Matching) -> dict[str, object]:
    return {
        "organisation_id": matching.organisation_id,
        "connection_id": matching.connection_id,
        "resource": matching.resource,
        "cause": matching.cause,
        "run_id": matching.run_id,
        "since": matching.since,
    }
