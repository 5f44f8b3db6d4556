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
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from storetwin.connections import repository as connections
from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.doubts import StoreChangedError, paused
from storetwin.connections.identity import Identity
from storetwin.connections.models import Connection, ConnectionState, Credentials
from storetwin.connections.quiet import gate
from storetwin.connections.register import Register
from storetwin.db.database import Database, Transaction
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.hub.holding import (
    Hold,
    RunCancelledError,
    ending_of,
    lock_of,
    state_after,
    undisturbed,
    wait_until,
)
from storetwin.hub.stores import Stores
from storetwin.kernel.clock import Clock
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import ConflictError, RetryableError, StoretwinError
from storetwin.kernel.ids import new_id
from storetwin.mirror.acceptance import pause_for_doubt
from storetwin.mirror.context import Observer, RunContext
from storetwin.mirror.identity import confirm_identity
from storetwin.mirror.window import lists_changed
from storetwin.resources import Catalogue
from storetwin.runs import repository as runs
from storetwin.runs.models import BELIEVED, Lane, Run, RunKind, RunState
from storetwin.runs.queued import Queued, begin_queued, hand_back
from storetwin.runs.repository import Ending, RunTakenOverError
from storetwin.woocommerce.errors import NotFoundError
from storetwin.woocommerce.identity import tells_itself
from storetwin.woocommerce.routes import Routes

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

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
        queued: the run from the queue that is opened next, instead of a new one.
        follow: does what a run leaves to be done: compares what changed with core.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    stores: Stores
    revive: Revive | None = None
    absence: timedelta = ABSENCE
    queued: Queued | None = None
    follow: Callable[[UUID], Awaitable[None]] | None = None

    @asynccontextmanager
    async def running(
        self, name: str, kind: RunKind, options: Mapping[str, Any], observe: Observer
    ) -> AsyncIterator[RunContext]:
        """Open a run of a connection, and close it however it ends.

        Raises:
            RunInProgressError: one of the same lane is at work.
            RunTakenOverError: this process slept so long that another went on.
            RunCancelledError: somebody asked it to stop.
            RunGoneError: the queued run that was to be opened does not wait any more.
            QuietHoursError: the store is to be left alone at this time of the day.
            StoreChangedError: another store answers than the one that is trusted.
        """
        connection = await self.register.get(name)
        if connection.state is ConnectionState.PAUSED:
            raise paused(connection)
        held = gate(connection, self.clock, is_open=bool(options.get("now")))
        async with self.at_work(connection, kind, options) as (run, hold):
            credentials = self.register.credentials(connection)
            client = self.stores.make_client(connection, credentials)
            client.hold(held)
            client.renew_by(lambda: self._keys_now(connection))
            if self.queued is not None and self.queued.batch is not None:
                client.page_limit = min(client.page_limit, self.queued.batch)
            try:
                async with self.beating(run):
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
                await undisturbed(self.fail(run, connection, client.cost, error))
                raise
            finally:
                await client.close()
        if self.follow is not None:
            with suppress(StoretwinError):  # where that fails, a worker's rounds do it
                await self.follow(connection.id)

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

    async def close(
        self, context: RunContext, state: RunState = RunState.DONE, *, result: Any = None
    ) -> None:
        """Close a run that came to its end.

        Args:
            result: what it found, where progress and certificate do not tell.
        """
        async with context.transaction() as tx:
            await runs.end_run(
                tx,
                context.run,
                state,
                cost=context.client.cost,
                now=self.clock(),
                ending=Ending(result=result),
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

    async def _keys_now(self, connection: Connection) -> Credentials:
        """Return the keys as they are now: a person may have replaced them since the run began."""
        return self.register.credentials(await self.register.named(str(connection.id)))

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
    async def at_work(
        self, connection: Connection, kind: RunKind, options: Mapping[str, Any]
    ) -> AsyncIterator[tuple[Run, Hold]]:
        """Write the run down while holding the lock that says that its process lives."""
        run_id = self.queued.run_id if self.queued else new_id(self.clock())
        run: Run | None = None
        async with AsyncExitStack() as held:
            try:
                async with self._opening(connection, kind.lane):
                    await self._make_way(connection, kind.lane)
                    hold = Hold(self.database, lock_of(run_id))
                    await held.enter_async_context(hold)
                    async with self.database.transaction(self.organisation_id) as tx:
                        run = await self._begin(tx, connection, kind, options, run_id)
            except BaseException as error:  # told to stop when it had just begun
                if run is not None:
                    await undisturbed(self.fail(run, connection, Cost(), error))
                raise
            yield run, hold

    async def _begin(
        self,
        tx: Transaction,
        connection: Connection,
        kind: RunKind,
        options: Mapping[str, Any],
        run_id: UUID,
    ) -> Run:
        process, now = f"{socket.gethostname()}:{os.getpid()}", self.clock()
        if self.queued is not None:
            owner = (self.organisation_id, connection.id)
            return await begin_queued(tx, owner, run_id, process=process, now=now)
        return await runs.start_run(
            tx,
            run_id=run_id,
            connection_id=connection.id,
            organisation_id=self.organisation_id,
            kind=kind,
            owner=process,
            options=dict(options),
            now=now,
        )

    async def _make_way(self, connection: Connection, lane: Lane) -> None:
        """Close the run that stands as being at work in a lane, if nobody is at work in it.

        Raises:
            RunInProgressError: somebody is.
        """
        async with self.database.transaction(self.organisation_id) as tx:
            found = await runs.find_open_run(tx, connection.id, lane, believed=BELIEVED)
        if found is None:
            return
        async with self.database.lock(lock_of(found.run_id)) as is_orphan:
            if not is_orphan and found.is_alive:
                raise _in_progress(connection)
            async with self.database.transaction(self.organisation_id) as tx:
                await runs.close_orphan(tx, found.run_id, now=self.clock())

    @asynccontextmanager
    async def beating(self, run: Run) -> AsyncIterator[None]:
        """Keep the run's heart beating beside its work.

        Where another took over, or somebody asks the run to stop, it stops the work: what is not
        committed then is read again by the next run.
        """
        work = asyncio.current_task()
        assert work is not None
        stopped: list[ConflictError] = []

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT.total_seconds())
                try:
                    async with self.database.transaction(self.organisation_id) as tx:
                        is_cancelled = await runs.beat(tx, run)
                except RunTakenOverError as error:
                    stopped.append(error)
                except RetryableError:
                    continue  # where the database is away the work itself meets it
                else:
                    if not is_cancelled:
                        continue
                    stopped.append(RunCancelledError("Cancelled."))
                work.cancel()
                return

        heart = asyncio.create_task(beat())
        try:
            yield
        except asyncio.CancelledError:
            if stopped and work.uncancel() == 0:
                raise stopped[0] from None
            raise
        finally:
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

    async def fail(
        self, run: Run, connection: Connection, cost: Cost, error: BaseException
    ) -> None:
        """Close a run that did not come to its end; where that fails too, the next run closes it.

        One from the queue goes back there when its worker stops, and in quiet hours.
        """
        state = state_after(error)
        ending = ending_of(error)
        try:
            async with self.database.transaction(self.organisation_id) as tx:
                if run.is_asked and state is RunState.INTERRUPTED:
                    look_again = wait_until(error, self.clock())
                    if await hand_back(tx, run, cost, not_before=look_again):
                        return
                    state, ending = RunState.CANCELLED, ending_of(RunCancelledError("Cancelled."))
                if isinstance(error, NotFoundError) and error.is_route_missing:
                    await connections.forget_routes(tx, connection.id)
                if isinstance(error, StoreChangedError):
                    state = RunState.PAUSED
                    await pause_for_doubt(tx, connection, error)
                await runs.end_run(tx, run, state, cost=cost, now=self.clock(), ending=ending)
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"The run could not be closed either: {second}")


def _in_progress(connection: Connection) -> RunInProgressError:
    return RunInProgressError(f"A run of {connection.name} is already at work.")
