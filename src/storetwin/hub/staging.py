"""The staging explorer: what the stores' records would mean for core, and what a person chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.core.definitions import drop_switch, read_switch
from storetwin.core.read import documents, links
from storetwin.db.database import Database, Transaction
from storetwin.db.errors import DatabaseBusyError
from storetwin.hub.promoting import AskedPromotion, Promoting
from storetwin.hub.running import Runner
from storetwin.hub.staging_rules import StagingRules
from storetwin.kernel.errors import ConfigurationError, ConflictError, UnknownNameError
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import noun_of
from storetwin.mirror.context import Observer
from storetwin.reading.choosing import Span
from storetwin.reading.choosing import Stretch as TwinStretch
from storetwin.reading.searching import search
from storetwin.reading.tallies import read_tallies
from storetwin.resources import RESOURCES
from storetwin.runs.models import RunState
from storetwin.staging import repository
from storetwin.staging.choosing import MOST_COUNTED, Slice, Stretch, stretches_of
from storetwin.staging.compare import compare_some
from storetwin.staging.copies import Store, open_store
from storetwin.staging.look import WholeRecord, look_at
from storetwin.staging.models import (
    ChoiceAction,
    Chose,
    Chosen,
    Count,
    Filter,
    Preview,
    Sort,
    StagedPage,
    StagedRecord,
    State,
)

MOST_ON_A_PAGE = 200
MOST_COMPARED = 100_000  # records with one call; the next one takes the others
PATIENCE = (
    "500ms"  # for a row that somebody else holds: shorter than a deadlock takes to be noticed
)
MOST_TRIES = 20
BREATH = 0.1  # seconds between two of them
_T = TypeVar("_T")


class UnknownStagedRecordError(UnknownNameError):
    """There is no such record."""

    code = "unknown_record"


class TooFarError(ConfigurationError):
    """A page lies behind what is counted."""

    code = "too_far"


class SettledError(ConflictError):
    """It is known already which core record a record is."""

    code = "settled"


@dataclass(frozen=True, slots=True)
class Staging:
    """The staging explorer of one organisation."""

    runner: Runner

    @property
    def database(self) -> Database:
        """Return where the records are."""
        return self.runner.database

    @property
    def organisation_id(self) -> UUID:
        """Return whose they are."""
        return self.runner.organisation_id

    # -- looking --------------------------------------------------------------------------------

    async def counts(
        self, resource: str | None = None, connections: Sequence[UUID] | None = None
    ) -> list[Count]:
        """Return how many records there are in each state, by connection, resource and status.

        Args:
            connections: of these stores; None: of all.

        Raises:
            UnknownNameError: there is no such resource.
        """
        if resource is not None:
            _noun(resource)
        chosen = await self._chosen(connections)
        async with self._transaction() as tx:
            counts = await repository.read_counts(
                tx, self.organisation_id, resource, [connection.id for connection in chosen]
            )
        return [count for count in counts if count.state.is_shown]

    async def page(
        self,
        wanted: Filter,
        sort: Sort = Sort.MODIFIED,
        *,
        is_descending: bool = True,
        page: int = 1,
        page_size: int = 50,
    ) -> StagedPage:
        """Return one page of the table, the first is 1.

        Raises:
            UnknownNameError: there is no such resource.
            NotSortableError: its records have no name to be sorted by.
            TooFarError: the page lies behind the first 10,000 rows.
        """
        _noun(wanted.resource)
        page_size = min(max(page_size, 1), MOST_ON_A_PAGE)
        part = Slice(sort, is_descending, (page - 1) * page_size, page_size)
        if part.offset + part.limit > MOST_COUNTED:
            raise TooFarError(
                f"Pages reach {MOST_COUNTED:,} rows.", remedy="Narrow the filter, or search."
            )
        connections = await self._chosen(wanted.connection_ids)
        names = {connection.id: connection.name for connection in connections}
        async with self._transaction(is_steady=True) as tx:
            counts = await repository.read_counts(
                tx, self.organisation_id, wanted.resource, list(names)
            )
            stretches = stretches_of(counts, wanted)
            found, is_cut = None, False
            if wanted.search and wanted.search.strip():
                found, is_cut = await self._search(tx, wanted, stretches)
            chapter = await repository.read_chapter(
                tx, self.organisation_id, wanted, part, stretches, found
            )
            rows = await repository.read_records(
                tx, self.organisation_id, wanted.resource, chapter.ids, names
            )
        return StagedPage(
            data=tuple(rows),
            row_count=chapter.count,
            is_cut_off=chapter.is_cut_off or is_cut,
            page=page,
            page_size=page_size,
            counted_at=self.runner.clock(),
        )

    async def record(self, connection: str, resource: str, remote_id: str) -> WholeRecord:
        """Return a record with everything that promoting it would change, and what it may be.

        Raises:
            UnknownConnectionError: there is no such connection.
            UnknownStagedRecordError: there is no such record.
        """
        one = await self.runner.register.named(connection)
        noun = _noun(resource)
        record = await self._one(one, resource, remote_id)
        async with self._transaction(is_steady=True) as tx:
            store = await open_store(tx, self.organisation_id, one.id)
            return await look_at(tx, store, noun, record)

    # -- choosing -------------------------------------------------------------------------------

    async def choose(
        self, chosen: Chosen, action: ChoiceAction, *, rule_id: UUID | None = None
    ) -> Chose:
        """Select, deselect, ignore or restore what is meant: all of it, or nothing.

        Records that were promoted, or that came, since the person looked are told by
        :attr:`Chose.is_as_seen`.

        Raises:
            UnknownNameError: there is no such resource.
            DatabaseBusyError: others hold the records all the time.
        """
        _noun(chosen.filter.resource)
        connections = [c.id for c in await self._chosen(chosen.filter.connection_ids)]
        why = "A rule ignores it." if rule_id else None

        async def do(tx: Transaction) -> Chose:
            return await repository.make_choice(
                tx,
                self.organisation_id,
                chosen,
                action,
                connections,
                rule_id=rule_id,
                why=why if action is ChoiceAction.IGNORE else None,
            )

        return await self._patiently(do)

    async def map(
        self, connection: str, resource: str, remote_id: str, core_id: UUID | None
    ) -> StagedRecord:
        """Say which core record a record is, None: a new one; it is selected for promotion.

        Raises:
            UnknownStagedRecordError: there is no such record, or no such core record.
            SettledError: it is a core record already, or is not one that could be mapped.
        """
        one = await self.runner.register.named(connection)
        noun = _noun(resource)

        async def do(tx: Transaction) -> bool:
            if core_id is not None and not await documents(tx, noun, [core_id], parts=False):
                raise UnknownStagedRecordError(f"There is no core record {core_id} of {resource}.")
            store = Store(self.organisation_id, one.id)
            origin = store.origin(resource, remote_id)
            if await links(tx, [origin]):
                return False
            return await repository.link_by_hand(tx, store, resource, remote_id, core_id)

        is_mapped = await self._patiently(do)
        record = await self._one(one, resource, remote_id)
        if not is_mapped:
            raise SettledError(
                f"{resource} {remote_id} is {record.state.value.replace('_', ' ')}: it is not mapped.",
                remedy="Only what is new or waits can be mapped.",
            )
        return record

    # -- promoting ------------------------------------------------------------------------------

    async def preview(self, chosen: Chosen) -> Preview:
        """Say what a promotion would do; it does nothing.

        Raises:
            UnknownNameError: there is no such resource.
        """
        _noun(chosen.filter.resource)
        connections = await self._chosen(chosen.filter.connection_ids)
        return await self._promoting.preview(chosen, connections)

    async def promote(self, chosen: Chosen, user_id: UUID | None = None) -> list[AskedPromotion]:
        """Ask for a promotion of what is meant, a run of each store; a worker does them.

        What is meant is settled now: what comes later is not among it.

        Raises:
            UnknownNameError: there is no such resource.
            ConnectionPausedError: a store that is meant is not read at all.
            QueueFullError: too many runs of a store wait already.
        """
        _noun(chosen.filter.resource)
        connections = await self._chosen(chosen.filter.connection_ids)
        return await self._promoting.ask(chosen, connections, user_id)

    async def work(self, name: str, observe: Observer) -> RunState:
        """Do a promotion that was asked for; see :meth:`Promoting.work`."""
        return await self._promoting.work(name, observe)

    # -- following ------------------------------------------------------------------------------

    async def compare(self, name: str, most: int = MOST_COMPARED) -> int:
        """Compare the records of a store that changed with core; return how many that were.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        connection = await self.runner.register.named(name)
        await self.mapped_anew(connection)
        count = 0
        while count < most:
            async with self._transaction() as tx:
                store = await open_store(tx, self.organisation_id, connection.id)
                compared = await compare_some(tx, store)
            if not compared:
                break
            count += compared
        return count

    async def mapped_anew(self, connection: Connection) -> int:
        """Let linked records be compared again, where another import mapping is active since.

        Until all are marked the switch is written down: whoever dies in between leaves it, and the
        next one begins anew.
        """
        owner = (self.organisation_id, connection.id)
        async with self._transaction() as tx:
            switched_at = await read_switch(tx, owner)
        if switched_at is None:
            return 0
        store, count = Store(*owner), 0
        for resource in RESOURCES:
            mark = partial(repository.make_stale, store=store, resource=resource.name)
            count += await self._patiently(mark)
        async with self._transaction() as tx:
            await drop_switch(tx, owner, switched_at)
        return count

    async def follow(self, connection_id: UUID) -> None:
        """Do what runs of a store leave to be done: compare what changed, then apply the rules."""
        for connection in await self._chosen([connection_id]):
            await self.compare(connection.name)
            await self.rules.follow(connection)

    @property
    def rules(self) -> StagingRules:
        """Return the verbs about rules."""

        async def choose(chosen: Chosen, action: ChoiceAction, rule_id: UUID) -> Chose:
            return await self.choose(chosen, action, rule_id=rule_id)

        return StagingRules(self.runner, choose)

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _promoting(self) -> Promoting:
        return Promoting(self.runner)

    async def named(
        self, connection: Connection, resource: str, ids: Sequence[str]
    ) -> list[StagedRecord]:
        """Return what the table shows of some records, without those that there are not."""
        own, names = [(connection.id, one) for one in ids], {connection.id: connection.name}
        async with self._transaction() as tx:
            return await repository.read_records(tx, self.organisation_id, resource, own, names)

    async def _one(self, connection: Connection, resource: str, remote_id: str) -> StagedRecord:
        rows = await self.named(connection, resource, [remote_id])
        if not rows or not rows[0].state.is_shown:
            raise UnknownStagedRecordError(f"There is no record {resource}/{remote_id}.")
        return rows[0]

    async def _search(
        self, tx: Transaction, wanted: Filter, stretches: Sequence[Stretch]
    ) -> tuple[list[tuple[UUID, str]], bool]:
        """Return the records that a text occurs in, and whether there may be more."""
        connections = {stretch.connection_id for stretch in stretches}
        tallies = await read_tallies(tx, self.organisation_id, wanted.resource, connections)
        in_twin = {TwinStretch(tally.connection_id, tally.status) for tally in tallies}
        shown = [one for one in in_twin if not wanted.status or one.status in wanted.status]
        text = wanted.search or ""
        found = await search(tx, self.organisation_id, wanted.resource, shown, text, Span())
        gone = await repository.find_gone(tx, self.organisation_id, wanted, stretches)
        return list(dict.fromkeys([*found.records, *gone])), found.is_cut

    async def _chosen(self, connections: Sequence[UUID] | None) -> list[Connection]:
        every = await self.runner.register.every()
        return [one for one in every if connections is None or one.id in connections]

    async def _patiently(self, do: Callable[[Transaction], Awaitable[_T]]) -> _T:
        """Change records in one transaction; where others hold them, let go and try again.

        Whoever reads the store holds records in an order of his own: he is never made to wait for
        one who waits for him.

        Raises:
            DatabaseBusyError: others hold them all the time.
        """
        for _ in range(MOST_TRIES):
            try:
                async with self._transaction() as tx:
                    await tx.set_local("lock_timeout", PATIENCE)
                    return await do(tx)
            except DatabaseBusyError:
                await asyncio.sleep(BREATH)
        async with self._transaction() as tx:
            return await do(tx)

    def _transaction(self, *, is_steady: bool = False) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id, is_steady=is_steady)


def _noun(resource: str) -> Noun:
    """Return what the records of a resource become.

    Raises:
        UnknownNameError: there is no such resource.
    """
    noun = noun_of(resource)
    if noun is None:
        raise UnknownNameError(
            f"There is no resource {resource!r}.",
            remedy="See which there are: storetwin staging, or GET /api/v1/staging.",
        )
    return noun


__all__ = ["Staging", "State", "TooFarError", "UnknownStagedRecordError"]
