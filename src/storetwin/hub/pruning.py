"""Letting go of what nobody keeps: earlier versions by a connection's rule, and what webhooks left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.db.database import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.mirror import inbox, retention
from storetwin.mirror.repository import Shelf
from storetwin.mirror.retention import Rule
from storetwin.runs import retention as old_runs
from storetwin.runs.models import RunKind

DELIVERIES_FOR = timedelta(days=7)  # how long settled deliveries stay
RECEIPTS_FOR = timedelta(days=7)  # how long the runs stay that applied deliveries
AT_ONCE = 5_000  # rows dropped in one transaction


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, counted in rows.

    Args:
        versions: earlier versions.
        deliveries: settled deliveries of webhooks, of the whole organisation.
        receipts: closed runs that applied deliveries.
    """

    versions: int = 0
    deliveries: int = 0
    receipts: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(
            self.versions + other.versions,
            self.deliveries + other.deliveries,
            self.receipts + other.receipts,
        )


@dataclass(frozen=True, slots=True)
class Pruner:
    """Prunes the history of one connection; each step is a transaction of its own.

    Args:
        is_rehearsal: drop nothing, only count.
    """

    database: Database
    organisation_id: UUID
    clock: Clock
    is_rehearsal: bool = False

    async def prune(
        self,
        connection: Connection,
        observe: Callable[[Pruned], None],
        *,
        deliveries_for: timedelta,
        receipts_for: timedelta,
    ) -> Pruned:
        """Drop what may go; ``observe`` is called with what went so far."""
        shelf = Shelf(self.organisation_id, connection.id, "")
        pruned = Pruned()
        async for more in self._versions(shelf, Rule.of(connection.options)):
            pruned += Pruned(versions=more)
            observe(pruned)
        async for more in self._deliveries(shelf, deliveries_for):
            pruned += Pruned(deliveries=more)
            observe(pruned)
        async for more in self._receipts(shelf, receipts_for):
            pruned += Pruned(receipts=more)
            observe(pruned)
        return pruned

    async def _versions(self, shelf: Shelf, rule: Rule) -> AsyncIterator[int]:
        now, last = self.clock(), retention.START if rule.is_set else None
        while last is not None:
            async with self._transaction() as tx:
                swept = await retention.drop_versions(
                    tx, shelf, rule, last, now, is_rehearsal=self.is_rehearsal
                )
            last = swept.last
            yield swept.dropped

    async def _deliveries(self, shelf: Shelf, kept_for: timedelta) -> AsyncIterator[int]:
        before = self.clock() - kept_for
        if self.is_rehearsal:
            async with self._transaction() as tx:
                yield await retention.count_settled(tx, shelf, before)
            return
        dropped = AT_ONCE
        while dropped == AT_ONCE:
            async with self._transaction() as tx:
                dropped = await inbox.forget_settled(
                    tx, self.organisation_id, before, limit=AT_ONCE
                )
            yield dropped

    async def _receipts(self, shelf: Shelf, kept_for: timedelta) -> AsyncIterator[int]:
        before = self.clock() - kept_for
        ids = (self.organisation_id, shelf.connection_id)
        if self.is_rehearsal:
            async with self._transaction() as tx:
                yield await old_runs.count_old_runs(tx, *ids, RunKind.RECEIVE, before)
            return
        dropped = AT_ONCE
        while dropped == AT_ONCE:
            async with self._transaction() as tx:
                dropped = await old_runs.delete_old_runs(
                    tx, *ids, RunKind.RECEIVE, before, limit=AT_ONCE
                )
            yield dropped

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)
