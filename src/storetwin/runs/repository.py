"""Reads and writes of runs, progress, cursors, dead letters and certificates.

Every function takes the caller's transaction: what it writes is committed with the data it
speaks of, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.backoff import DEAD_LETTER_DELAYS
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import ConflictError
from storetwin.kernel.ids import new_id
from storetwin.runs.models import (
    Certificate,
    Cursor,
    DeadLetter,
    Lane,
    OpenRun,
    Progress,
    Run,
    RunKind,
    RunState,
    Stage,
    Why,
)

Q = load_queries(__package__)


MOST_BEGINNINGS = 20  # of a run from the queue: it may be what kills its workers


class RunTakenOverError(ConflictError):
    """Another process has taken over this run; this one must not write any more."""

    default_remedy = "Nothing was lost. Look at `storetwin runs` to see which run goes on."


async def find_open_run(
    tx: Transaction, connection_id: UUID, lane: Lane, *, believed: timedelta
) -> OpenRun | None:
    """Return the run that stands as being at work in a lane of a connection, if there is one.

    Args:
        believed: how long ago its heart may have beaten last, by the database's clock.
    """
    row = await tx.fetch_one(
        Q.find_open_run, {"connection_id": connection_id, "lane": lane.value, "believed": believed}
    )
    return None if row is None else OpenRun(row["run_id"], row["is_alive"])


async def close_orphan(tx: Transaction, run_id: UUID, *, now: datetime) -> None:
    """Close a run whose process is gone, or sleeps; one that was asked for is queued again."""
    await tx.execute(Q.close_orphan, {"run_id": run_id, "now": now, "most": MOST_BEGINNINGS})


async def start_run(
    tx: Transaction,
    *,
    run_id: UUID,
    connection_id: UUID,
    organisation_id: UUID,
    kind: RunKind,
    owner: str,
    options: dict[str, Any],
    now: datetime,
) -> Run:
    """Open a run; the caller has made way for it."""
    row = await tx.fetch_one(
        Q.start_run,
        {
            "run_id": run_id,
            "organisation_id": organisation_id,
            "connection_id": connection_id,
            "kind": kind.value,
            "lane": kind.lane.value,
            "owner": owner,
            "options": json.dumps(options),
            "now": now,
        },
    )
    assert row is not None
    return Run(run_id, organisation_id, connection_id, kind, row["epoch"], now)


async def beat(tx: Transaction, run: Run) -> bool:
    """Renew a run's heartbeat; return whether somebody asks that it stops.

    Raises:
        RunTakenOverError: the run is no longer ours.
    """
    row = await tx.fetch_one(Q.beat, {"run_id": run.run_id, "epoch": run.epoch})
    if row is None:
        raise _taken_over(run)
    return bool(row["is_cancelled"])


def _taken_over(run: Run) -> RunTakenOverError:
    return RunTakenOverError(f"Run {run.run_id} was taken over by another process.")


@dataclass(frozen=True, slots=True)
class Ending:
    """What else is kept of a run that ends.

    Args:
        error: why it came to nothing, with its code and what to do.
        result: what it found, where progress and certificate do not tell.
    """

    error: str | None = None
    code: str | None = None
    remedy: str | None = None
    result: Any = None


def cost_columns(cost: Cost) -> dict[str, Any]:
    """Return what a run met as the columns of its row."""
    return asdict(cost) | {"answer_times": list(cost.answer_times)}


async def fence(tx: Transaction, run: Run, cost: Cost) -> None:
    """Refresh the run's heartbeat, first thing in each of its transactions.

    Raises:
        RunTakenOverError: the run is no longer ours.
    """
    found = {"run_id": run.run_id, "epoch": run.epoch, **cost_columns(run.carried.cost + cost)}
    if await tx.execute(Q.touch_run, found) == 0:
        raise _taken_over(run)


async def end_run(
    tx: Transaction,
    run: Run,
    state: RunState,
    *,
    cost: Cost,
    now: datetime,
    ending: Ending | None = None,
) -> None:
    """Close a run with its result; does nothing when it was taken over."""
    ending = ending or Ending()
    await tx.execute(
        Q.end_run,
        {
            "run_id": run.run_id,
            "epoch": run.epoch,
            "state": state.value,
            "error": ending.error,
            "error_code": ending.code,
            "remedy": ending.remedy,
            "result": None if ending.result is None else json.dumps(ending.result, default=str),
            "now": now,
            **cost_columns(run.carried.cost + cost),
        },
    )


async def save_progress(tx: Transaction, run: Run, progress: Progress, *, now: datetime) -> None:
    """Write how far the run has come, and tell whoever listens."""
    if before := run.carried.progress.get((progress.stage.value, progress.resource)):
        sum_of_both = replace(progress)
        sum_of_both.add(before)
        sum_of_both.expected = progress.expected or before.expected
        progress = sum_of_both
    found = asdict(progress) | {"stage": progress.stage.value, "now": now}
    await tx.fetch_one(
        Q.save_progress, found | {"organisation_id": run.organisation_id, "run_id": run.run_id}
    )


async def find_runs(tx: Transaction, prefix: str) -> list[Row]:
    """Return at most two runs whose id begins with ``prefix``."""
    return await tx.fetch_all(Q.find_runs, {"prefix": prefix})


async def list_progress(tx: Transaction, run_id: UUID) -> list[Row]:
    """Return a run's progress by stage and resource."""
    return await tx.fetch_all(Q.list_progress, {"run_id": run_id})


