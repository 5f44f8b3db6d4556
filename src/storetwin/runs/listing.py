"""Reads runs and certificates as doors list them: in pages, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.runs.models import RunKind, RunState

Q = load_queries(__package__)
MOST_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs are asked for; None and empty mean any.

    Args:
        kinds: any but those that apply deliveries, unless some are named.
        since: those that began, or were asked for, then or later.
        until: likewise before then.
        behind: only those that are older than this one.
        resource: only those that were about it.
        error_codes: only those that ended with one of these.
    """

    connection_id: UUID | None = None
    run_ids: Sequence[UUID] | None = None
    kinds: Sequence[RunKind] = ()
    states: Sequence[RunState] = ()
    since: datetime | None = None
    until: datetime | None = None
    behind: UUID | None = None
    limit: int = 50
    resource: str | None = None
    error_codes: Sequence[str] = ()


async def list_runs(tx: Transaction, wanted: Wanted) -> list[Row]:
    """Return a page of runs, newest first."""
    kinds = list(wanted.kinds)
    if not kinds:
        is_named = wanted.run_ids is not None
        kinds = [kind for kind in RunKind if is_named or kind is not RunKind.RECEIVE]
    return await tx.fetch_all(
        Q.list_runs,
        {
            "connection_id": wanted.connection_id,
            "run_ids": None if wanted.run_ids is None else list(wanted.run_ids),
            "kinds": [kind.value for kind in kinds],
            "states": [state.value for state in wanted.states] or None,
            "since": wanted.since,
            "until": wanted.until,
            "behind": wanted.behind,
            "limit": wanted.limit,
            "resource": wanted.resource,
            "error_codes": list(wanted.error_codes) or None,
        },
    )


async def read_result(tx: Transaction, run_id: UUID) -> str | None:
    """Return what a run found as JSON text, where progress and certificate do not tell."""
    row = await tx.fetch_one(Q.read_result, {"run_id": run_id})
    return row["result"] if row else None


async def letters_of_run(tx: Transaction, run_id: UUID) -> list[Row]:
    """Return the records that a run set aside."""
    return await tx.fetch_all(Q.letters_of_run, {"run_id": run_id, "limit": MOST_LETTERS})


async def list_certificates(
    tx: Transaction,
    *,
    connection_id: UUID | None,
    is_complete: bool | None,
    behind: UUID | None,
    limit: int,
) -> list[Row]:
    """Return a page of certificates, newest first."""
    values = {"connection_id": connection_id, "is_complete": is_complete, "behind": behind}
    return await tx.fetch_all(Q.list_certificates, values | {"limit": limit})


async def read_certificate(tx: Transaction, certificate_id: UUID) -> Row | None:
    """Return one certificate, with its document as JSON text."""
    return await tx.fetch_one(Q.read_certificate, {"certificate_id": certificate_id})
