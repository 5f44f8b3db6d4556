"""When a connection is read by itself: what a schedule says, and when it is due next. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from storetwin.kernel.backoff import SCHEDULE_DELAYS
from storetwin.kernel.errors import ConfigurationError

SHORTEST = timedelta(seconds=10)
LONGEST = timedelta(days=31)
_LONGEST_READ = timedelta(days=10_000)
CRON_SPREAD = timedelta(seconds=50)  # a cron's moment is a minute: it may begin anywhere in it
BUSY = timedelta(seconds=2)  # soon enough that a run whose process died is taken over in time
_LARGEST_SHIFT = timedelta(hours=2)  # clocks are set by one hour, at some stations by two
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_INTERVAL = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class ScheduleKind(StrEnum):
    """What a schedule does: increments, or the search for what no date shows."""

    SYNC = "sync"
    SWEEP = "sweep"


DEFAULT_SPECS = {ScheduleKind.SYNC: "30m", ScheduleKind.SWEEP: "1d"}
ALL = ""  # the resource of the schedule that speaks for all without one of their own


@dataclass(frozen=True, slots=True)
class Interval:
    """So much time from one start to the next."""

    length: timedelta

    def __str__(self) -> str:
        rest, text = int(self.length.total_seconds()), ""
        for unit, seconds in _UNITS.items():
            count, rest = divmod(rest, seconds)
            text += f"{count}{unit}" if count else ""
        return text


@dataclass(frozen=True, slots=True)
class Cron:
    """Times on the clock of the site's wall: minute, hour, day, month, day of the week."""

    expression: str

    @property
    def is_by_hour(self) -> bool:
        """Say whether it names hours; else it goes by real time where an hour comes twice."""
        return not self.expression.split()[1].startswith("*")

    def __str__(self) -> str:
        return self.expression


Spec = Interval | Cron


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one kind of reading of a resource (``''``: of all others) is due.

    Args:
        failures: how often in a row it came to nothing.
    """

    organisation_id: UUID
    connection_id: UUID
    kind: ScheduleKind
    resource: str
    spec: Spec
    is_paused: bool
    next_at: datetime
    last_at: datetime | None = None
    failures: int = 0

    @property
    def phase(self) -> float:
        """Return where in an interval it begins, from 0 to 1: not all connections in one second."""
        text = f"{self.connection_id}:{self.kind}:{self.resource}"
        return int.from_bytes(sha256(text.encode()).digest()[:4]) / 2**32


def parse_spec(text: str) -> Spec:
    """Read an interval (``15m``, ``1h30m``, ``1d``) or a cron expression of five fields.

    Raises:
        ConfigurationError: it is neither, or never due.
    """
    given = " ".join(text.split())
    if " " in given:
        return _parse_cron(given)
    length = read_length(given)
    if length is None or not SHORTEST <= length <= LONGEST:
        raise ConfigurationError(
            f"{text!r} is no interval that can be used.",
            remedy="Write it like 15m, 2h or 1d: from 10s to 31d.",
        )
    return Interval(length)


def read_length(text: str) -> timedelta | None:
    """Read a length of time like ``90s``, ``1h30m`` or ``2d``; None where it is none."""
    match = _INTERVAL.fullmatch(text)
    if not text or match is None:
        return None
    counts = [int(n or 0) for n in match.groups()]
    seconds = sum(n * size for n, size in zip(counts, _UNITS.values(), strict=True))
    return timedelta(seconds=min(seconds, int(_LONGEST_READ.total_seconds())))


def _parse_cron(text: str) -> Cron:
    from croniter import CroniterBadDateError, CroniterError, croniter

    why = "it has not five fields"
    if len(text.split()) == 5:
        try:
            croniter(text, _EPOCH).get_next(datetime)
        except CroniterBadDateError:
            why = "such a day never comes"
        except (CroniterError, ValueError) as error:
            why = str(error)
        else:
            return Cron(text)
    raise ConfigurationError(
        f"The cron expression {text!r} cannot be used: {why}.",
        remedy='Write minute, hour, day, month and day of the week, like "0 6 * * *".',
    )


def next_time(
    spec: Spec, *, started_at: datetime, now: datetime, zone: tzinfo, phase: float
) -> datetime:
    """Return when a schedule is due next, in UTC, later than ``now``.

    What was missed meanwhile is not made up for: one reading brings all of it.

    Args:
        started_at: when the last reading began.
        zone: the site's.
        phase: where in an interval, or in a cron's minute, this schedule begins, from 0 to 1.
    """
    if isinstance(spec, Cron):
        late = phase * CRON_SPREAD
        return _next_on_the_wall(spec, now - late, zone) + late
    after = max(now, started_at + spec.length / 2)  # not twice at once after a start by hand
    begun = _EPOCH + phase * spec.length
    return begun + ((after - begun) // spec.length + 1) * spec.length


def _next_on_the_wall(spec: Cron, after: datetime, zone: tzinfo) -> datetime:
    """Return the first time after ``after`` at which the site's wall shows what a cron names.

    An hour that clocks leave out is made up for as they do it; one that comes twice counts once,
    but for expressions that name no hour: they go by real time.
    """
    from croniter import croniter  # loaded by those who have such a schedule

    wall = after.astimezone(zone).replace(tzinfo=None)
    names = croniter(spec.expression, wall - _LARGEST_SHIFT, ret_type=datetime)
    found: datetime | None = None
    while True:
        shown: datetime = names.get_next(datetime)
        first, *again = _moments(shown, zone)
        for moment in (first, *(again if not spec.is_by_hour else ())):
            if moment > after and (found is None or moment < found):
                found = moment
        if found is not None and first >= found + _LARGEST_SHIFT:
            return found


def _moments(shown: datetime, zone: tzinfo) -> list[datetime]:
    """Return when the wall shows a time, in UTC: twice where clocks are set back."""
    both = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    is_real = any(m.astimezone(zone).replace(tzinfo=None) == shown for m in both)
    return sorted(both) if is_real else [max(both)]


@dataclass(frozen=True, slots=True)
class Done:
    """It was read to its end."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Another run of the connection is at work."""


