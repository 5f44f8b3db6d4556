"""The staging explorer: what the stores' records would mean for core, and what a person chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.db.database import Database, Transaction
from storetwin.db.errors import DatabaseBusyError
from storetwin.hub.running import Runner
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mapping.nouns import noun_of
from storetwin.reading.choosing import Span
from storetwin.reading.choosing import Stretch as TwinStretch
from storetwin.reading.searching import search
from storetwin.reading.tallies import read_tallies
from storetwin.staging import repository
from storetwin.staging.choosing import MOST_COUNTED, Slice, Stretch, stretches_of
from storetwin.staging.models import (
    ChoiceAction,
    Chose,
    Chosen,
    Count,
    Filter,
    Sort,
    StagedPage,
    State,
)

MOST_ON_A_PAGE = 200
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
            _check_resource(resource)
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
        _check_resource(wanted.resource)
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
        _check_resource(chosen.filter.resource)
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

    # -- inside ---------------------------------------------------------------------------------

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


def _check_resource(resource: str) -> None:
    if noun_of(resource) is None:
        raise UnknownNameError(
            f"There is no resource {resource!r}.",
            remedy="See which there are: storetwin staging, or GET /api/v1/staging.",
        )


__all__ = ["Staging", "State", "TooFarError", "UnknownStagedRecordError"]