async def read_cursors(tx: Transaction, connection_id: UUID) -> dict[str, Cursor]:
    """Return the cursors of a connection by resource."""
    rows = await tx.fetch_all(Q.read_cursors, {"connection_id": connection_id})
    return {
        row["resource"]: Cursor(**(row | {"position": json.loads(row["position"])})) for row in rows
    }


async def save_cursor(tx: Transaction, run: Run, cursor: Cursor, *, now: datetime) -> None:
    """Move a cursor, in the transaction of the data it speaks of."""
    await tx.execute(
        Q.save_cursor,
        {
            "organisation_id": run.organisation_id,
            "connection_id": run.connection_id,
            "resource": cursor.resource,
            "position": json.dumps(cursor.position),
            "is_done": cursor.is_done,
            "synced_to": cursor.synced_to,
            "now": now,
        },
    )


async def mark_synced(
    tx: Transaction, run: Run, resource: str, *, synced_to: datetime | None, now: datetime
) -> None:
    """Note that the twin of a resource is in step, in the last transaction of what made it so.

    Args:
        synced_to: what the store dates up to here is in the twin; None leaves it as it was.
    """
    found = {"connection_id": run.connection_id, "resource": resource, "now": now}
    await tx.execute(Q.mark_synced, found | {"synced_to": synced_to})


async def unmark_synced(tx: Transaction, connection_id: UUID, resources: Sequence[str]) -> None:
    """Let the next increment of these resources compare all dates instead of the latest."""
    found = {"connection_id": connection_id, "resources": list(resources)}
    await tx.execute(Q.unmark_synced, found)


async def mark_swept(tx: Transaction, run: Run, resource: str, *, now: datetime) -> None:
    """Note that a sweep of a resource has reached its end."""
    found = {"connection_id": run.connection_id, "resource": resource, "now": now}
    await tx.execute(Q.mark_swept, found)


async def clear_cursors(tx: Transaction, connection_id: UUID, resources: Sequence[str]) -> None:
    """Forget where the pull of these resources stands."""
    await tx.execute(
        Q.clear_cursors, {"connection_id": connection_id, "resources": list(resources)}
    )


async def add_dead_letter(
    tx: Transaction,
    run: Run,
    *,
    resource: str,
    remote_id: str | None,
    name: str,
    reason: str | Why,
    now: datetime,
    stage: Stage | None = None,
) -> None:
    """Keep a dead letter; one that waits already for the same record is counted up.

    Args:
        reason: with what was asked and answered, where something was.
        stage: PROMOTE where core could not take it; None: it could not be had from the store.
    """
    why = reason if isinstance(reason, Why) else Why(reason)
    await tx.execute(
        Q.bury_letter,
        {
            "dead_letter_id": new_id(now),
            "organisation_id": run.organisation_id,
            "connection_id": run.connection_id,
            "resource": resource,
            "remote_id": remote_id,
            "name": name,
            "reason": why.text,
            "run_id": run.run_id,
            "now": now,
            "stage": stage and stage.value,
            "evidence": why.evidence,
            "delays": list(DEAD_LETTER_DELAYS),
        },
    )


async def resolve_dead_letters(
    tx: Transaction, connection_id: UUID, resource: str, names: Iterable[str], *, now: datetime
) -> int:
    """Close the waiting dead letters of these records; return how many there were."""
    found = {"connection_id": connection_id, "resource": resource, "names": list(names), "now": now}
    return await tx.execute(Q.resolve_letters, found)


async def list_dead_letters(
    tx: Transaction,
    *,
    connection_id: UUID | None = None,
    resource: str | None = None,
    state: str = "waiting",
    limit: int = 1000,
    is_of_any_stage: bool = False,
) -> list[DeadLetter]:
    """Return dead letters, newest first.

    Args:
        is_of_any_stage: with records that the twin has and core could not take.
    """
    found = {"connection_id": connection_id, "resource": resource, "state": state, "limit": limit}
    rows = await tx.fetch_all(Q.list_letters, found | {"is_of_any_stage": is_of_any_stage})
    return [
        DeadLetter(**{name: row[name] for name in DeadLetter.__dataclass_fields__}) for row in rows
    ]


async def discard_dead_letters(tx: Transaction, ids: Sequence[UUID], *, now: datetime) -> int:
    """Discard waiting dead letters; return how many there were."""
    return await tx.execute(Q.discard_letters, {"ids": list(ids), "now": now})


async def save_certificate(
    tx: Transaction, organisation_id: UUID, certificate: Certificate, document: dict[str, Any]
) -> None:
    """Keep a certificate; ``document`` is what every door shows of it."""
    await tx.execute(
        Q.save_certificate,
        {
            "certificate_id": certificate.certificate_id,
            "organisation_id": organisation_id,
            "connection_id": certificate.connection_id,
            "run_id": certificate.run_id,
            "level": certificate.level,
            "is_complete": certificate.is_complete,
            "started_at": certificate.started_at,
            "ended_at": certificate.ended_at,
            "document": json.dumps(document),
        },
    )


async def latest_certificates(tx: Transaction) -> dict[UUID, Row]:
    """Return the latest certificate of each connection."""
    return {row["connection_id"]: row for row in await tx.fetch_all(Q.latest_certificates)}
