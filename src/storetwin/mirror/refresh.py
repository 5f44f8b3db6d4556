"""Reading some records again by their ids: what a webhook named, or a changed record.

They are asked for in bundles, through the lists of their resource. What no list shows is asked
for by its own address, and buried only on a 404 of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storetwin.db.database import Transaction
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.follow import FollowUps, follow_ups, refunds_to_ask
from storetwin.mirror.identity import check_keys
from storetwin.mirror.included import included
from storetwin.mirror.models import State
from storetwin.mirror.parts import has_route, listing_of, parts_of
from storetwin.mirror.pull import keep_batch
from storetwin.mirror.singles import Outcome, Reading, Settle, SingleReader
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Progress
from storetwin.woocommerce.records import Record
from storetwin.woocommerce.walk import Batch


@dataclass(slots=True)
class Refreshed:
    """What became of the records that were read again; counts of records.

    Args:
        kept: the store has them, and the twin has them as they were read.
        changed: those of them that were new or had changed.
        buried: the store no longer has them.
        failed: the store cannot show them; dead letters were kept.
        follow_ups: what else has to be read again, for those that were new or had changed.
    """

    kept: int = 0
    changed: int = 0
    buried: int = 0
    failed: int = 0
    follow_ups: FollowUps = field(default_factory=dict)

    def follow(self, more: Mapping[str, Iterable[str]]) -> None:
        """Add records to be read again."""
        for name, ids in more.items():
            before = self.follow_ups.get(name, ())
            self.follow_ups[name] = tuple(dict.fromkeys((*before, *ids)))


async def refresh(
    context: RunContext,
    resource: Resource,
    ids: Iterable[str],
    progress: Progress,
    *,
    settle: Settle | None = None,
    parents: Mapping[str, str] | None = None,
) -> Refreshed:
    """Read these records again and keep them; each id is settled when this returns.

    Args:
        ids: remote ids; those that the store does not have are none the worse for it.
        progress: counts the records that were read, and what came of them.
        settle: awaited in the very transaction that keeps what became of some ids: the record,
            its tombstone, or its dead letter.
        parents: remote id → its container, where somebody told and the twin may not know.

    Returns:
        The counts, and what the changed records say about others.

    Raises:
        RetryableError: the store or the database does not answer; what was settled stays so.
        RunTakenOverError: another process goes on.
    """
    refreshing = _Refreshing(context, resource, progress, settle, dict(parents or {}))
    left = list(dict.fromkeys(ids))
    if _is_listed(context, resource):
        bundle = context.client.page_limit
        numbered = [remote_id for remote_id in left if remote_id.isdecimal()]
        for start in range(0, len(numbered), bundle):
            await refreshing.read_bundle(numbered[start : start + bundle])
    await refreshing.read_alone([name for name in left if name not in refreshing.settled])
    if refreshing.changed:
        refreshing.refreshed.follow(follow_ups(resource, refreshing.changed))
        await _follow_refunds(context, resource, refreshing)
    return refreshing.refreshed


def _is_listed(context: RunContext, resource: Resource) -> bool:
    """Say whether lists that do not belong to a container show records by their ids."""
    return (
        resource.can_include
        and resource.is_paged
        and resource.parent is None
        and context.routes.exists(resource.path)
    )


@dataclass(slots=True)
class _Refreshing:
    """One refresh at work."""

    context: RunContext
    resource: Resource
    progress: Progress
    settle: Settle | None
    parents: dict[str, str]
    refreshed: Refreshed = field(default_factory=Refreshed)
    settled: set[str] = field(default_factory=set)
    changed: list[Record] = field(default_factory=list)

    async def read_bundle(self, ids: Sequence[str]) -> None:
        """Read records through the lists of their resource; what none shows is left."""
        wanted = [int(remote_id) for remote_id in ids]
        for part in await parts_of(self.context, self.resource):
            if not wanted:
                return
            async for batch in included(listing_of(self.context, self.resource, part), wanted):
                await self._keep(batch)
            wanted = [number for number in wanted if str(number) not in self.settled]

    async def _keep(self, batch: Batch) -> None:
        """Write what a list showed, close its dead letters and settle it, all or nothing."""
        context, resource = self.context, self.resource
        await check_keys(context, resource, batch.records)
        ids = [record.remote_id for record in batch.records]
        whole = [record.remote_id for record in batch.records if not record.is_blank]
        own = Progress(self.progress.stage, resource.name, self.progress.started_at)
        async with context.transaction() as tx:
            written = await keep_batch(context, tx, resource, batch, own)
            await runs.resolve_dead_letters(
                tx, context.run.connection_id, resource.name, whole, now=context.clock()
            )
            if self.settle is not None and ids:
                await self.settle(tx, ids)
            own.records, own.pages = len(ids), 1
            self.progress.add(own)
            await context.note(tx, self.progress)
        self.settled.update(ids)
        self.refreshed.kept += len(ids)
        self.refreshed.changed += len(written.changed)
        self.changed += [r for r in batch.records if r.remote_id in written.changed]

    async def read_alone(self, ids: Sequence[str]) -> None:
        """Read records by their own addresses: their word is the last."""
        if not ids:
            return
        reader = SingleReader(self.context, self.resource, self._settle)
        was_listed = _is_listed(self.context, self.resource)
        state = State.UNLISTED if was_listed else State.LISTED
        answered = []
        for remote_id in ids:
            reading = await reader.read(
                remote_id, container=self.parents.get(remote_id), bury=True, state=state
            )
            if reading.outcome is Outcome.FAILED and remote_id not in self.settled:
                await reader.set_aside(remote_id, reading.reason, reading.evidence)
            if reading.outcome not in (Outcome.FAILED, Outcome.PARTIAL):
                answered.append(remote_id)
            self._count(reading)
        async with self.context.transaction() as tx:
            await runs.resolve_dead_letters(
                tx,
                self.context.run.connection_id,
                self.resource.name,
                answered,
                now=self.context.clock(),
            )
            await self.context.note(tx, self.progress)

    async def _settle(self, tx: Transaction, ids: Sequence[str]) -> None:
        self.settled.update(ids)
        if self.settle is not None:
            await self.settle(tx, ids)

    def _count(self, reading: Reading) -> None:
        refreshed, progress = self.refreshed, self.progress
        if reading.outcome in (Outcome.KEPT, Outcome.PARTIAL):
            refreshed.kept += 1
            progress.records += 1
        if reading.is_new:
            refreshed.changed += 1
            progress.updated += 1
        if reading.outcome is Outcome.BURIED:
            refreshed.buried += 1
            progress.buried += 1
        if reading.outcome in (Outcome.FAILED, Outcome.PARTIAL):
            refreshed.failed += 1
            progress.unreadable += 1
        is_foreign = reading.outcome in (Outcome.ABSENT, Outcome.BURIED)
        if reading.record is not None and (reading.is_new or is_foreign):
            self.changed.append(reading.record)


async def _follow_refunds(context: RunContext, resource: Resource, refreshing: _Refreshing) -> None:
    """Leave of the refunds that changed orders name those to be asked for.

    Those are what the twin lacks, and what it has and their order no longer names: a refund that
    is deleted moves no date and sends no webhook.
    """
    if resource.name != "orders":
        return
    refunds = context.catalogue.named("refunds")
    orders = [record.remote_id for record in refreshing.changed]
    follow = refreshing.refreshed.follow_ups
    asked = await refunds_of_orders(context, refunds, orders, follow.pop("refunds", ()))
    if asked and has_route(context, refunds):
        follow["refunds"] = asked


async def refunds_of_orders(
    context: RunContext, refunds: Resource, orders: Sequence[str], named: Sequence[str]
) -> tuple[str, ...]:
    """Return the refunds to be asked for, of orders that name these; see :func:`refunds_to_ask`."""
    async with context.transaction() as tx:
        shelf = context.shelf(refunds)
        held = await repository.list_children(tx, shelf, orders)
        known = await repository.read_known(tx, shelf, named)
    present = {name: row.parent_id or "" for name, row in known.items() if row.state != State.GONE}
    return refunds_to_ask(named, present | held)
