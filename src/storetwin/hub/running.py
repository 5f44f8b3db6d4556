"""Opening runs, keeping them alive, and closing them however they end.

One run of each lane of a connection is at work at most. Each holds a lock of its own in its
database session, and its heartbeat is renewed twice within the time in which it is believed. A
run whose session is gone is closed at once by the next one; a run whose session is there and
whose heart has stopped (a paused machine) is taken over. The epoch keeps what wakes up late from
writing anything.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar
from uuid import UUID

from storetwin.connections import repository as connections
from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.doubts import StoreChangedError, paused
from storetwin.connections.identity import Identity
from storetwin.connections.models import Connection, ConnectionState, Credentials
from storetwin.connections.quiet import QuietHoursError, gate
from storetwin.connections.register import Register
from storetwin.db.database import Database
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.hub.stores import Stores
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConflictError, RetryableError
from storetwin.kernel.ids import new_id
from storetwin.mirror.acceptance import pause_for_doubt
from storetwin.mirror.context import Observer, RunContext
from storetwin.mirror.identity import confirm_identity
from storetwin.mirror.window import lists_changed
from storetwin.resources import Catalogue
from storetwin.runs import repository as runs
from storetwin.runs.models import BELIEVED, Lane, Run, RunKind, RunState
from storetwin.runs.repository import RunTakenOverError
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.errors import NotFoundError
from storetwin.woocommerce.identity import tells_itself
from storetwin.woocommerce.routes import Routes

HEARTBEAT = timedelta(seconds=2)
ABSENCE = timedelta(seconds=30)  # a restart takes seconds, a recovery after a crash a few more
MOST_ABSENCES = 20  # a run
BREATH = 0.2  # seconds between two looks at a database that went away
ROUTES_LAST = timedelta(days=1)
BRIEF = frozenset({RunKind.SYNC, RunKind.RECEIVE})  # runs that arrive with one question
Revive = Callable[[], Awaitable[object]]
_T = TypeVar("_T")


class RunInProgressError(ConflictError):
    """Another run of the same connection is at work."""

    default_remedy = "Wait for it: `storetwin runs` shows how far it is."


@dataclass(frozen=True, slots=True)
class Runner:
    """Opens runs of the connections of one organisation.

    Args:
        revive: starts the database server again, where it is ours to start.
        absence: for how long a run waits for one that is not.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    stores: Stores
    revive: Revive | None = None
    absence: timedelta = ABSENCE

    @asynccontextmanager
    async def running(
        self, name: str, kind: RunKind, options: Mapping[str, Any], observe: Observer
    ) -> AsyncIterator[RunContext]:
        """Open a run of a connection, and close it however it ends.

        Raises:
            RunInProgressError: one of the same lane is at work.
            RunTakenOverError: this process slept so long that another went on.
            QuietHoursError: the store is to be left alone at this time of the day.
            StoreChangedError: another store answers than the one that is trusted.
        """
        connection = await self.register.get(name)
        if connection.state is ConnectionState.PAUSED:
            raise paused(connection)
        held = gate(connection, self.clock, is_open=bool(options.get("now")))
        async with self._at_work(connection, kind, options) as (run, hold):
            credentials = self.register.credentials(connection)
            client = self.stores.make_client(connection, credentials)
            client.hold(held)
            try:
                async with self._beating(run):
                    catalogue = catalogue_for(connection.options)
                    routes, is_known = await self._arrive(run, connection, client, credentials)
                    context = RunContext(
                        run=run,
                        database=self.database,
                        client=client,
                        routes=routes,
                        catalogue=catalogue.fitted(routes),
                        sealer=self.register.sealer(connection),
                        clock=self.clock,
                        ahead=connection.options.at_once or self.stores.ahead,
                        observe=observe,
                        regain=hold.regain,
                    )
                    if not is_known:
                        may_lack = bool(options.get("bury"))
                        await confirm_identity(context, connection, may_lack=may_lack)
                    yield context
            except BaseException as error:
                await _undisturbed(self._fail(run, connection, client, error))
                raise
            finally:
                await client.close()

    @asynccontextmanager
    async def none_running(self, connection: Connection) -> AsyncIterator[None]:
        """Keep runs of a connection out for the block.

        Raises:
            RunInProgressError: one is at work.
        """
        async with AsyncExitStack() as held:
            for lane in Lane:
                await held.enter_async_context(self._opening(connection, lane))
                await self._make_way(connection, lane)
            yield

    async def close(self, context: RunContext, state: RunState = RunState.DONE) -> None:
        """Close a run that came to its end."""
        async with context.transaction() as tx:
            await runs.end_run(
                tx, context.run, state, requests=context.client.requests, now=self.clock()
            )

    async def lasting(self, context: RunContext, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do the work of a run; where the database goes away for seconds, go on in the same run.

        Args:
            work: begins where the last transaction ended, however often it is called.

        Raises:
            DatabaseUnavailableError: it stays away for longer than :data:`ABSENCE`, or comes and
                goes.
            RunTakenOverError: another process went on meanwhile.
        """
        for _ in range(MOST_ABSENCES):
            try:
                return await work()
            except DatabaseUnavailableError as error:
                await self._await_database(context, error)
        return await work()

    async def _await_database(self, context: RunContext, error: DatabaseUnavailableError) -> None:
        """Wait until the database is back, and take hold of the run again.

        Raises:
            DatabaseUnavailableError: the first one, when it is not back in time.
            DiskFullError: it cannot come back, for there is no room.
        """
        if self.revive is not None:
            await self.revive()
        try:
            async with asyncio.timeout(self.absence.total_seconds()):
                while True:
                    await asyncio.sleep(BREATH)
                    with suppress(DatabaseUnavailableError):
                        if context.regain is not None:
                            await context.regain()
                        async with context.transaction():
                            return
        except TimeoutError:
            raise error from None

    # -- arriving at the store ------------------------------------------------------------------

    async def _arrive(
        self, run: Run, connection: Connection, client: StoreClient, credentials: Credentials
    ) -> tuple[Routes, bool]:
        """Return what the store's routes take, and whether it is known to be the same store.

        What runs every few minutes asks one question: who the store is. Where the answer is not
        plain, where its routes were not asked for in a day, and at all other runs, both are asked
        in full.
        """
        catalogue = catalogue_for(connection.options)
        remembered = Identity.from_json(connection.identity)
        if run.kind in BRIEF and remembered is not None and connection.routes is not None:
            asked_at = connection.routes_at
            is_fresh = asked_at is not None and self.clock() - asked_at < ROUTES_LAST
            if is_fresh and await tells_itself(client, remembered):
                return Routes.from_json(connection.routes), True
        routes = await self.stores.first_question(client, connection, credentials, catalogue)
        await self._keep_routes(connection, catalogue, routes)
        return routes, False

    async def _keep_routes(
        self, connection: Connection, catalogue: Catalogue, routes: Routes
    ) -> None:
        """Remember the routes; where they make other lists, the next increment compares all dates."""
        others: list[str] = []
        if connection.routes is not None:
            before = Routes.from_json(connection.routes)
            others = lists_changed(catalogue.resources, before, routes)
        async with self.database.transaction(self.organisation_id) as tx:
            await connections.keep_routes(tx, connection.id, routes.as_json(), self.clock())
            if others:
                await runs.unmark_synced(tx, connection.id, others)

    # -- one at a time --------------------------------------------------------------------------

    @asynccontextmanager
    async def _opening(self, connection: Connection, lane: Lane) -> AsyncIterator[None]:
        """Be the only one who opens a run of this lane."""
        async with self.database.lock(f"opening:{connection.id}:{lane}") as is_ours:
            if not is_ours:
                raise _in_progress(connection)
            yield

    @asynccontextmanager
    async def _at_work(
        self, connection: Connection, kind: RunKind, options: Mapping[str, Any]
    ) -> AsyncIterator[tuple[Run, _Hold]]:
        """Write the run down while holding the lock that says that its process lives."""
        run_id = new_id(self.clock())
        async with _Hold(self.database, _lock_of(run_id)) as hold:
            async with self._opening(connection, kind.lane):
                await self._make_way(connection, kind.lane)
                async with self.database.transaction(self.organisation_id) as tx:
                    run = await runs.start_run(
                        tx,
                        run_id=run_id,
                        connection_id=connection.id,
                        organisation_id=self.organisation_id,
                        kind=kind,
                        owner=f"{socket.gethostname()}:{os.getpid()}",
                        options=dict(options),
                        now=self.clock(),
                    )
            yield run, hold

    async def _make_way(self, connection: Connection, lane: Lane) -> None:
        """Close the run that stands as being at work in a lane, if nobody is at work in it.

        Raises:
            RunInProgressError: somebody is.
        """
        async with self.database.transaction(self.organisation_id) as tx:
            found = await runs.find_open_run(tx, connection.id, lane, believed=BELIEVED)
        if found is None:
            return
        async with self.database.lock(_lock_of(found.run_id)) as is_orphan:
            if not is_orphan and found.is_alive:
                raise _in_progress(connection)
            async with self.database.transaction(self.organisation_id) as tx:
                await runs.close_orphan(tx, found.run_id, now=self.clock())

    @asynccontextmanager
    async def _beating(self, run: Run) -> AsyncIterator[None]:
        """Keep the run's heart beating beside its work; where another took over, stop the work."""
        work = asyncio.current_task()
        assert work is not None
        taken_over: list[RunTakenOverError] = []

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT.total_seconds())
                try:
                    async with self.database.transaction(self.organisation_id) as tx:
                        await runs.beat(tx, run)
                except RunTakenOverError as error:
                    taken_over.append(error)
                    work.cancel()
                    return
                except RetryableError:
                    continue  # where the database is away the work itself meets it

        heart = asyncio.create_task(beat())
        try:
            yield
        except asyncio.CancelledError:
            if taken_over and work.uncancel() == 0:
                raise taken_over[0] from None
            raise
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

    async def _fail(
        self, run: Run, connection: Connection, client: StoreClient, error: BaseException
    ) -> None:
        """Close a run that did not come to its end; where that fails too, the next run closes it."""
        message = str(error) if isinstance(error, Exception) else "Stopped by a person."
        stopped = isinstance(error, QuietHoursError) or not isinstance(error, Exception)
        state = RunState.INTERRUPTED if stopped else RunState.FAILED
        try:
            async with self.database.transaction(self.organisation_id) as tx:
                if isinstance(error, NotFoundError) and error.is_route_missing:
                    await connections.forget_routes(tx, connection.id)
                if isinstance(error, StoreChangedError):
                    state = RunState.PAUSED
                    await pause_for_doubt(tx, connection, error)
                await runs.end_run(
                    tx, run, state, requests=client.requests, now=self.clock(), error=message
                )
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"The run could not be closed either: {second}")


class _Hold:
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


async def _undisturbed(closing: Coroutine[Any, Any, None]) -> None:
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


def _lock_of(run_id: UUID) -> str:
    return f"run:{run_id}"


def _in_progress(connection: Connection) -> RunInProgressError:
    return RunInProgressError(f"A run of {connection.name} is already at work.")
