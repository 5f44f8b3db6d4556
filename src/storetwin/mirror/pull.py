"""The first reading of a resource: every list walked to its end, every page kept with its cursor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.bundles import bundles, merged
from storetwin.mirror.context import RunContext
from storetwin.mirror.models import Part, PartPosition, Written
from storetwin.mirror.parts import listing_of, parts_of
from storetwin.mirror.writing import write_records
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Cursor, Progress, Stage, Why
from storetwin.woocommerce.errors import BadAnswerError
from storetwin.woocommerce.listing import Listing
from storetwin.woocommerce.refusals import stopped
from storetwin.woocommerce.walk import PATIENCE, Batch, Step, Unreadable, Walk

ANALYZE_AFTER = (1_000, 20_000)
MOST_AT_ONCE = 4  # pages in one transaction; as many may wait for it
LANES = 1  # transactions behind the one that is being committed


async def pull_resource(context: RunContext, resource: Resource, cursor: Cursor | None) -> Progress:
    """Read a resource from its cursor, or from the beginning, to its end.

    Raises:
        RetryableError: the store or the database does not answer; the cursor stays where it is.
        RunTakenOverError: another process goes on with this run.
    """
    start = PartPosition.from_json(cursor.position) if cursor else PartPosition()
    progress = context.begin(Stage.PULL, resource)
    async with context.transaction() as tx:
        progress.records = await _passed(context, tx, resource, cursor)
        beyond = await repository.highest_number(tx, context.shelf(resource)) or 0
    began_at = cursor.synced_to if cursor else None
    for part in await parts_of(context, resource):
        if part.key < start.part:
            continue
        here = start if part.key == start.part else PartPosition(part.key)
        listing = listing_of(context, resource, part, excluded=frozenset(here.excluded))
        pulling = _Pulling(context, resource, part, listing, progress, beyond, began_at)
        await _pull_part(pulling, here)
        began_at = pulling.synced_to
    async with context.transaction() as tx:
        progress.state, now = "done", context.clock()
        done = Cursor(resource.name, start.as_json(), is_done=True, synced_to=began_at)
        await runs.save_cursor(tx, context.run, done, now=now)
        await runs.mark_synced(tx, context.run, resource.name, synced_to=None, now=now)
        await context.note(tx, progress)
    return progress


@dataclass(frozen=True, slots=True)
class _Pulling:
    """One list on its way into the twin.

    Args:
        beyond: as in :func:`write_records`.
        began_at: when the first list of the resource was first asked for, if one was before.
    """

    context: RunContext
    resource: Resource
    part: Part
    listing: Listing
    progress: Progress
    beyond: int
    began_at: datetime | None

    @property
    def synced_to(self) -> datetime | None:
        """What the store dated up to here is in the twin once all lists have been read."""
        return self.began_at or self.listing.asked_at


async def _passed(
    context: RunContext, tx: Transaction, resource: Resource, cursor: Cursor | None
) -> int:
    """Return how many records a reading has behind it: all of the twin may be, or be read again."""
    if cursor is None:
        return 0
    start = PartPosition.from_json(cursor.position)
    if start.part == PartPosition().part:
        return start.position.offset
    return await repository.count_present(tx, context.shelf(resource))


async def set_list_aside(
    context: RunContext, resource: Resource, part: Part, error: RecordError, progress: Progress
) -> None:
    """Name a list that cannot be read to its end; the next one goes on."""
    async with context.transaction() as tx:
        await runs.add_dead_letter(
            tx,
            context.run,
            resource=resource.name,
            remote_id=None,
            name=f"the list {part.path}",
            reason=Why(error.message, error.evidence),
            now=context.clock(),
        )
        progress.unreadable += 1
        await context.note(tx, progress)


async def _pull_part(pulling: _Pulling, start: PartPosition) -> None:
    context, resource, part = pulling.context, pulling.resource, pulling.part
    try:
        await _keep_all(pulling, start)
    except RecordError as error:
        await set_list_aside(context, resource, part, error, pulling.progress)


async def read_part(
    context: RunContext, listing: Listing, start: PartPosition
) -> AsyncIterator[Step]:
    """Yield the steps through one list, whether it pages or gives everything at once.

    Raises:
        BadAnswerError: a list that gives everything at once stays bad.
        StoreDownError: the store has stopped answering.
    """
    if listing.resource.is_paged:
        walk = Walk(listing, start.position, ahead=context.ahead)
        async for step in walk.steps():
            if isinstance(step, Batch) and listing.languages is not None:
                yield replace(step, records=listing.own(step.records))
            else:
                yield step
        return
    for attempt in range(1, PATIENCE + 1):
        try:
            loaded = await listing.whole()
        except BadAnswerError as error:
            if attempt < PATIENCE:
                continue
            if await context.client.control():
                raise
            raise stopped(error) from error
        yield Batch(
            loaded.records,
            start.position,
            loaded.served_at,
            len(loaded.records),
            loaded.remarks,
            loaded.nameless,
        )
        return


async def _keep_all(pulling: _Pulling, start: PartPosition) -> None:
    """Keep a list bundle by bundle; one is written while the one before is being committed.

    Each commits only behind the one before it, so the cursor never runs ahead of the data. When
    the reading ends with an error, what was read before is kept first.
    """
    lanes: list[asyncio.Task[None]] = []
    ends: list[BaseException | None] = []
    try:
        reading = read_part(pulling.context, pulling.listing, start)
        async for steps in bundles(reading, MOST_AT_ONCE):
            keeping = _keep(pulling, steps, before=lanes[-1] if lanes else None)
            lanes.append(asyncio.create_task(keeping))
            if len(lanes) > LANES:
                await lanes.pop(0)
    finally:
        ends = await asyncio.gather(*lanes, return_exceptions=True)
    for end in ends:
        if end is not None:
            raise end


async def _keep(
    pulling: _Pulling, steps: Sequence[Step], *, before: asyncio.Task[None] | None
) -> None:
    """Keep some steps: records, dead letters, the cursor and the progress, all or nothing."""
    context, resource, progress = pulling.context, pulling.resource, pulling.progress
    own = Progress(progress.stage, progress.resource, progress.started_at)
    async with context.unfenced() as tx:
        await _hurry(tx)
        for step in merged(steps):
            if isinstance(step, Batch):
                passed = own.records + len(step.records)
                await keep_batch(context, tx, resource, step, own, beyond=pulling.beyond)
                own.records = passed
            else:
                await keep_unreadable(context, tx, resource, step, own)
        if before is not None:
            await before
        await context.fence(tx)
        last = steps[-1]
        here = PartPosition(pulling.part.key, last.position, tuple(sorted(last.excluded)))
        cursor = Cursor(resource.name, here.as_json(), is_done=False, synced_to=pulling.synced_to)
        await runs.save_cursor(tx, context.run, cursor, now=context.clock())
        own.pages = len(steps)
        records = progress.records
        progress.add(own)
        await context.note(tx, progress)
    if any(records < edge <= progress.records for edge in ANALYZE_AFTER):
        async with context.transaction() as tx:
            await repository.analyze(tx)


async def _hurry(tx: Transaction) -> None:
    """Do not wait for the disk at each page, and keep a bundle of pages in memory.

    A power cut may then take the last half second of pages, always together with their cursor:
    the pull goes on from there. The last transaction of each resource waits for all before it.
    """
    await tx.set_local("synchronous_commit", "off")
    await tx.set_local("work_mem", "64MB")


async def keep_batch(
    context: RunContext,
    tx: Transaction,
    resource: Resource,
    batch: Batch,
    progress: Progress,
    *,
    beyond: int | None = None,
) -> Written:
    """Write a batch of records and count it; ``beyond`` as in :func:`write_records`."""
    now = context.clock()
    shelf = context.shelf(resource)
    written = await write_records(
        tx, shelf, batch.records, served_at=batch.served_at, now=now, beyond=beyond
    )
    if context.following is not None and written.changed:
        changed = [r for r in batch.records if r.remote_id in written.changed]
        await context.following.changed(tx, resource, changed)
    progress.created += written.created
    progress.updated += written.updated
    progress.records += written.created
    if batch.total is not None:
        progress.expected = batch.total
    for record in batch.records:
        if record.is_blank:
            await runs.add_dead_letter(
                tx,
                context.run,
                resource=resource.name,
                remote_id=record.remote_id,
                name=record.remote_id,
                reason="Its meta_data cannot be had: one value in it cannot be written as JSON.",
                now=now,
            )
            progress.unreadable += 1
    for error in batch.nameless:
        await runs.add_dead_letter(
            tx,
            context.run,
            resource=resource.name,
            remote_id=None,
            name=f"unnamed near {batch.position.last}",
            reason=Why(error.message, error.evidence),
            now=now,
        )
        progress.unreadable += 1
    return written


async def keep_unreadable(
    context: RunContext,
    tx: Transaction,
    resource: Resource,
    step: Unreadable,
    progress: Progress,
) -> None:
    """Keep a dead letter for each record that the store cannot show."""
    for name in step.names:
        await runs.add_dead_letter(
            tx,
            context.run,
            resource=resource.name,
            remote_id=name if step.numbers else None,
            name=name,
            reason=Why(step.reason, step.evidence),
            now=context.clock(),
        )
        progress.unreadable += 1
