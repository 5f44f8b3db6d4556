"""A walk reads a list to its end, skipping nothing, whatever the store does meanwhile.

Several pages are in flight; they are handed on in order. A page that comes back bad is asked for
in smaller pieces until the record that spoils it stands alone; that record is named, handed on
as unreadable, and left out of the pages that follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from storetwin.kernel.errors import RecordError
from storetwin.woocommerce.errors import (
    ASKED_ENOUGH,
    HEARD_OUT,
    BadAnswerError,
    RequestRefusedError,
)
from storetwin.woocommerce.listing import MAX_EXCLUDED, Listing, Loaded
from storetwin.woocommerce.pace import next_size
from storetwin.woocommerce.paging import (
    FULL_PAGE,
    SMALLEST,
    SMALLEST_LIMIT,
    Position,
    Reading,
    Verdict,
    judge,
)
from storetwin.woocommerce.records import Record
from storetwin.woocommerce.refusals import stopped
from storetwin.woocommerce.split import name_unreadable

MAX_UNREADABLE = 1_000
PATIENCE = 3  # how often the same page is asked for before it counts as bad
MAX_STUCK = 500  # pages in a row without a step forward; far more than any repair takes


@dataclass(frozen=True, slots=True)
class Batch:
    """New records in order, and where the walk stands behind them."""

    records: tuple[Record, ...]
    position: Position
    served_at: datetime
    total: int | None = None
    remarks: tuple[str, ...] = ()
    nameless: tuple[RecordError, ...] = ()
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Records that the store has and cannot show, mostly one.

    Args:
        numbers: their ids; empty when not even that could be found out.
        after: the id before them in the list.
        before: the id behind them, if there is one.
        reason: what the store answered.
        position: where the walk stands behind them.
        excluded: ids that the store is asked to leave out from here on.
        evidence: what was asked and answered last.
    """

    numbers: tuple[int, ...]
    after: int
    before: int | None
    reason: str
    position: Position
    excluded: frozenset[int] = frozenset()
    evidence: str | None = field(default=None, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The ids as text, or the gap in which the record lies."""
        if self.numbers:
            return tuple(map(str, self.numbers))
        return (f"between {self.after} and {'the end' if self.before is None else self.before}",)


Step = Batch | Unreadable


@dataclass(slots=True)
class Walk:
    """Reads one list from a position to its end.

    Args:
        listing: the list.
        position: where to start; the end of an earlier, interrupted walk or the beginning.
        ahead: pages asked for at most; how many of them fly is the limiter's to say.
    """

    listing: Listing
    position: Position = field(default_factory=Position)
    ahead: int = 4
    size: int = FULL_PAGE
    _ceiling: int = FULL_PAGE
    _total: int | None = None
    _asked: int = 0
    _idle: int = 0
    _failures: int = 0
    _bad_until: int = 0
    _unreadable: int = 0
    _short: int = 0
    _cleared: int = 0
    _stuck: int = 0
    _reached: tuple[int, int, int] = (0, 0, 0)
    _most_seen: int = 0
    _limit: int = 0
    _flying: dict[tuple[int, int], asyncio.Task[Loaded]] = field(default_factory=dict)

    async def steps(self) -> AsyncIterator[Step]:
        """Yield batches and unreadable records in the list's order, to its end.

        Raises:
            StoreDownError: the store has stopped answering.
            RecordError: the list cannot be read to its end (says why).
        """
        self._asked = self.position.ask
        self.size = self._ceiling = min(self.size, self.listing.client.page_limit)
        try:
            while True:
                self._count_stuck()
                try:
                    loaded = await self._land()
                    self._keep_limit()
                    if loaded.is_doubtful and self._failures < PATIENCE - 1:
                        self._failures += 1
                        continue
                    reading = self._judge(loaded)
                    is_new = reading.verdict is Verdict.FRESH
                    if loaded.is_blank and is_new and not self.listing.light:
                        async for step in self._unblank(loaded, reading.fresh_from):
                            yield step
                        continue
                except BadAnswerError as error:
                    async for step in self._mend(error):
                        yield step
                    continue
                except RequestRefusedError as error:
                    self._ask_for_less(error)
                    continue
                self._failures = 0
                batch = self._take(loaded, reading)
                if batch is not None:
                    yield batch
                if reading.verdict is Verdict.END:
                    return
        finally:
            self._recall()

    def _count_stuck(self) -> None:
        """Bound the walk: neither a record read nor one given up, for far too many pages.

        Raises:
            RecordError: so it is.
        """
        reached = (self.position.last, len(self.listing.excluded), self._unreadable)
        self._stuck = self._stuck + 1 if reached == self._reached else 0
        self._reached = reached
        if self._stuck > MAX_STUCK:
            raise RecordError(
                f"The list {self.listing.path} cannot be read beyond {self.position.last}: "
                f"{MAX_STUCK} pages brought nothing new.",
                remedy="Look at the store's PHP error log. The rest was pulled; pull again later.",
            )

    # -- pages in flight ------------------------------------------------------------------------

    async def _land(self) -> Loaded:
        """Return the page at ``_asked``, keeping the pages behind it in flight.

        A record that fails alone gets the whole patience once before it counts as unreadable.
        """
        is_last_word = self.size <= self._alone and self._failures >= PATIENCE - 1
        self.listing.is_piecing = self._asked < self._bad_until and not is_last_word
        stride = max(1, self.size - 1)
        wanted = [(self._asked + k * stride, self.size) for k in range(self.ahead)]
        is_sure = self.size >= SMALLEST and self.position.overlaps
        if self._total is None or not (is_sure and self.listing.resource.has_offset):
            del wanted[1:]  # how long the list is, nobody has said yet; or where a page will end
        else:
            wanted = [w for w in wanted if w[0] < self._total] or wanted[:1]
            if wanted[0][0] != self._asked:
                wanted.insert(0, (self._asked, self.size))
        for key in [key for key in self._flying if key not in wanted]:
            self._flying.pop(key).cancel()
        for key in wanted:
            if key not in self._flying:
                self._flying[key] = asyncio.create_task(self.listing.page(*key))
        return await self._flying.pop(wanted[0])

    def _recall(self) -> None:
        for task in self._flying.values():
            task.cancel()
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._flying.clear()

    # -- good pages -----------------------------------------------------------------------------

    def _judge(self, loaded: Loaded) -> Reading:
        """Judge a page before anything is made of it.

        Raises:
            RecordError: the list cannot be read to its end (says why).
        """
        ids = [record.number or 0 for record in loaded.records]
        self._most_seen = max(self._most_seen, len(ids))
        # That a list has one record is believed: a host that shows no more than one says how many
        # there are, or nothing.
        usual = max(self._most_seen, 2) if loaded.total == 1 else self._most_seen
        reading = judge(
            self.position,
            self._asked,
            self.size,
            ids,
            idle=self._idle,
            may_grow=self._asked >= self._bad_until,
            full=self.listing.client.page_limit,
            usual=min(usual, loaded.room) if len(ids) < loaded.room else 0,
        )
        if reading.verdict in (Verdict.LYING, Verdict.UNSORTED):
            raise RecordError(
                f"The list {self.listing.path} cannot be read to its end: {reading.verdict.value}.",
                remedy="A plugin changes this list. Report what it is, the rest was pulled.",
            )
        return reading

    def _take(self, loaded: Loaded, reading: Reading) -> Batch | None:
        """Go on behind a page; return what it brought."""
        self._cleared = 0
        self._notice_limit(len(loaded.records), reading.verdict)
        self._total, self._idle = loaded.total, reading.idle
        self.position, self._asked = reading.position, reading.ask
        self._adapt(loaded)
        self.size = max(self.size, reading.size)
        fresh = loaded.records[reading.fresh_from :]
        if fresh or loaded.nameless or loaded.is_doubtful:
            return self._batch(loaded, fresh)
        return None

    def _notice_limit(self, rows: int, verdict: Verdict) -> None:
        """Two pages in a row, both short by as much and not the last: the host caps pages.

        Pages of lists that know numbers only end where they end.
        """
        is_short = (
            verdict is Verdict.FRESH and rows < self.size and self.listing.resource.has_offset
        )
        if is_short and rows == self._short and rows >= SMALLEST_LIMIT:
            self.listing.client.page_limit = rows
            self._ceiling = min(self._ceiling, rows)
        self._short = rows if is_short else 0

    def _batch(self, loaded: Loaded, records: tuple[Record, ...]) -> Batch:
        return Batch(
            records,
            self.position,
            loaded.served_at,
            loaded.total,
            loaded.remarks,
            loaded.nameless,
            frozenset(self.listing.excluded),
        )

    def _adapt(self, loaded: Loaded) -> None:
        """Ask for less where a page is heavy, for more where it is light or bad ones are past."""
        limit = self.listing.client.page_limit
        self._ceiling = min(limit, next_size(self._ceiling, self.size, loaded.burden))
        if self._asked >= self._bad_until:
            self.size = self._ceiling
        elif self.size < SMALLEST:
            self.size = SMALLEST

    # -- bad pages ------------------------------------------------------------------------------

    @property
    def _alone(self) -> int:
        """The size of a page on which one new record stands."""
        return SMALLEST if self._asked < self.position.offset else 1

    async def _mend(self, error: BadAnswerError) -> AsyncIterator[Step]:
        """Ask again, then for less, until the record that spoils the page stands alone."""
        self._recall()
        self._failures += 1
        is_known_bad = self._asked < self._bad_until
        alone = self._alone
        patience = 1 if error.kind in ASKED_ENOUGH and self.size > alone else PATIENCE
        if self._failures < patience and (self.size <= alone or not is_known_bad):
            return
        if not is_known_bad or self.size <= alone:
            await self._check_store(error)
        if self.size > alone:
            self._bad_until = max(self._bad_until, self._asked + self.size)
            self.size, self._failures = max(alone, self.size // 2), 0
            return
        async for step in self._give_up(error):
            yield step

    def _ask_for_less(self, error: RequestRefusedError) -> None:
        """Take a refused request for a page that is larger than the host allows.

        Raises:
            RequestRefusedError: it is not: small pages are refused as well.
        """
        self._recall()
        if self.size <= SMALLEST_LIMIT or error.wc_code != "rest_invalid_param":
            raise error
        self.size = self._ceiling = self._limit = max(SMALLEST_LIMIT, self.size // 2)

    def _keep_limit(self) -> None:
        """A smaller page was answered: the refusal was about its size, and holds for every list."""
        if self._limit:
            self.listing.client.page_limit, self._limit = self._limit, 0

    async def _check_store(self, error: BadAnswerError) -> None:
        if error.kind not in HEARD_OUT and not await self.listing.client.control():
            raise stopped(error)

    async def _give_up(self, error: BadAnswerError) -> AsyncIterator[Step]:
        named = await name_unreadable(self.listing, self.position)
        if named.is_clear and self._cleared < PATIENCE:
            self._cleared += 1
            self._asked, self.size, self._failures = self.position.ask, self._ceiling, 0
            return
        self._unreadable += max(1, len(named.ids))
        if self._unreadable > MAX_UNREADABLE:
            raise RecordError(
                f"More than {MAX_UNREADABLE} records of {self.listing.path} cannot be read.",
                remedy="Look at the store's PHP error log: one cause breaks them all.",
            )
        after = self.position.last
        if not named.ids or len(self.listing.excluded) + len(named.ids) > MAX_EXCLUDED:
            self.position = Position(self.position.offset + 1, after, overlaps=False)
        else:
            self.listing.excluded |= set(named.ids)
        self._asked, self.size, self._failures = self.position.ask, self._ceiling, 0
        left_out = frozenset(self.listing.excluded)
        yield Unreadable(
            named.ids, after, named.before, error.message, self.position, left_out, error.evidence
        )

    # -- pages without their meta_data ----------------------------------------------------------

    async def _unblank(self, loaded: Loaded, fresh_from: int) -> AsyncIterator[Step]:
        """Read a blanked page in halves; what stays blank alone is kept as it is and left out.

        Where the record that the page began with was deleted meanwhile, two new ones stand on the
        smallest page that begins on known ground: then one is asked for.
        """
        self._recall()
        fresh = loaded.records[fresh_from:]
        if len(fresh) > 1:
            self._bad_until = max(self._bad_until, self._asked + self.size)
            self.size = max(1 if not fresh_from else SMALLEST, self.size // 2)
            return
        alone = await self.listing.included([fresh[0].number or 0])
        record = alone.records[0] if alone.records else fresh[0]
        if record.is_blank and len(self.listing.excluded) < MAX_EXCLUDED and record.number:
            self.listing.excluded.add(record.number)
        else:
            self.position = Position(self.position.offset + 1, record.number or 0)
        self._asked, self.size = self.position.ask, self._ceiling
        yield self._batch(loaded, (record,))