@dataclass(frozen=True, slots=True)
class Later:
    """It must not be read before a moment; None for never as things stand."""

    until: datetime | None


@dataclass(frozen=True, slots=True)
class Failed:
    """It came to nothing.

    Args:
        retry_after: seconds that the store asked us to wait.
    """

    retry_after: float | None = None


Ending = Done | Busy | Later | Failed


@dataclass(frozen=True, slots=True)
class Settled:
    """What is written down of a schedule after it was its turn."""

    next_at: datetime
    last_at: datetime | None
    failures: int


def settle(
    schedule: Schedule, ending: Ending, *, started_at: datetime, now: datetime, zone: tzinfo
) -> Settled:
    """Decide when a schedule is due next, by how its turn ended."""
    regular = next_time(
        schedule.spec, started_at=started_at, now=now, zone=zone, phase=schedule.phase
    )
    match ending:
        case Done():
            return Settled(regular, started_at, 0)
        case Busy():
            return Settled(now + BUSY, schedule.last_at, schedule.failures)
        case Later(until):
            at = regular if until is None else max(until, now)
            return Settled(at, schedule.last_at, schedule.failures)
        case Failed(retry_after):
            failures = schedule.failures + 1
            delay = SCHEDULE_DELAYS[min(failures, len(SCHEDULE_DELAYS)) - 1]
            asked = timedelta(seconds=retry_after or 0)
            return Settled(now + max(delay, asked), schedule.last_at, failures)


def turns(due: list[Schedule], every: list[Schedule], names: list[str]) -> dict[str, list[str]]:
    """Return which resources it is the turn of, by kind: increments first.

    A resource with a schedule of its own, paused or not, is not spoken for by the one of all.

    Args:
        every: all schedules of the connection.
        names: its resources, in their order.
    """
    found: dict[str, list[str]] = {}
    for kind in ScheduleKind:
        own = {s.resource for s in every if s.kind is kind and s.resource != ALL}
        asked = {s.resource for s in due if s.kind is kind}
        chosen = [n for n in names if n in asked or (ALL in asked and n not in own)]
        if chosen:
            found[kind.value] = chosen
    return found
