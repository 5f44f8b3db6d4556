"""What a run would take, judged by those before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from storetwin.runs.asking import LARGEST_PAGE, Asked
from storetwin.runs.models import RunKind

LOOKED_AT: Final = 5  # runs before it


@dataclass(frozen=True, slots=True)
class Past:
    """A run that ended well, as far as it tells what the next one takes.

    Args:
        options: with which it was asked for, as JSON.
    """

    options: str
    records: int
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take; None where nobody knows.

    Args:
        runs: how many before it this is judged by; none: by what the twin holds.
    """

    records: int | None
    requests: int | None
    seconds: float | None
    runs: int


def estimate(asked: Asked, held: Mapping[str, int], past: Sequence[Past]) -> Estimate:
    """Return what a run would take.

    Runs that were asked the same are believed first. Otherwise a run that reads everything reads
    what the twin holds, at the pace of the others of its kind; what changed since nobody knows.

    Args:
        held: records in the twin, by resource.
        past: runs of the connection of the same kind, the newest first.
    """
    if asked.records:
        return Estimate(len(asked.records), len(asked.records), None, 0)
    same = [run for run in past if run.options == asked.as_text()][:LOOKED_AT]
    if same:
        return Estimate(
            round(median(run.records for run in same)),
            round(median(run.requests for run in same)),
            median(run.seconds for run in same),
            len(same),
        )
    if asked.is_span or not _reads_everything(asked):
        return Estimate(None, None, None, 0)
    records = sum(n for name, n in held.items() if not asked.resources or name in asked.resources)
    if not records:
        return Estimate(None, None, None, 0)
    passes = 2 if asked.run_kind is RunKind.PULL else 1  # a pull walks the lists again to prove
    requests = max(1, -(-records // (asked.batch or LARGEST_PAGE))) * passes
    paces = [run.seconds / run.records for run in past if run.records >= LARGEST_PAGE]
    return Estimate(records, requests, records * median(paces) if paces else None, 0)


def _reads_everything(asked: Asked) -> bool:
    return asked.full or asked.dry or asked.kind in (RunKind.VERIFY, RunKind.SWEEP)
