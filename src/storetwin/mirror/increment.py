"""One round: what changed in a store since the last one, at a cost that grows with what changed.

What is asked of each resource is decided in :mod:`window`; a round in which nothing changed asks
each list once. What no date shows is for the sweep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storetwin.connections import repository as connections
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.bundles import bundles, merged
from storetwin.mirror.certify import certify_resource
from storetwin.mirror.context import RunContext
from storetwin.mirror.following import Following
from storetwin.mirror.identity import check_keys
from storetwin.mirror.models import Level, PartPosition, State, Synced
from storetwin.mirror.parts import listing_of, parts_of
from storetwin.mirror.pull import MOST_AT_ONCE, keep_batch, pull_resource, read_part
from storetwin.mirror.refresh import refresh
from storetwin.mirror.window import (
    Clock,
    Standing,
    Way,
    clock_of,
    is_all,
    moved_on,
    takes_dates,
    way_of,
    window_since,
)
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Cursor, Finding, Progress, Stage
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError
from storetwin.woocommerce.listing import MAX_EXCLUDED, Listing, Loaded
from storetwin.woocommerce.paging import Position
from storetwin.woocommerce.walk import Batch, Step, Walk

STATUSES = "order_statuses"  # a new one makes another list of the orders: routes are asked anew
FOLLOWED = "followed"
NEWEST = 10  # records that are looked at where a list has no dates
SWEPT_LATELY = timedelta(hours=6)
"""A list that was swept so lately and still differs from its own total counts wrongly, or lost a
record since: the daily sweep is soon enough, for each one reads all of it."""


async def execute_sync(context: RunContext, resources: Sequence[Resource]) -> list[Synced]:
    """Bring these resources in step, and what their changed records say about others.

    What was never read to its end is pulled first.

    Raises:
        RetryableError: the store or the database does not answer; the same call goes on.
        RunTakenOverError: another process has taken over.
    """
    context.is_patient = True
    connection_id = context.run.connection_id
    async with context.transaction() as tx:
        cursors = await runs.read_cursors(tx, connection_id)
    following = await Following.load(context, Stage.SYNC)
    dated = frozenset(r.name for r in context.catalogue.resources if takes_dates(r, context.routes))
    lines = []
    for resource in resources:
        before = context.client.requests
        syncing = _Syncing(context, resource, cursors.get(resource.name))
        line = await syncing.run(dated)
        lines.append(replace(line, requests=context.client.requests - before))
    await following.follow()
    return counted_in(lines, context)


def counted_in(lines: Sequence[Synced], context: RunContext) -> list[Synced]:
    """Return the lines with what was followed counted in, and lines for what was followed only."""
    by_name = {line.resource: line for line in lines}
    for progress in context.progress:
        line = by_name.get(progress.resource) or Synced(progress.resource, FOLLOWED)
        by_name[progress.resource] = replace(
            line,
            records=line.records + progress.records,
            created=line.created + progress.created,
            updated=line.updated + progress.updated,
            buried=line.buried + progress.buried,
            unreadable=line.unreadable + progress.unreadable,
        )
    return list(by_name.values())


@dataclass(slots=True)
class _Syncing:
    """One resource on its way to be in step."""

    context: RunContext
    resource: Resource
    cursor: Cursor | None

    async def run(self, dated: frozenset[str]) -> Synced:
        """Bring the resource in step; return what that came to."""
        context, resource = self.context, self.resource
        async with context.transaction() as tx:
            held = await repository.count_listed(tx, context.shelf(resource))
        cursor = self.cursor
        is_read = cursor is not None and cursor.is_done
        standing = Standing(is_read, cursor.synced_to if cursor else None, held)
        way = way_of(resource, context.routes, standing, dated=dated)
        if way is Way.PULL:
            with context.unfollowed():
                await pull_resource(context, resource, cursor)
            return self._line(way)
        progress = context.begin(Stage.SYNC, resource)
        if way is Way.BELOW:
            await self._finish(progress)
            return self._line(way)
        if way in (Way.NEWEST, Way.WINDOW):
            await self._retry_due(progress)
        if way is Way.NEWEST:
            return self._line(way, await self._read_newest(progress))
        if way is Way.WINDOW:
            if await self._read_window(progress):
                return self._line(way)
            way = Way.COMPARE
        return await self._certified(way, progress)

    def _line(self, way: Way, needs_sweep: str | None = None) -> Synced:
        return Synced(self.resource.name, way.name.lower(), needs_sweep=needs_sweep)

    # -- all of it, or all dates ----------------------------------------------------------------

    async def _certified(self, way: Way, progress: Progress) -> Synced:
        level = Level.BYTES if way is Way.WHOLE else Level.MODIFIED
        finding = await certify_resource(
            self.context, self.resource, level, progress=progress, read=read_small
        )
        if self.resource.name == STATUSES and (progress.created or progress.buried):
            async with self.context.transaction() as tx:
                await connections.forget_routes(tx, self.context.run.connection_id)
        return replace(self._line(way), fetched=finding.fetched, lacks=what_is_left(finding))

    # -- dead letters ---------------------------------------------------------------------------

    async def _retry_due(self, progress: Progress) -> None:
        """Ask once more for the records whose dead letters are due."""
        context = self.context
        async with context.transaction() as tx:
            letters = await runs.list_dead_letters(
                tx, connection_id=context.run.connection_id, resource=self.resource.name
            )
        now = context.clock()
        due = [letter.remote_id for letter in letters if letter.remote_id and letter.is_due(now)]
        if due:
            await refresh(context, self.resource, due, progress)

    async def _known_bad(self) -> frozenset[int]:
        """Return ids that the store cannot show: it is asked to leave them out."""
        if not self.resource.can_include:
            return frozenset()
        context = self.context
        async with context.transaction() as tx:
            letters = await runs.list_dead_letters(
                tx, connection_id=context.run.connection_id, resource=self.resource.name
            )
            ids = [n for letter in letters if (n := letter.remote_id) and n.isdecimal()]
            known = await repository.read_known(tx, context.shelf(self.resource), ids)
        shown = {name for name, row in known.items() if row.state is State.PARTIAL}
        return frozenset(int(n) for n in ids[:MAX_EXCLUDED] if n not in shown)

    # -- what was modified since ----------------------------------------------------------------

    async def _read_window(self, progress: Progress) -> bool:
        """Read what was modified since the last round; False: the dates of all have to be compared.

        A record that breaks its page cannot be named within a window, for its neighbours there
        are far away; in the list of all records it can.
        """
        context, resource = self.context, self.resource
        assert self.cursor is not None
        assert self.cursor.synced_to is not None
        since, known_bad = self.cursor.synced_to, await self._known_bad()
        asked_at = None
        for part in await parts_of(context, resource):
            listing = listing_of(context, resource, part, excluded=known_bad)
            listing.params = {**listing.params, **window_since(since)}
            listing.resource = replace(resource, can_include=False)
            if not await self._keep_all(read_part(context, listing, PartPosition()), progress):
                return False
            if clock_of(since, listing.asked_at) is not Clock.RUNS:
                return False
            asked_at = asked_at or listing.asked_at
        await self._finish(progress, synced_to=moved_on(since, asked_at))
        return True

    async def _keep_all(self, steps: AsyncIterator[Step], progress: Progress) -> bool:
        """Keep what a list shows, some pages in a transaction; False where it cannot show all."""
        try:
            async for bundle in bundles(steps, MOST_AT_ONCE):
                for step in merged(bundle):
                    if not isinstance(step, Batch) or step.nameless:
                        return False
                    await self._keep(step, progress)
        except NotFoundError:
            raise
        except RecordError:
            return False
        return True

    async def _keep(self, batch: Batch, progress: Progress) -> None:
        await check_keys(self.context, self.resource, batch.records)
        own = Progress(progress.stage, progress.resource, progress.started_at)
        async with self.context.transaction() as tx:
            await keep_batch(self.context, tx, self.resource, batch, own)
            own.records, own.pages = len(batch.records), 1
            progress.add(own)
            await self.context.note(tx, progress)

    async def _finish(self, progress: Progress, *, synced_to: datetime | None = None) -> None:
        context, progress.state = self.context, "done"
        async with context.transaction() as tx:
            await runs.mark_synced(
                tx, context.run, self.resource.name, synced_to=synced_to, now=context.clock()
            )
            await context.note(tx, progress)

    # -- the newest -----------------------------------------------------------------------------

    async def _read_newest(self, progress: Progress) -> str | None:
        """Read the records that are new; return why a sweep is needed, if one is."""
        context, resource = self.context, self.resource
        async with context.transaction() as tx:
            highest = await repository.highest_number(tx, context.shelf(resource)) or 0
        parts = await parts_of(context, resource)
        total: int | None = 0
        trouble: str | None = None
        for part in parts:
            listing = listing_of(context, resource, part)
            try:
                loaded = await listing.newest(NEWEST)
            except BadAnswerError as error:
                trouble = trouble or error.message
                continue
            total = None if total is None or loaded.total is None else total + loaded.total
            if not await self._keep_newest(listing, loaded, highest, progress, len(parts)):
                trouble = trouble or f"{part.path} cannot be read to its end"
        await self._finish(progress)
        return None if self._was_swept_lately() else trouble or await self._difference(total)

    def _was_swept_lately(self) -> bool:
        swept_at = self.cursor.swept_at if self.cursor else None
        return swept_at is not None and self.context.clock() - swept_at < SWEPT_LATELY

    async def _keep_newest(
        self, listing: Listing, loaded: Loaded, highest: int, progress: Progress, parts: int
    ) -> bool:
        """Keep the newest records; where all of them are new, those behind the last known one."""
        if loaded.is_blank or (
            len(loaded.records) == NEWEST and all((r.number or 0) > highest for r in loaded.records)
        ):
            async with self.context.transaction() as tx:
                held = await repository.count_listed(tx, self.context.shelf(self.resource))
            behind = Position(held, highest) if parts == 1 and highest else Position()
            return await self._keep_all(Walk(listing, behind).steps(), progress)
        records = tuple(r for r in loaded.records[::-1])
        batch = Batch(records, Position(), loaded.served_at, None, loaded.remarks, loaded.nameless)
        await self._keep(batch, progress)
        return True

    async def _difference(self, total: int | None) -> str | None:
        if total is None:
            return None
        async with self.context.transaction() as tx:
            held = await repository.count_listed(tx, self.context.shelf(self.resource))
        if held == total:
            return None
        return f"the store lists {total:,}, the twin has {held:,}"


async def read_small(
    context: RunContext, listing: Listing, start: PartPosition
) -> AsyncIterator[Step]:
    """Yield the steps through a list; one that says it fits on a page is believed, and read once."""
    if listing.resource.is_paged:
        room = context.client.page_limit
        try:
            loaded = await listing.page(0, room)
        except BadAnswerError:
            loaded = None
        is_fine = loaded is not None and not (loaded.is_blank or loaded.nameless)
        if loaded is not None and is_fine and is_all(len(loaded.records), loaded.total, room):
            yield Batch(
                listing.own(loaded.records),
                start.position,
                loaded.served_at,
                loaded.total,
                loaded.remarks,
            )
            return
    async for step in read_part(context, listing, start):
        yield step


def what_is_left(finding: Finding) -> str | None:
    """Return what a comparison could not settle, beside records that wait as dead letters."""
    return next((f"{n}: {why}" for n, why in finding.lacking if not n.isdecimal()), None)
