"""Applying what stores told: the records that deliveries name are read again.

Many deliveries of one record cost one reading, many records of a resource one request a hundred.
A delivery is settled in the transaction that keeps what was read; whoever dies in between finds it
waiting again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from storetwin.connections.quiet import QuietHoursError
from storetwin.db.database import Transaction
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.kernel.errors import ConflictError, StoretwinError
from storetwin.mirror import inbox, repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.inbox import Waiting
from storetwin.mirror.refresh import Refreshed, refresh
from storetwin.resources import Resource
from storetwin.runs.models import Progress, Stage

AT_A_TIME = 2_000  # deliveries that one round takes
MOST_ROUNDS = 25  # then the run ends; what waits still begins another one
KEPT = timedelta(days=7)  # how long it is remembered that something was delivered
FORGET = 10_000  # settled deliveries dropped at a time
NOT_THEIRS = (QuietHoursError, DatabaseUnavailableError, ConflictError)
"""What ends a run and is no failure of what it was about to read."""
UNSURE = frozenset({"product.deleted"})  # its body is the id alone, of a product or a variation


@dataclass(slots=True)
class Drained:
    """What became of the deliveries that waited.

    Args:
        deliveries: that were applied.
        records: that were read again, each once.
        changed: those of them that were new or had changed, or are gone.
        failed: records that the store could not show; dead letters were kept.
        left: deliveries that are due still.
    """

    deliveries: int = 0
    records: int = 0
    changed: int = 0
    failed: int = 0
    left: bool = False


@dataclass(slots=True)
class _Round:
    """Deliveries of one round, and which of their resources are yet to be read."""

    context: RunContext
    drained: Drained
    rows: dict[str, dict[str, list[Waiting]]] = field(default_factory=dict)
    open: dict[int, int] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)

    def add(self, row: Waiting, resources: Iterable[str]) -> None:
        """Take a delivery in, to be read as a record of each of these resources."""
        for resource in resources:
            self.rows.setdefault(resource, {}).setdefault(row.remote_id, []).append(row)
            self.open[row.number] = self.open.get(row.number, 0) + 1

    async def settle(self, tx: Transaction, resource: str, ids: Sequence[str]) -> None:
        """Settle the deliveries of these records that have nothing else to be read."""
        done = []
        for remote_id in ids:
            for row in self.rows[resource].pop(remote_id, ()):
                self.open[row.number] -= 1
                if not self.open[row.number]:
                    done.append(row)
        if done:
            await self._applied(tx, done)

    async def _applied(self, tx: Transaction, done: Sequence[Waiting]) -> None:
        context = self.context
        connection_id = context.run.connection_id
        await inbox.settle(tx, connection_id, done, now=context.clock())
        self.settled.update(row.number for row in done)
        self.drained.deliveries += len(done)


async def execute_receive(context: RunContext) -> Drained:
    """Apply the deliveries of a connection that are due, the oldest first.

    Raises:
        RetryableError, CredentialError: the store does not answer, or does not let us in. The
            deliveries at hand are tried again later; the others wait as they did.
    """
    drained = Drained()
    for _ in range(MOST_ROUNDS):
        rows = await _take(context)
        if not rows:
            break
        await _apply(context, rows, drained)
        drained.left = len(rows) == AT_A_TIME
        if not drained.left:
            break
    async with context.transaction() as tx:
        before = context.clock() - KEPT
        await inbox.forget_settled(tx, context.run.organisation_id, before, limit=FORGET)
    return drained


async def _take(context: RunContext) -> list[Waiting]:
    async with context.transaction() as tx:
        return await inbox.take_waiting(
            tx, context.run.connection_id, context.clock(), limit=AT_A_TIME
        )


async def _apply(context: RunContext, rows: Sequence[Waiting], drained: Drained) -> None:
    """Apply some deliveries; those that were not settled when something fails are postponed."""
    work = await _sort(context, rows, drained)
    try:
        follow: dict[str, tuple[str, ...]] = {}
        for resource in context.catalogue.resources:
            if resource.name in work.rows:
                await _read(context, work, resource, follow)
        await _read_others(context, follow, drained)
        left = [row for row in rows if row.number not in work.settled]
        if left:  # their resource is not read through this connection (any more)
            async with context.transaction() as tx:
                await inbox.settle(tx, context.run.connection_id, left, now=context.clock())
    except StoretwinError as error:
        if isinstance(error, NOT_THEIRS):
            raise
        left = [row for row in rows if row.number not in work.settled]
        async with context.transaction() as tx:
            await inbox.postpone(
                tx, context.run.connection_id, left, error.code, now=context.clock()
            )
        raise


async def _sort(context: RunContext, rows: Sequence[Waiting], drained: Drained) -> _Round:
    """Say for each delivery of which resource its record is."""
    unsure = [row.remote_id for row in rows if row.topic in UNSURE]
    known: dict[str, set[str]] = {}
    if unsure:
        async with context.transaction() as tx:
            for name in ("products", "variations"):
                shelf = context.shelf(context.catalogue.named(name))
                known[name] = set(await repository.read_known(tx, shelf, unsure))
    work = _Round(context, drained)
    for row in rows:
        names = [name for name, ids in known.items() if row.remote_id in ids]
        is_unsure = row.topic in UNSURE
        work.add(row, (names or ["products", "variations"]) if is_unsure else [row.resource])
    return work


async def _read(
    context: RunContext, work: _Round, resource: Resource, follow: dict[str, tuple[str, ...]]
) -> None:
    """Read the records of one resource again, and settle what told of them."""
    if resource.name in context.catalogue.left_out:
        return
    told = work.rows[resource.name]
    parents = {
        remote_id: row.parent_id
        for remote_id, rows in told.items()
        for row in rows
        if row.parent_id and row.parent_id != "0"
    }
    ids = list(told)
    work.drained.records += len(ids)

    async def settle(tx: Transaction, settled: Sequence[str]) -> None:
        await work.settle(tx, resource.name, settled)

    progress = _progress(context, resource)
    refreshed = await refresh(context, resource, ids, progress, settle=settle, parents=parents)
    await _finish(context, progress, refreshed, work.drained)
    for name, more in refreshed.follow_ups.items():
        follow[name] = tuple(dict.fromkeys((*follow.get(name, ()), *more)))


async def _read_others(
    context: RunContext, follow: dict[str, tuple[str, ...]], drained: Drained
) -> None:
    """Read what changed records say about others: an order's customer and refunds, a parent.

    What these say in turn is left to the next increment: it goes no further than one step.
    """
    for resource in context.catalogue.resources:
        ids = follow.get(resource.name, ())
        if not ids or resource.name in context.catalogue.left_out:
            continue
        progress = _progress(context, resource)
        refreshed = await refresh(context, resource, ids, progress)
        await _finish(context, progress, refreshed, drained)


def _progress(context: RunContext, resource: Resource) -> Progress:
    """Return the progress of a resource, which a run may come back to."""
    found = [one for one in context.progress if one.resource == resource.name]
    return found[0] if found else context.begin(Stage.RECEIVE, resource)


async def _finish(
    context: RunContext, progress: Progress, refreshed: Refreshed, drained: Drained
) -> None:
    drained.changed += refreshed.changed + refreshed.buried
    drained.failed += refreshed.failed
    await context.finish(progress)
