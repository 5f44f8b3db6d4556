"""What a job does for a run that was asked for: it calls the verb that was asked for, in that run."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from storetwin.connections.quiet import QuietHoursError
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.hub import Hub
from storetwin.hub.asking import Due
from storetwin.hub.holding import RunCancelledError
from storetwin.hub.running import RunInProgressError
from storetwin.kernel.errors import StoretwinError
from storetwin.mirror.models import Level
from storetwin.runs.asking import Asked
from storetwin.runs.models import Progress, RunKind
from storetwin.runs.queued import Queued, RunGoneError
from storetwin.runs.repository import RunTakenOverError
from storetwin.telemetry.logs import Log

log = Log()


async def work_off(hub: Hub, connection_id: UUID) -> None:
    """Do the run of a connection that has waited longest.

    One job does one run: what else waits gets a job of its own.

    Raises:
        DatabaseUnavailableError: nothing can be written; it goes on waiting.
    """
    due = await hub.asking.next(connection_id)
    if due is None:
        return
    opened = replace(hub, queued=Queued(due.run_id, due.asked.batch))
    try:
        await _do(opened, due)
    except DatabaseUnavailableError:
        raise
    except (RunInProgressError, QuietHoursError) as error:
        await hub.asking.put_off(due.run_id, error)
    except (RunCancelledError, RunGoneError, RunTakenOverError):
        return  # it was stopped, or is another process's
    except Exception as error:
        await hub.asking.give_up(due.run_id, error)
        log.warning(
            "came_to_nothing",
            what=due.asked.run_kind.value,
            run_id=str(due.run_id),
            organisation_id=str(hub.organisation_id),
            error=str(error),
            exc_info=None if isinstance(error, StoretwinError) else error,
        )


async def _do(hub: Hub, due: Due) -> None:
    """Call the verb; it opens the run that was asked for."""
    name, asked = due.connection.name, due.asked
    chosen, now = list(asked.resources), asked.now
    match asked.kind:
        case RunKind.SYNC:
            await hub.sync(name, chosen, observe=_nobody, now=now)
        case RunKind.SWEEP:
            await hub.sweep(name, chosen, observe=_nobody, bury_many=asked.bury, now=now)
        case RunKind.VERIFY:
            level = Level(asked.level or Level.MODIFIED)
            await hub.verify(name, chosen, level, bury_many=asked.bury, observe=_nobody, now=now)
        case RunKind.PROMOTE:
            await hub.staging.work(name, _nobody)
        case _:
            await _pull(hub, name, asked)


async def _pull(hub: Hub, name: str, asked: Asked) -> None:
    chosen, now = list(asked.resources), asked.now
    if asked.dry:
        await hub.partial.rehearse_in_run(name, chosen, observe=_nobody, now=now)
    elif asked.records:
        await hub.partial.records(name, list(asked.records), observe=_nobody, now=now)
    elif asked.is_span:
        await hub.partial.span(name, chosen, asked.since, asked.until, observe=_nobody, now=now)
    else:
        await hub.pull(
            name, chosen, full=asked.full, bury_many=asked.bury, observe=_nobody, now=now
        )


def _nobody(_: Progress) -> None:
    """Observe nothing: whoever wants to see it follows the run's progress."""
