"""Runs that were asked for: their queue, and how they are stopped; in the caller's transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import ConflictError
from storetwin.kernel.ids import new_id
from storetwin.runs.asking import Asked
from storetwin.runs.models import BELIEVED, Carried, Progress, Run, RunKind, RunState, Stage
from storetwin.runs.repository import MOST_BEGINNINGS, Ending, cost_columns, list_progress

Q = load_queries(__package__)
MOST_QUEUED = 20  # of one connection
_COSTS = tuple(Cost.__dataclass_fields__)
_COUNTS = ("records", "created", "updated", "buried", "unreadable", "pages", "expected")


@dataclass(frozen=True, slots=True)
class Queued:
    """A run from the queue that is to be opened.

    Args:
        batch: records on a page at most; the store's own limit for None.
    """

    run_id: UUID
    batch: int | None = None


class QueueFullError(ConflictError):
    """Too many runs of a connection wait already."""

    code = "queue_full"
    default_remedy = "Wait for one of them, or cancel it."


class RunGoneError(ConflictError):
    """A run does not wait any more: it was cancelled, or another process has begun it."""

    code = "run_gone"


async def queue_run(
    tx: Transaction,
    owner: tuple[UUID, UUID],
    asked: Asked,
    *,
    now: datetime,
    retry_of: UUID | None = None,
) -> tuple[UUID, bool]:
    """Put a run into the queue, unless one that does the same waits already.

    Args:
        owner: organisation and connection.

    Returns:
        Its id, and whether it is new.

    Raises:
        QueueFullError: too many wait.
    """
    organisation_id, connection_id = owner
    of = {"connection_id": connection_id}
    same: dict[str, Any] = {"kind": asked.run_kind.value, "options": asked.as_text()}
    await tx.fetch_one(Q.hold_queue, of)
    if found := await tx.fetch_one(Q.find_same, of | same):
        return found["run_id"], False
    counted = await tx.fetch_one(Q.count_queued, of)
    if counted and counted["n"] >= MOST_QUEUED:
        raise QueueFullError(f"{MOST_QUEUED} runs of this connection wait already.")
    run_id = new_id(now)
    values = {"run_id": run_id, "organisation_id": organisation_id, "now": now}
    values |= {"lane": asked.run_kind.lane.value, "retry_of": retry_of}
    await tx.fetch_one(Q.queue_run, of | same | values)
    return run_id, True


async def queue_promotion(
    tx: Transaction, owner: tuple[UUID, UUID], options: dict[str, Any], *, now: datetime
) -> UUID:
    """Put a promotion into the queue; what it is about is given to it in the same transaction.

    Args:
        owner: organisation and connection.

    Raises:
        QueueFullError: too many wait.
    """
    organisation_id, connection_id = owner
    of = {"connection_id": connection_id}
    await tx.fetch_one(Q.hold_queue, of)
    counted = await tx.fetch_one(Q.count_queued, of)
    if counted and counted["n"] >= MOST_QUEUED:
        raise QueueFullError(f"{MOST_QUEUED} runs of this connection wait already.")
    run_id = new_id(now)
    kind = RunKind.PROMOTE
    values = {"run_id": run_id, "organisation_id": organisation_id, "now": now, "retry_of": None}
    values |= {"kind": kind.value, "lane": kind.lane.value, "options": json.dumps(options)}
    await tx.fetch_one(Q.queue_run, of | values)
    return run_id


async def next_queued(tx: Transaction, connection_id: UUID, *, now: datetime) -> Row | None:
    """Return the run of a connection that has waited longest; those of dead workers wait again."""
    of = {"connection_id": connection_id, "now": now}
    await tx.execute(Q.requeue_orphans, of | {"most": MOST_BEGINNINGS, "believed": BELIEVED})
    return await tx.fetch_one(Q.next_queued, of)


async def begin_queued(
    tx: Transaction, owner: tuple[UUID, UUID], run_id: UUID, *, process: str, now: datetime
) -> Run:
    """Begin a run that waited; it counts on from where another process left it.

    Raises:
        RunGoneError: it does not wait any more.
    """
    organisation_id, connection_id = owner
    values = {"run_id": run_id, "connection_id": connection_id, "owner": process, "now": now}
    row = await tx.fetch_one(Q.begin_queued, values)
    if row is None:
        raise RunGoneError(f"Run {run_id} does not wait any more.")
    carried = Carried(
        _cost(row),
        {(p["stage"], p["resource"]): _progress(p) for p in await list_progress(tx, run_id)},
    )
    return Run(
        run_id,
        organisation_id,
        connection_id,
        RunKind(row["kind"]),
        row["epoch"],
        row["started_at"],
        is_asked=True,
        carried=carried,
    )


def _cost(row: Row) -> Cost:
    counts = {name: row[name] for name in _COSTS}
    return Cost(**counts | {"answer_times": tuple(row["answer_times"] or ())})


def _progress(row: Row) -> Progress:
    counts = {name: row[name] for name in _COUNTS}
    return Progress(Stage(row["stage"]), row["resource"], row["started_at"], **counts)


async def put_off(tx: Transaction, run_id: UUID, *, pause: timedelta, is_quiet: bool) -> None:
    """Let a run wait: for quiet hours to end, or for another run of its connection."""
    why = "quiet_hours" if is_quiet else "run"
    await tx.execute(Q.put_off, {"run_id": run_id, "pause": pause, "waits_for": why})


async def hand_back(tx: Transaction, run: Run, cost: Cost, *, not_before: datetime | None) -> bool:
    """Put a run that is at work back into the queue; False when it is to stop instead.

    Args:
        not_before: when quiet hours end; None where only its worker stops.
    """
    values = cost_columns(run.carried.cost + cost) | {"run_id": run.run_id, "epoch": run.epoch}
    values |= {"not_before": not_before, "waits_for": "quiet_hours" if not_before else None}
    return await tx.fetch_one(Q.hand_back_run, values) is not None


async def end_queued(
    tx: Transaction, run_id: UUID, state: RunState, ending: Ending, *, now: datetime
) -> bool:
    """End a run that waits; False when it does not."""
    values = {"run_id": run_id, "state": state.value, "now": now, "error": ending.error}
    values |= {"error_code": ending.code, "remedy": ending.remedy}
    return await tx.fetch_one(Q.end_queued, values) is not None


async def ask_to_stop(tx: Transaction, run_id: UUID, *, now: datetime) -> bool:
    """Ask a run that is at work to stop, or end it where nobody hears; False when none is."""
    of = {"run_id": run_id, "now": now}
    if await tx.execute(Q.end_dead, of | {"believed": BELIEVED}):
        return True
    return bool(await tx.execute(Q.ask_to_stop, of))


async def every_connection(tx: Transaction) -> list[Row]:
    """Return the ids of all connections of the installation, and whether each is read."""
    return await tx.fetch_all(Q.every_connection)
