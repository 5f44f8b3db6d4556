"""What every stage of a run holds: the run, its store, its database, and who watches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from storetwin.db.database import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.mirror.repository import Shelf
from storetwin.resources import Catalogue, Resource, RouteArguments
from storetwin.runs import repository as runs
from storetwin.runs.models import Progress, Run, Stage
from storetwin.security.sealing import Sealer
from storetwin.woocommerce.records import Record

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

Observer = Callable[[Progress], None]


class Follower(Protocol):
    """Takes note of what changed records say about others."""

    async def changed(self, tx: Transaction, resource: Resource, records: Sequence[Record]) -> None:
        """Take note of records that were new or have changed, in the transaction that keeps them."""
        ...

    async def buried(self, tx: Transaction, resource: Resource, ids: Sequence[str]) -> None:
        """Take note of tombstones, in the transaction that sets them."""
        ...


@dataclass(slots=True)
class RunContext:
    """One run at work.

    Args:
        routes: what the store's routes take.
        catalogue: the connection's resources.
        sealer: seals what resources declare secret.
        ahead: pages in flight at most.
        observe: called with the progress of a resource whenever it moved.
        is_patient: nobody waits for this run: a dead letter is asked for only when it is due.
        following: is told of every record that changes, where what it says is to be followed.
        regain: takes hold of the run again after the database was away.
    """

    run: Run
    database: Database
    client: StoreClient
    routes: RouteArguments
    catalogue: Catalogue
    sealer: Sealer
    clock: Clock
    ahead: int
    observe: Observer
    is_patient: bool = False
    following: Follower | None = None
    regain: Callable[[], Awaitable[None]] | None = None
    progress: list[Progress] = field(default_factory=list)

    def shelf(self, resource: Resource) -> Shelf:
        """Return where the snapshots of a resource stand."""
        run = self.run
        return Shelf(run.organisation_id, run.connection_id, resource.name, run.kind.brought_by)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that writes only while the run is still ours.

        Raises:
            RunTakenOverError: another process has taken over.
        """
        async with self.unfenced() as tx:
            await self.fence(tx)
            yield tx

    def unfenced(self) -> AbstractAsyncContextManager[Transaction]:
        """Open a transaction that calls :meth:`fence` itself, before its end."""
        return self.database.transaction(self.run.organisation_id)

    async def fence(self, tx: Transaction) -> None:
        """Hold the run until the transaction ends.

        Raises:
            RunTakenOverError: another process has taken over; the transaction is undone.
        """
        await runs.fence(tx, self.run, self.client.cost)

    @contextmanager
    def unfollowed(self) -> Iterator[None]:
        """Follow nothing for the block: a first reading brings everything anyway."""
        following, self.following = self.following, None
        try:
            yield
        finally:
            self.following = following

    def begin(self, stage: Stage, resource: Resource) -> Progress:
        """Start to report about a resource."""
        progress = Progress(stage, resource.name, self.clock())
        self.progress.append(progress)
        self.observe(progress)
        return progress

    async def note(self, tx: Transaction, progress: Progress) -> None:
        """Keep progress in the transaction of the data it speaks of, and tell the observer."""
        await runs.save_progress(tx, self.run, progress, now=self.clock())
        self.observe(progress)

    async def finish(self, progress: Progress, state: str = "done") -> None:
        """Say that a resource is done (or failed)."""
        progress.state = state
        async with self.transaction() as tx:
            await self.note(tx, progress)
