"""Whether a resource's twin is in step with its store. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from storetwin.runs.schedules import ALL, Cron, Schedule, ScheduleKind, Spec, next_time

LATE = 2  # so many of its intervals without success are too many
USUAL_WAIT = timedelta(minutes=1)  # a delivery that waits no longer is on its way


class Standing(StrEnum):
    """How a resource's twin is doing, the best first."""

    IN_STEP = "in step"
    RESTING = "resting"
    NEVER = "never read"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Marks:
    """How far a resource was read.

    Args:
        synced_to: what the store dates up to here is in the twin; by the store's clock.
        synced_at: when an increment, or the first pull, last reached its end.
        swept_at: when a sweep last did.
    """

    synced_to: datetime | None = None
    synced_at: datetime | None = None
    swept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Deliveries of webhooks that were not applied yet."""

    count: int
    oldest_at: datetime


def schedule_of(
    schedules: list[Schedule], resource: str, kind: ScheduleKind = ScheduleKind.SYNC
) -> Schedule | None:
    """Return the schedule that speaks for a resource: its own, or that of all."""
    found = {s.resource: s for s in schedules if s.kind is kind}
    return found.get(resource) or found.get(ALL)


def usual_gap(spec: Spec, now: datetime, zone: tzinfo) -> timedelta:
    """Return how far apart two turns of a schedule are."""
    if not isinstance(spec, Cron):
        return spec.length
    first = next_time(spec, started_at=now, now=now, zone=zone, phase=0)
    return next_time(spec, started_at=first, now=first, zone=zone, phase=0) - first


def judge(
    marks: Marks | None,
    schedule: Schedule | None,
    waiting: Waiting | None,
    *,
    now: datetime,
    zone: tzinfo,
) -> Standing:
    """Say how a resource is doing.

    It is behind when its last success is older than twice its interval, or deliveries have waited
    for more than a minute.

    Args:
        schedule: None, or paused, where nobody reads it by itself.
    """
    if waiting is not None and now - waiting.oldest_at > USUAL_WAIT:
        return Standing.BEHIND
    if marks is None or marks.synced_at is None:
        return Standing.NEVER
    if schedule is None or schedule.is_paused:
        return Standing.RESTING
    gap = usual_gap(schedule.spec, now, zone)
    return Standing.BEHIND if now - marks.synced_at > LATE * gap else Standing.IN_STEP


def worst(standings: list[Standing]) -> Standing:
    """Return how a connection is doing: as the worst of its resources."""
    order = list(Standing)
    return max(standings, key=order.index, default=Standing.NEVER)
