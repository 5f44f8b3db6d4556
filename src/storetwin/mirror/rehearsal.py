"""What a pull would change: the store is walked and compared with the twin, nothing is written.

PostgreSQL itself holds it to that: every transaction is read-only. Records that no list shows are
not looked at; a pull asks for each of them by its own address.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.certify import Survey
from storetwin.mirror.context import RunContext
from storetwin.mirror.decide import Change, decide_change, needs_fetching, reads_light
from storetwin.mirror.included import included
from storetwin.mirror.models import Known, Level, Part, PartPosition, State
from storetwin.mirror.parts import has_route, listing_of, parts_of
from storetwin.mirror.pull import read_part
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Stage
from storetwin.woocommerce.errors import BadAnswerError
from storetwin.woocommerce.listing import Listing
from storetwin.woocommerce.walk import Batch, Step


class LookingContext(RunContext):
    """The context of a run that is none: it only looks."""

    __slots__ = ()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction in which nothing can be written."""
        async with self.unfenced() as tx:
            await tx.set_local("transaction_read_only", "on")
            yield tx


@dataclass(slots=True)
class Rehearsed:
    """What a pull would find of one resource; counts of records.

    Args:
        in_store: that the store's lists show.
        in_twin: that the twin believes to exist.
        new: that the twin does not have.
        changed: of which it has something else.
        vanished: that the twin has and no list shows; whether they are gone, each one's own
            address would tell. None where a list could not be read to its end.
        unreadable: that the store cannot show.
        remarks: what else a reader should know.
    """

    resource: str
    in_store: int = 0
    in_twin: int = 0
    new: int = 0
    changed: int = 0
    vanished: int | None = 0
    unreadable: int = 0
    requests: int = 0
    remarks: tuple[str, ...] = ()


async def rehearse(
    context: RunContext, resource: Resource, *, containers: Mapping[str, Rehearsed]
) -> Rehearsed:
    """Compare one resource of the store with the twin.

    Args:
        containers: what was found of the resources before this one, by name.

    Raises:
        RetryableError: the store or the database does not answer.
    """
    before = context.client.requests
    survey = Survey(resource, Level.MODIFIED, context.clock(), context.begin(Stage.PULL, resource))
    found = Rehearsed(resource.name)
    known_bad = await _known_bad(context, resource)
    if not has_route(context, resource):
        survey.remarks.add("the store has no route for it")
    for part in await parts_of(context, resource):
        await _walk(context, survey, part, known_bad, found)
    found.unreadable += len(known_bad)
    found.in_store = len(survey.seen())
    await _count_vanished(context, survey, known_bad, found)
    _note_containers(context, resource, survey, containers)
    found.remarks = tuple(sorted(survey.remarks))
    found.requests = context.client.requests - before
    survey.progress.state = "done"
    context.observe(survey.progress)
    return found


async def _known_bad(context: RunContext, resource: Resource) -> frozenset[int]:
    """Return the ids of records that the store could not show the last time: they are left out."""
    if not resource.can_include:
        return frozenset()
    async with context.transaction() as tx:
        letters = await runs.list_dead_letters(
            tx, connection_id=context.run.connection_id, resource=resource.name
        )
    names = [letter.remote_id for letter in letters if letter.remote_id]
    return frozenset(int(name) for name in names if name.isdecimal())


async def _walk(
    context: RunContext, survey: Survey, part: Part, known_bad: frozenset[int], found: Rehearsed
) -> None:
    light = reads_light(survey.resource, survey.level)
    listing = listing_of(context, survey.resource, part, light=light, excluded=known_bad)
    try:
        async for step in read_part(context, listing, PartPosition()):
            await _compare(context, survey, listing, step, found)
    except (RecordError, BadAnswerError) as error:
        survey.unread.add(part.container)
        survey.remarks.add(f"the list {part.path} cannot be read to its end: {error.message}")


