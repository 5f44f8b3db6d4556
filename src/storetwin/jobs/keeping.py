"""What a job does: one connection's turn, told in the hub's verbs, and how the turn ended.

A job carries ids only, and nothing depends on it: what is due stands in the schedules and in the
inbox. A job that is lost is made again; one too many finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from storetwin.connections.doubts import ConnectionPausedError, StoreChangedError
from storetwin.connections.quiet import QuietHoursError
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.hub import Hub
from storetwin.hub.holding import RunCancelledError
from storetwin.hub.schedules import Turn
from storetwin.kernel.backoff import SCHEDULE_DELAYS
from storetwin.kernel.errors import ConflictError, RetryableError, StoretwinError
from storetwin.runs.models import Progress
from storetwin.runs.schedules import BUSY, Busy, Done, Ending, Failed, Later, ScheduleKind
from storetwin.telemetry.logs import Log

log = Log()
LONGEST_DRAIN_WAIT = timedelta(minutes=5)


async def keep_in_step(hub: Hub, connection_id: UUID) -> None:
    """Read what it is a connection's turn for, and write down when it is due next.

    The first reading of a connection is a whole pull with its proof: it finds what no list shows.

    Raises:
        DatabaseUnavailableError: nothing can be written; it stays due.
    """
    turn = await hub.schedules.turn(connection_id)
    if turn is None:
        return
    if turn.is_first:
        await hub.schedules.settle(turn, None, await _ending(hub, turn, "pull", _pull))
        return
    for name, resources in turn.resources.items():
        kind = ScheduleKind(name)
        ending = await _read(hub, turn, kind, resources)
        is_over = not isinstance(ending, Done)  # what hinders one kind hinders the other
        await hub.schedules.settle(turn, None if is_over else kind, ending)
        if is_over:
            return
    for kind in ScheduleKind:  # schedules of resources that the connection no longer has
        if kind.value not in turn.resources:
            await hub.schedules.settle(turn, kind, Done())


async def drain(hub: Hub, connection_id: UUID, failures: int) -> timedelta | None:
    """Apply what a store told by webhook.

    The inbox itself says from when on a delivery is tried again; a whole inbox waits where the
    store is down, or is to be left alone.

    Args:
        failures: how often in a row it came to nothing.

    Returns:
        After what time it is to be tried again; None for whenever something waits.

    Raises:
        DatabaseUnavailableError: nothing can be written; the inbox goes on waiting.
    """
    name = await _name_of(hub, connection_id)
    if name is None:
        return None
    try:
        await hub.webhooks.drain(name)
    except DatabaseUnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - one connection stops no other
        ending = ending_of(error)
        if isinstance(ending, Failed):
            _tell(hub, name, "drain", error)
        return patience(ending, failures)
    return None


def patience(ending: Ending, failures: int) -> timedelta:
    """Return how long an inbox waits that could not be applied.

    Never longer than some minutes: nothing is asked of a store that is to be left alone, and a
    person may have changed that meanwhile.
    """
    if isinstance(ending, Busy):
        return BUSY
    delay = SCHEDULE_DELAYS[min(failures, len(SCHEDULE_DELAYS) - 1)]
    return min(delay, LONGEST_DRAIN_WAIT)


async def tidy(hub: Hub, connection_id: UUID) -> None:
    """Drop what the retention of a connection's history lets go.

    Raises:
        StoretwinError: it could not be dropped; the next night tries again.
    """
    name = await _name_of(hub, connection_id)
    if name is not None:
        await hub.history.prune(name)


async def _read(hub: Hub, turn: Turn, kind: ScheduleKind, resources: Sequence[str]) -> Ending:
    """Read some resources; of those that an increment could not tell all, sweep as well.

    At the end of an increment the store's webhooks are looked after: one may have been disabled.
    """

    async def read(hub: Hub, name: str) -> None:
        if kind is ScheduleKind.SWEEP:
            await hub.sweep(name, resources, observe=_nobody)
            return
        if unclear := (await hub.sync(name, resources, observe=_nobody)).needs_sweep:
            await hub.sweep(name, unclear, observe=_nobody)
        await hub.webhooks.check(name)

    return await _ending(hub, turn, kind.value, read)


async def _pull(hub: Hub, name: str) -> None:
    await hub.pull(name, [], full=False, bury_many=False, observe=_nobody, patient=True)


async def _ending(
    hub: Hub, turn: Turn, what: str, verb: Callable[[Hub, str], Awaitable[None]]
) -> Ending:
    """Call a verb for a connection, and say how that ended.

    Raises:
        DatabaseUnavailableError: nothing can be written.
    """
    try:
        await verb(hub, turn.connection.name)
    except DatabaseUnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - one connection stops no other
        ending = ending_of(error)
        if isinstance(ending, Failed):
            _tell(hub, turn.connection.name, what, error)
        return ending
    return Done()


def ending_of(error: Exception) -> Ending:
    """Return what an error means for the schedule whose turn it was."""
    if isinstance(error, QuietHoursError):
        return Later(error.until)
    if isinstance(error, RunCancelledError):
        return Later(None)  # somebody stopped it: it is due when it would have been next
    if isinstance(error, ConflictError):  # at work elsewhere, or taken over by another process
        return Busy()
    if isinstance(error, ConnectionPausedError | StoreChangedError):
        return Later(None)  # found by nobody while it is paused, due when it is resumed
    if isinstance(error, RetryableError):
        return Failed(error.retry_after)
    return Failed()


def _tell(hub: Hub, name: str, what: str, error: Exception) -> None:
    log.warning(
        "came_to_nothing",
        what=what,
        connection=name,
        organisation_id=str(hub.organisation_id),
        error=str(error),
        exc_info=None if isinstance(error, StoretwinError) else error,
    )


async def _name_of(hub: Hub, connection_id: UUID) -> str | None:
    return next((c.name for c in await hub.register.every() if c.id == connection_id), None)


def _nobody(_: Progress) -> None:
    """Observe nothing: whoever wants to see it follows the run's progress."""
