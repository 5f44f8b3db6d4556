"""Keeping deliveries: many in one transaction, each answered when that is committed.

Each organisation has a lane of its own: one transaction at a time, and whatever arrives meanwhile
goes into the next one. So many at once cost few commits, and few at once wait for nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from storetwin.connections.webhooks import Refusal, note_pings, note_refusals
from storetwin.connections.webhooks_plan import TEST_TOPIC
from storetwin.db import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import RetryableError, StoretwinError
from storetwin.mirror import inbox
from storetwin.mirror.inbox import Delivery, Level

AT_ONCE = 1_000  # deliveries of one transaction
TRANSACTIONS = 2  # of different organisations at the same time
PATIENCE_SECONDS = 20.0  # for one transaction; a store waits for its answer for 60
LEVEL_SECONDS = 2.0  # how long the level of an inbox is estimated before it is measured again
RETRY_AFTER = 10.0


class NotKeptError(RetryableError):
    """A delivery could not be kept."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a connection may wait before only hints are kept, and what the door holds.

    Args:
        waiting: deliveries with their bodies.
        waiting_bytes: of these bodies.
        body: bytes of one delivery.
        in_hand: bytes of all deliveries that are not answered yet.
    """

    waiting: int = 20_000
    waiting_bytes: int = 128 * 1024 * 1024
    body: int = 8 * 1024 * 1024
    in_hand: int = 64 * 1024 * 1024


@dataclass(slots=True)
class _Lane:
    """The deliveries of an organisation that wait for their transaction."""

    waiting: list[tuple[Delivery, asyncio.Future[bool]]] = field(default_factory=list)
    work: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Gauge:
    """The level of an inbox: measured now and then, and counted on from there."""

    level: Level
    until: float

    def has_room(self, delivery: Delivery, limits: Limits) -> bool:
        """Count a delivery in if its body may be kept."""
        if delivery.remote_id is None:
            return self.level.size < limits.waiting_bytes
        size = self.level.size + len(delivery.body)
        if self.level.deliveries >= limits.waiting or size > limits.waiting_bytes:
            return False
        self.level = Level(self.level.deliveries + 1, size)
        return True


class Keeper:
    """Writes deliveries down.

    Args:
        seconds: a clock that never goes back.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: Limits,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._seconds = seconds
        self._lanes: dict[UUID, _Lane] = {}
        self._places = asyncio.Semaphore(TRANSACTIONS)
        self._gauges: dict[UUID, _Gauge] = {}

    async def keep(self, organisation_id: UUID, delivery: Delivery) -> bool:
        """Keep a delivery; returns when it is committed.

        Returns:
            False when its connection does not want it any more.

        Raises:
            NotKeptError: it was not kept.
        """
        lane = self._lanes.setdefault(organisation_id, _Lane())
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        lane.waiting.append((delivery, kept))
        if lane.work is None:
            lane.work = asyncio.create_task(self._work(organisation_id, lane))
        return await kept

    async def close(self) -> None:
        """Wait until what was begun is written."""
        works = [lane.work for lane in self._lanes.values() if lane.work is not None]
        await asyncio.gather(*works, return_exceptions=True)

    async def _work(self, organisation_id: UUID, lane: _Lane) -> None:
        """Write down what waits in a lane until nothing does."""
        while lane.waiting:
            async with self._places:
                batch, lane.waiting = lane.waiting[:AT_ONCE], lane.waiting[AT_ONCE:]
                try:
                    async with asyncio.timeout(PATIENCE_SECONDS):
                        alive = await self._commit(organisation_id, [one for one, _ in batch])
                except (StoretwinError, TimeoutError, OSError) as error:
                    for _, kept in batch:
                        _fail(kept, error)
                else:
                    for delivery, kept in batch:
                        if not kept.done():
                            kept.set_result(delivery.connection_id in alive)
        del self._lanes[organisation_id]

    async def _commit(
        self, organisation_id: UUID, deliveries: Sequence[Delivery]
    ) -> frozenset[UUID]:
        counts = Counter({one.connection_id: 0 for one in deliveries})
        counts.update(one.connection_id for one in deliveries if one.topic != TEST_TOPIC)
        async with self._database.transaction(organisation_id) as tx:
            await self._measure(tx, counts)
            whole: list[Delivery] = []
            hints: list[Delivery] = []
            for one in deliveries:
                has_room = self._gauges[one.connection_id].has_room(one, self._limits)
                (whole if has_room else hints).append(one)
            alive = await inbox.keep_deliveries(
                tx, organisation_id, whole, counts, now=self._clock()
            )
            if hints:
                left = [one for one in hints if one.connection_id in alive]
                await inbox.keep_hints(tx, organisation_id, left)
        return alive

    async def _measure(self, tx: Transaction, connection_ids: Iterable[UUID]) -> None:
        now = self._seconds()
        stale = [
            one
            for one in connection_ids
            if (gauge := self._gauges.get(one)) is None or gauge.until < now
        ]
        if not stale:
            return
        self._gauges = {one: g for one, g in self._gauges.items() if g.until >= now}
        found = await inbox.levels(tx, stale, most=self._limits.waiting + 1)
        for one in stale:
            self._gauges[one] = _Gauge(found.get(one, Level()), now + LEVEL_SECONDS)


def _fail(kept: asyncio.Future[bool], error: Exception) -> None:
    if not kept.done():
        reason = error.message if isinstance(error, StoretwinError) else "it took too long"
        kept.set_exception(NotKeptError(reason, retry_after=RETRY_AFTER))


@dataclass(slots=True)
class Notes:
    """Pings and refusals: told to the database now and then, for anybody may cause them."""

    database: Database
    pings: set[tuple[UUID, UUID]] = field(default_factory=set)
    refusals: dict[tuple[UUID, UUID], Refusal] = field(default_factory=dict)

    def ping(self, organisation_id: UUID, connection_id: UUID) -> None:
        """Note that a store has pinged."""
        self.pings.add((organisation_id, connection_id))

    def refuse(self, organisation_id: UUID, refusal: Refusal) -> None:
        """Note that a delivery was refused; of several the last reason stays."""
        key = (organisation_id, refusal.connection_id)
        before = self.refusals.get(key)
        count = refusal.count + (before.count if before else 0)
        self.refusals[key] = Refusal(refusal.connection_id, count, refusal.reason, refusal.at)

    async def write(self, clock: Clock) -> None:
        """Write down what was noted; where that fails it is noted still."""
        organisations = {key[0] for key in (*self.pings, *self.refusals)}
        for organisation_id in organisations:
            pings = {key for key in self.pings if key[0] == organisation_id}
            refusals = {k: r for k, r in self.refusals.items() if k[0] == organisation_id}
            async with self.database.transaction(organisation_id) as tx:
                await note_refusals(tx, refusals.values())
                await note_pings(tx, {key[1] for key in pings}, now=clock())
            self.pings -= pings
            self._written(refusals)

    def _written(self, refusals: dict[tuple[UUID, UUID], Refusal]) -> None:
        """Take out what was written, and leave what came meanwhile."""
        for key, written in refusals.items():
            current = self.refusals[key]
            if current is written:
                del self.refusals[key]
            else:
                count = current.count - written.count
                self.refusals[key] = Refusal(key[1], count, current.reason, current.at)