async def _compare(
    context: RunContext, survey: Survey, listing: Listing, step: Step, found: Rehearsed
) -> None:
    progress = survey.progress
    if not isinstance(step, Batch):
        found.unreadable += max(1, len(step.numbers))
        progress.unreadable = found.unreadable
        return
    survey.see(step.records)
    found.unreadable += len(step.nameless)
    known = await _known(context, survey.resource, step)
    if listing.light:
        outdated = [
            r for r in step.records if needs_fetching(r, known.get(r.remote_id), Level.MODIFIED)
        ]
        ids = [r.number for r in outdated if is_there(known.get(r.remote_id)) and r.number]
        found.new += sum(1 for r in outdated if not is_there(known.get(r.remote_id)))
        await _compare_whole(context, survey.resource, listing, ids, found)
    else:
        _count(step, known, found)
    progress.created, progress.updated = found.new, found.changed
    progress.expected = step.total or progress.expected
    context.observe(progress)


def is_there(known: Known | None) -> bool:
    """Say whether the twin has a record, and not only its tombstone."""
    return known is not None and known.state is not State.GONE


async def _compare_whole(
    context: RunContext,
    resource: Resource,
    listing: Listing,
    ids: Sequence[int],
    found: Rehearsed,
) -> None:
    """Read records whole whose dates differ: some were only saved again as they were."""
    whole = listing_of(
        context, resource, Part((0, 0), listing.path, listing.params, listing.container)
    )
    bundle = context.client.page_limit
    for start in range(0, len(ids), bundle):
        wanted = ids[start : start + bundle]
        shown = 0
        async for batch in included(whole, wanted):
            _count(batch, await _known(context, resource, batch), found)
            shown += len(batch.records)
        found.unreadable += len(wanted) - shown


async def _known(context: RunContext, resource: Resource, batch: Batch) -> dict[str, Known]:
    async with context.transaction() as tx:
        ids = [record.remote_id for record in batch.records]
        return await repository.read_known(tx, context.shelf(resource), ids)


def _count(batch: Batch, known: Mapping[str, Known], found: Rehearsed) -> None:
    for record in batch.records:
        before = known.get(record.remote_id)
        change = decide_change(
            before,
            record.content_hash,
            State.PARTIAL if record.is_blank else State.LISTED,
            modified_at=record.modified_at,
            served_at=batch.served_at,
        )
        if not is_there(before):
            found.new += 1
        elif change is Change.UPDATE:
            found.changed += 1


async def _count_vanished(
    context: RunContext, survey: Survey, known_bad: frozenset[int], found: Rehearsed
) -> None:
    seen = survey.seen()
    vanished = 0
    async with context.transaction() as tx:
        async for row in repository.stream_present(tx, context.shelf(survey.resource)):
            found.in_twin += 1
            name = row["remote_id"] if isinstance(seen, set) else row["remote_number"]
            if row["state"] == State.UNLISTED or row["remote_number"] in known_bad:
                continue
            vanished += not _is_in(seen, name)
    is_told = not survey.unread and has_route(context, survey.resource)
    found.vanished = vanished if is_told or not vanished else None


def _is_in(seen: set[str] | array[int], name: str | int | None) -> bool:
    if isinstance(seen, set):
        return name in seen
    if not isinstance(name, int):
        return False
    at = bisect_left(seen, name)
    return at < len(seen) and seen[at] == name


def _note_containers(
    context: RunContext,
    resource: Resource,
    survey: Survey,
    containers: Mapping[str, Rehearsed],
) -> None:
    """Say what was not looked into: lists that stand in records which the twin does not have yet."""
    is_below = not context.routes.exists(resource.path) and resource.fallback is not None
    parent = resource.fallback_parent if is_below else resource.parent
    container = containers.get(parent or "")
    if container is not None and container.new:
        survey.remarks.add(f"what {container.new:,} new {parent} contain is not counted")
