"""What a run holds while it is at work, and what becomes of it when an error ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from storetwin.connections.quiet import QuietHoursError
from storetwin.db.database import Database
from storetwin.kernel.errors import ConflictError, StoretwinError
from storetwin.runs.models import RunState
from storetwin.runs.repository import Ending

LONGEST_WAIT = timedelta(minutes=10)


class RunCancelledError(ConflictError):
    """Somebody asked the run to stop. What it has committed stays; the next one goes on."""

    code = "run_cancelled"


class Hold:
    """A lock that is held for as long as a run is, through restarts of the database."""

    __slots__ = ("_database", "_held", "_name")

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._held = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._held.enter_async_context(self._database.lock(self._name))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._held.aclose()

    async def regain(self) -> None:
        """Take the lock again in a new session; the old one is gone.

        Raises:
            DatabaseUnavailableError: the database is still away.
        """
        await self._held.aclose()
        await self._held.enter_async_context(self._database.lock(self._name))


async def undisturbed(closing: Coroutine[Any, Any, None]) -> None:
    """Close something although whoever does so is cancelled once more meanwhile.

    A worker that stops may be told so twice, and a run that stays open looks as if it were at work.

    Raises:
        CancelledError: in the end, where it was.
    """
    task = asyncio.create_task(closing)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    task.result()


def state_after(error: BaseException) -> RunState:
    """Return how a run ended that an error ended."""
    if isinstance(error, RunCancelledError):
        return RunState.CANCELLED
    is_stopped = isinstance(error, QuietHoursError) or not isinstance(error, Exception)
    return RunState.INTERRUPTED if is_stopped else RunState.FAILED


def ending_of(error: BaseException) -> Ending:
    """Return what is kept of an error that ended a run."""
    if isinstance(error, StoretwinError):
        return Ending(str(error), error.code, error.remedy)
    return Ending(str(error) if isinstance(error, Exception) else "Stopped by a person.")


def wait_until(error: BaseException, now: datetime) -> datetime | None:
    """Return when a run is looked at again that quiet hours end; None where nothing hinders it.

    They may be changed meanwhile, so never much later.
    """
    if not isinstance(error, QuietHoursError):
        return None
    soon = now + LONGEST_WAIT
    return soon if error.until is None else min(error.until, soon)


def lock_of(run_id: UUID) -> str:
    """Return the lock that the process of a run holds."""
    return f"run:{run_id}"
