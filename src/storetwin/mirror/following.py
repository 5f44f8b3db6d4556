"""What changed records say about others is remembered with them, and done before the run ends.

It stands beside the cursors, in the transaction of the records that said it: a run that dies in
between leaves it to the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.follow import (
    SHOWN,
    SHOWN_WHEN_GONE,
    follow_ups,
    has_members,
    refunds_to_ask,
)
from storetwin.mirror.models import PartPosition, State
from storetwin.mirror.parts import listing_of, parts_of
from storetwin.mirror.pull import keep_batch, read_part
from storetwin.mirror.refresh import refresh
from storetwin.mirror.singles import SingleReader
from storetwin.mirror.window import DATED, container_of, takes_dates
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Cursor, Progress, Stage
from storetwin.woocommerce.errors import BadAnswerError
from storetwin.woocommerce.records import Record
from storetwin.woocommerce.walk import Batch

MOST_ROUNDS = 4  # what is done may say something about others in turn
Pending = dict[str, dict[str, None]]
"""Name of a resource → remote ids, in the order in which they were named."""


@dataclass(slots=True)
class Following:
    """What is to be read again because other records changed.

    Args:
        alive: names of the resources that are pulled, and were to their end.
        records: records to be read again.
        below: containers whose lists are to be read again, by the resource of what is in them.
        shown: terms, products and the like that others may still show as they were.
        is_proof: every resource is compared by itself anyway; only what others show is followed.
    """

    context: RunContext
    stage: Stage
    alive: frozenset[str]
    records: Pending = field(default_factory=dict)
    below: Pending = field(default_factory=dict)
    shown: Pending = field(default_factory=dict)
    is_proof: bool = False
    _has_news: bool = False

    @classmethod
    async def load(cls, context: RunContext, stage: Stage, *, is_proof: bool = False) -> Following:
        """Return what earlier runs left behind, and take part in everything that this one keeps."""
        async with context.transaction() as tx:
            cursors = await runs.read_cursors(tx, context.run.connection_id)
        chosen = {resource.name for resource in context.catalogue.ordered(())}
        read = {name for name, cursor in cursors.items() if cursor.is_done}
        following = cls(context, stage, frozenset(chosen & read), is_proof=is_proof)
        if memory := cursors.get(_memory_of(context)):
            following._recall(memory.position)
        context.following = following
        return following

    # -- taking note ----------------------------------------------------------------------------

    async def changed(self, tx: Transaction, resource: Resource, records: Sequence[Record]) -> None:
        """Take note of records that were new or have changed, in the transaction that keeps them."""
        if not records:
            return
        ids = [record.remote_id for record in records]
        if not self.is_proof:
            await self._named_by(tx, resource, records)
        if resource.name in SHOWN:
            self._add(self.shown, resource.name, ids)
        await self._save_news(tx)

    async def _named_by(
        self, tx: Transaction, resource: Resource, records: Sequence[Record]
    ) -> None:
        """Take note of what changed records name: an order's customer and refunds, what is below."""
        ids = [record.remote_id for record in records]
        found = follow_ups(resource, records)
        named = found.pop("refunds", ())
        if resource.name == "variations":
            found.pop("products", None)  # their parents are dated anew, and so found by date
        for name, remote_ids in found.items():
            self._add(self.records, name, remote_ids)
        if resource.name == "orders":
            await self._refunds(tx, ids, named)
        for below in self._resources_below(resource):
            await self._lists_below(tx, below, records)

    async def buried(self, tx: Transaction, resource: Resource, ids: Sequence[str]) -> None:
        """Take note of tombstones, in the transaction that sets them."""
        if resource.name == "refunds":
            known = await repository.read_known(tx, self.context.shelf(resource), ids)
            parents = [row.parent_id for row in known.values() if row.parent_id]
            self._add(self.records, "orders", parents)
        elif resource.name in SHOWN or resource.name in SHOWN_WHEN_GONE:
            self._add(self.shown, resource.name, ids)
        await self._save_news(tx)

    async def read_below(
        self, tx: Transaction, resource: Resource, containers: Iterable[str]
    ) -> None:
        """Take note of containers whose lists are to be read again."""
        self._add(self.below, resource.name, containers)
        await self._save_news(tx)

    async def _refunds(self, tx: Transaction, orders: Sequence[str], named: Sequence[str]) -> None:
        """Take note of refunds that their orders no longer name; of new ones too, where no date shows."""
        refunds = self.context.catalogue.named("refunds")
        if container_of(refunds, self.context.routes) is not None:
            return  # read order by order
        shelf = self.context.shelf(refunds)
        held = await repository.list_children(tx, shelf, orders)
        if takes_dates(refunds, self.context.routes):
            self._add(self.records, refunds.name, [n for n in held if n not in set(named)])
            return
        known = await repository.read_known(tx, shelf, named)
        there = {n: row.parent_id or "" for n, row in known.items() if row.state != State.GONE}
        self._add(self.records, refunds.name, refunds_to_ask(named, there | held))

    def _resources_below(self, container: Resource) -> list[Resource]:
        routes = self.context.routes
        return [
            resource
            for resource in self.context.catalogue.resources
            if container.name in DATED and container_of(resource, routes) == container.name
        ]

    async def _lists_below(
        self, tx: Transaction, below: Resource, containers: Sequence[Record]
    ) -> None:
        """Take note of containers with something in them, now or before."""
        ids = [record.remote_id for record in containers]
        if below.parent is None and below.fallback_member is not None:
            held = await repository.list_children(tx, self.context.shelf(below), ids)
            before, member = set(held.values()), below.fallback_member
            ids = [
                record.remote_id
                for record in containers
                if record.remote_id in before or has_members(record, member)
            ]
        self._add(self.below, below.name, ids)

    def _add(self, where: Pending, name: str, ids: Iterable[str]) -> None:
        if name not in self.alive:
            return
        pending = where.setdefault(name, {})
        for remote_id in ids:
            if remote_id not in pending:
                pending[remote_id] = None
                self._has_news = True

    async def _save_news(self, tx: Transaction) -> None:
        if self._has_news:
            await self.save(tx)

    # -- memory ---------------------------------------------------------------------------------

    async def save(self, tx: Transaction) -> None:
        """Keep what is pending."""
        position: dict[str, Any] = {
            kind: {name: list(ids) for name, ids in pending.items() if ids}
            for kind, pending in self._kinds().items()
        }
        cursor = Cursor(_memory_of(self.context), position, is_done=False)
        await runs.save_cursor(tx, self.context.run, cursor, now=self.context.clock())
        self._has_news = False

    def _recall(self, position: dict[str, Any]) -> None:
        for kind, pending in self._kinds().items():
            for name, ids in position.get(kind, {}).items():
                self._add(pending, name, ids)

    def _kinds(self) -> dict[str, Pending]:
        return {"records": self.records, "below": self.below, "shown": self.shown}

    # -- doing it -------------------------------------------------------------------------------

    async def follow(self) -> None:
        """Read again whatever is pending.

        Raises:
            RetryableError: the store or the database does not answer; the rest stays pending.
        """
        for _ in range(MOST_ROUNDS):
            if not any(ids for pending in self._kinds().values() for ids in pending.values()):
                return
            await self._look_who_shows()
            for resource in self.context.catalogue.resources:
                if ids := list(self.records.get(resource.name, ())):
                    await self._refresh(resource, ids)
                for container in list(self.below.get(resource.name, ())):
                    await self._read_below(resource, container)

    async def _refresh(self, resource: Resource, ids: Sequence[str]) -> None:
        async def settle(tx: Transaction, settled: Sequence[str]) -> None:
            for remote_id in settled:
                self.records[resource.name].pop(remote_id, None)
            await self.save(tx)

        progress = self._progress(resource)
        await refresh(self.context, resource, ids, progress, settle=settle)
        await self.context.finish(progress)

    async def _look_who_shows(self) -> None:
        """Find in the twin the records that show a changed one as it was."""
        for name, ids in self.shown.items():
            if not ids:
                continue
            async with self.context.transaction() as tx:
                for holder, member, key in (SHOWN | SHOWN_WHEN_GONE)[name]:
                    found = await repository.list_outdated(
                        tx,
                        self.context.shelf(self.context.catalogue.named(holder)),
                        shown=name,
                        member=member,
                        key=key,
                        ids=list(ids),
                    )
                    self._add(self.records, holder, found)
                ids.clear()
                await self.save(tx)

    async def _read_below(self, resource: Resource, container: str) -> None:
        """Read the lists of one container whole; what they no longer show is asked for alone."""
        context, progress = self.context, self._progress(resource)
        async with context.transaction() as tx:
            held = await repository.list_children(tx, context.shelf(resource), [container])
        seen: set[str] = set()
        is_whole = True
        for part in await parts_of(context, resource, below=container):
            try:
                listing = listing_of(context, resource, part)
                async for step in read_part(context, listing, PartPosition()):
                    if not isinstance(step, Batch):
                        is_whole = False
                        continue
                    seen.update(record.remote_id for record in step.records)
                    await self._keep(resource, step, progress)
            except (RecordError, BadAnswerError):
                is_whole = False  # the sweep and the next certificate name what is the matter
        if is_whole:
            reader = SingleReader(context, resource)
            for remote_id in held:
                if remote_id not in seen:
                    await reader.read(remote_id, container=container, bury=True)
        self.below[resource.name].pop(container, None)
        progress.state = "done"
        async with context.transaction() as tx:
            await self.save(tx)
            await context.note(tx, progress)

    async def _keep(self, resource: Resource, batch: Batch, progress: Progress) -> None:
        own = Progress(progress.stage, resource.name, progress.started_at)
        async with self.context.transaction() as tx:
            await keep_batch(self.context, tx, resource, batch, own)
            own.records, own.pages, own.expected = len(batch.records), 1, None
            progress.add(own)
            await self.context.note(tx, progress)

    def _progress(self, resource: Resource) -> Progress:
        """Return the progress of a resource in this run: what is followed counts there as well."""
        for progress in self.context.progress:
            if progress.stage is self.stage and progress.resource == resource.name:
                progress.state = "running"
                return progress
        return self.context.begin(self.stage, resource)


def _memory_of(context: RunContext) -> str:
    """Return where it stands among the cursors; runs of two lanes may be at work at once."""
    return f"follow-ups of {context.run.kind.lane}"
