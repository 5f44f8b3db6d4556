"""What no date shows: deletions, edited terms, records without a date, and what hangs on them.

A list whose records are dated costs some questions a deletion: see :mod:`search`. The others are
read whole. Whatever is missing is asked for by its own address, and buried only on a 404 of its
own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.certify import certify_resource
from storetwin.mirror.context import RunContext
from storetwin.mirror.decide import may_bury
from storetwin.mirror.following import Following
from storetwin.mirror.increment import counted_in, what_is_left
from storetwin.mirror.models import Level, Part, Synced
from storetwin.mirror.parts import listing_of, parts_of
from storetwin.mirror.pull import keep_batch, pull_resource
from storetwin.mirror.refresh import refresh
from storetwin.mirror.search import PAGE, Search, SearchFailedError
from storetwin.mirror.singles import Outcome, Reading, SingleReader
from storetwin.mirror.window import FEW, container_of, takes_dates
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Cursor, Progress, Stage
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError, RequestRefusedError
from storetwin.woocommerce.listing import Listing, Loaded
from storetwin.woocommerce.paging import Position
from storetwin.woocommerce.records import Record
from storetwin.woocommerce.walk import Batch

MOST_UNDATED = 20  # pages of records without a date that are read again
UNLISTED_AT_ONCE = 10  # records that no list shows and one sweep reads again, a question each
NOTES = "order_notes"
NOTES_AT_ONCE = 200  # orders whose notes one sweep reads again


async def execute_sweep(
    context: RunContext, resources: Sequence[Resource], *, bury_many: bool = False
) -> list[Synced]:
    """Sweep these resources, and read again what shows something that was found.

    Args:
        bury_many: a person said that the store really lost that many records.

    Raises:
        RetryableError: the store or the database does not answer; the same call goes on.
        RunTakenOverError: another process has taken over.
    """
    context.is_patient = True
    async with context.transaction() as tx:
        cursors = await runs.read_cursors(tx, context.run.connection_id)
    following = await Following.load(context, Stage.SWEEP)
    lines = []
    for resource in resources:
        before = context.client.requests
        sweeping = _Sweeping(context, resource, following, bury_many)
        line = await sweeping.run(cursors.get(resource.name))
        lines.append(replace(line, requests=context.client.requests - before))
    await following.follow()
    return counted_in(lines, context)


@dataclass(slots=True)
class _Sweeping:
    """One resource that is being swept."""

    context: RunContext
    resource: Resource
    following: Following
    bury_many: bool

    async def run(self, cursor: Cursor | None) -> Synced:
        """Sweep the resource; return what that came to."""
        context, resource = self.context, self.resource
        if cursor is None or not cursor.is_done:
            with context.unfollowed():
                await pull_resource(context, resource, cursor)
            return self._line("pull")
        progress = context.begin(Stage.SWEEP, resource)
        line = self._line("search")
        if resource.name == NOTES:
            await self._remember_notes()
        elif not await self._is_searched(progress):
            line = await self._walk(progress)
        progress.state = "done"
        async with context.transaction() as tx:
            await runs.mark_swept(tx, context.run, resource.name, now=context.clock())
            await context.note(tx, progress)
        return line

    def _line(self, way: str, lacks: str | None = None) -> Synced:
        return Synced(self.resource.name, way, lacks=lacks)

    async def _walk(self, progress: Progress) -> Synced:
        """Read the list to its end: all of it where its records have no dates, else their dates."""
        resource, routes = self.resource, self.context.routes
        level = Level.MODIFIED if takes_dates(resource, routes) else Level.BYTES
        finding = await certify_resource(
            self.context, resource, level, bury_many=self.bury_many, progress=progress
        )
        return replace(self._line("walk", what_is_left(finding)), fetched=finding.fetched)

    async def _remember_notes(self) -> None:
        """Notes move no date and have no list of their own: those of some orders are read again.

        One sweep goes on where the one before stopped, and begins again behind the last order.
        """
        context = self.context
        async with context.transaction() as tx:
            after = await self._turn(tx)
            orders = context.shelf(context.catalogue.named("orders"))
            rows = await repository.list_next_containers(
                tx, orders, after=after, limit=NOTES_AT_ONCE
            )
            await self.following.read_below(tx, self.resource, [row["remote_id"] for row in rows])
            last = rows[-1]["remote_number"] if len(rows) == NOTES_AT_ONCE else 0
            await self._keep_turn(tx, last)

    async def _turn(self, tx: Transaction) -> int:
        """Return the id behind which this sweep takes its turn of what is too much for one."""
        memory = (await runs.read_cursors(tx, self.context.run.connection_id)).get(self._memory)
        return int(memory.position["after"]) if memory else 0

    async def _keep_turn(self, tx: Transaction, after: int) -> None:
        cursor = Cursor(self._memory, {"after": after}, is_done=False)
        await runs.save_cursor(tx, self.context.run, cursor, now=self.context.clock())

    @property
    def _memory(self) -> str:
        return f"sweep of {self.resource.name}"

    # -- searching ------------------------------------------------------------------------------

    async def _is_searched(self, progress: Progress) -> bool:
        """Find what was deleted, or never came, by a search; False where the list has to be walked."""
        part = await self._only_part()
        if part is None:
            return False
        listing = listing_of(self.context, self.resource, part, light=True)
        held = await self._held()
        try:
            search = await self._search(listing, held)
        except (SearchFailedError, BadAnswerError, RequestRefusedError, NotFoundError):
            return False
        if not self.bury_many and not may_bury(len(search.missing), len(held)):
            return False  # the walk counts them once more, and leaves them to a person
        await self._ask_for(search, progress)
        await self._read_undated(part, progress)
        await self._read_unlisted(progress)
        return True

    async def _only_part(self) -> Part | None:
        """Return the one list of the resource, where a search fits it."""
        resource, routes = self.resource, self.context.routes
        fits = resource.has_numeric_key and resource.has_offset and takes_dates(resource, routes)
        if not fits or len(resource.languages) > 1 or container_of(resource, routes):
            return None
        parts = await parts_of(self.context, resource)
        return parts[0] if len(parts) == 1 else None

    async def _held(self) -> list[int]:
        """Return the ids that the list should show, known dead letters among them."""
        async with self.context.transaction() as tx:
            rows = repository.stream_listed(tx, self.context.shelf(self.resource))
            return [row["remote_number"] async for row in rows]

    async def _search(self, listing: Listing, held: Sequence[int]) -> Search:
        """Compare ids; new records at the end are set apart first, for they move nothing.

        Raises:
            SearchFailedError: the list moved, differs too much, or does not say how long it is.
        """
        if len(held) <= FEW:
            raise SearchFailedError  # a page costs less
        newest = _ids(await listing.newest(PAGE))
        total = newest.total
        behind = [number for number in newest.ids if number > held[-1]]
        if total is None or len(behind) == PAGE or total < len(newest.ids):
            raise SearchFailedError
        search = Search(held, total - len(behind))
        search.extra += behind
        while (question := search.question) is not None:
            search.answer(await self._ids_at(listing, question.offset, question.size))
        return search

    async def _ids_at(self, listing: Listing, offset: int, size: int) -> Sequence[int]:
        return _ids(await listing.page(offset, size)).ids

    async def _ask_for(self, search: Search, progress: Progress) -> None:
        """Have the last word of the store on everything that was found."""
        context, resource = self.context, self.resource
        if search.extra:
            await refresh(context, resource, map(str, search.extra), progress)
        reader = SingleReader(context, resource)
        for number in search.missing:
            self._count(await reader.read(str(number), bury=True), progress)
        progress.expected = len(search.held)

    # -- records without a date -----------------------------------------------------------------

    async def _read_undated(self, part: Part, progress: Progress) -> None:
        """Read again the records that the store never dated: no window shows them.

        They stand first where a list is sorted by date (measured), up to the first that has one.
        """
        if "modified" not in self.context.routes.enum(part.path, "orderby"):
            return
        async with self.context.transaction() as tx:
            some = await repository.count_undated(tx, self.context.shelf(self.resource))
        listing = listing_of(self.context, self.resource, part)
        size, offset = min(PAGE, some + 1), 0
        for _ in range(MOST_UNDATED):
            try:
                loaded = await listing.undated(offset, size)
            except (BadAnswerError, RecordError):
                return  # a record that breaks its page is named by the walk of a certificate
            undated = tuple(r for r in loaded.records if r.modified_at is None)
            await self._keep(loaded, undated, progress)
            if not undated or len(undated) < len(loaded.records):
                return
            offset, size = offset + len(undated), PAGE

    async def _read_unlisted(self, progress: Progress) -> None:
        """Read again some of the records that no list shows, by their own addresses."""
        context = self.context
        async with context.transaction() as tx:
            ids = sorted(map(int, await repository.list_unlisted(tx, context.shelf(self.resource))))
            after = await self._turn(tx)
        due = [number for number in ids if number > after][:UNLISTED_AT_ONCE]
        reader = SingleReader(context, self.resource)
        for number in due:
            self._count(await reader.read(str(number), bury=True), progress)
        if ids:
            async with context.transaction() as tx:
                await self._keep_turn(tx, due[-1] if len(due) == UNLISTED_AT_ONCE else 0)

    def _count(self, reading: Reading, progress: Progress) -> None:
        progress.buried += reading.outcome is Outcome.BURIED
        progress.unreadable += reading.outcome is Outcome.FAILED
        progress.updated += reading.is_new

    async def _keep(self, loaded: Loaded, records: tuple[Record, ...], progress: Progress) -> None:
        if not records or loaded.is_blank:
            return
        own = Progress(progress.stage, progress.resource, progress.started_at)
        batch = Batch(records, Position(), loaded.served_at)
        async with self.context.transaction() as tx:
            await keep_batch(self.context, tx, self.resource, batch, own)
            own.records, own.pages = len(records), 1
            progress.add(own)
            await self.context.note(tx, progress)


@dataclass(frozen=True, slots=True)
class _Ids:
    ids: tuple[int, ...]
    total: int | None


def _ids(loaded: Loaded) -> _Ids:
    """Return the ids on a page.

    Raises:
        SearchFailedError: a record on it does not say what it is called.
    """
    numbers = [record.number for record in loaded.records if record.number is not None]
    if loaded.nameless or len(numbers) < len(loaded.records):
        raise SearchFailedError
    return _Ids(tuple(numbers), loaded.total)
