"""The verbs about core: the back office's own records, what people change of them, customer figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.connections.register import Register
from storetwin.core import edit as editing
from storetwin.core import figures
from storetwin.core.figures import Figures, Ranked, SegmentCount, Settings
from storetwin.core.listing import Wanted, list_records
from storetwin.core.read import (
    Document,
    RecordChange,
    RecordEdit,
    RecordLink,
    changes_of,
    documents,
    edits_of,
    links_of,
)
from storetwin.core.segments import Segment
from storetwin.core.write import hold
from storetwin.db.database import Database, Transaction
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import UnknownNameError
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS, noun_of

LATEST = 20
"""Changes that are shown with a record."""


@dataclass(frozen=True, slots=True)
class CoreRecord:
    """A record with all that is known of it.

    Args:
        links: the stores' records that it came from.
        edits: what people changed.
        changes: the latest ones, the newest first.
        figures: of a customer, by currency.
    """

    noun: Noun
    document: Document
    links: tuple[RecordLink, ...]
    edits: tuple[RecordEdit, ...]
    changes: tuple[RecordChange, ...]
    figures: tuple[Figures, ...] = ()


@dataclass(frozen=True, slots=True)
class Core:
    """The core of one organisation."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def page(
        self,
        name: str,
        wanted: Wanted,
        *,
        connection: str | None = None,
        after: UUID | None = None,
        limit: int = 50,
    ) -> list[Document]:
        """Return some records of a noun without their parts, the newest in core first.

        Args:
            connection: only what this store has: its name or id.

        Raises:
            UnknownNameError: no such noun, or connection.
            ConfigurationError: it cannot be filtered like that.
        """
        noun = noun_named(name)
        if connection is not None:
            connection_id = (await self.register.named(connection)).id
            wanted = Wanted(
                wanted.search,
                connection_id,
                wanted.values,
                wanted.is_gone,
                wanted.is_edited,
                wanted.changed_since,
            )
        async with self._transaction() as tx:
            return await list_records(tx, noun, wanted, after=after, limit=limit)

    async def one(self, name: str, core_id: UUID) -> CoreRecord:
        """Return a record with its parts, and where it comes from.

        Raises:
            UnknownNameError: no such noun, or record.
        """
        noun = noun_named(name)
        async with self._transaction() as tx:
            return await self._record(tx, noun, core_id)

    async def edit(
        self, name: str, core_id: UUID, given: Mapping[str, Any], *, user_id: UUID | None
    ) -> CoreRecord:
        """Change columns of a record: from now on they stand whatever stores say.

        Raises:
            UnknownNameError: no such noun, or record.
            BadValueError: a column cannot be changed, or not into that.
        """
        return await self.change(name, core_id, given, (), user_id=user_id)

    async def take_back(
        self, name: str, core_id: UUID, fields: Sequence[str], *, user_id: UUID | None
    ) -> CoreRecord:
        """Let columns of a record be again what stores say.

        Raises:
            UnknownNameError: no such noun, or record.
        """
        return await self.change(name, core_id, {}, fields, user_id=user_id)

    async def change(
        self,
        name: str,
        core_id: UUID,
        given: Mapping[str, Any],
        back: Sequence[str],
        *,
        user_id: UUID | None,
    ) -> CoreRecord:
        """Change columns of a record and take other changes back, both or nothing."""
        noun, now = noun_named(name), self.clock()
        async with self._transaction() as tx:
            if back or not given:
                await editing.take_back(tx, noun, core_id, back, user_id, now)
            if given:
                await editing.edit(tx, noun, core_id, given, user_id, now)
            return await self._record(tx, noun, core_id)

    async def changes(
        self, name: str, core_id: UUID | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[RecordChange]:
        """Return what changed of a record, or of all of a noun, the newest first.

        Raises:
            UnknownNameError: no such noun.
        """
        noun = noun_named(name)
        async with self._transaction() as tx:
            return await changes_of(tx, noun, core_id, before=before, limit=limit)

    # -- customers ------------------------------------------------------------------------------

    async def figures(self, customer_id: UUID) -> list[Figures]:
        """Return what a customer's orders come to, by currency; recency is that of this moment.

        Raises:
            UnknownNameError: no such customer.
        """
        noun = NOUNS["customers"]
        async with self._transaction() as tx:
            if not await documents(tx, noun, [customer_id], parts=False):
                raise _unknown(noun)
            return await figures.figures_of(tx, [customer_id], self.clock())

    async def segments(self) -> list[SegmentCount]:
        """Return how many customers are what to the shop, by currency."""
        async with self._transaction() as tx:
            return await figures.count_segments(tx, self.clock())

    async def segment(
        self,
        segment: Segment,
        *,
        currency: str | None = None,
        after: tuple[UUID, str] | None = None,
        limit: int = 50,
    ) -> list[Ranked]:
        """Return some customers of a segment, by id and currency."""
        async with self._transaction() as tx:
            return await figures.list_segment(
                tx, segment, currency=currency, after=after, limit=limit, now=self.clock()
            )

    async def settings(self) -> Settings:
        """Return what the organisation chose about its figures."""
        async with self._transaction() as tx:
            return await figures.read_settings(tx)

    async def configure(self, settings: Settings) -> Settings:
        """Choose which orders count, and the thresholds; where others count, all are counted anew."""
        now = self.clock()
        async with self._transaction() as tx:
            before = await figures.read_settings(tx)
            await figures.put_settings(tx, settings, now)
        if set(before.statuses) != set(settings.statuses):
            await self._count_anew(now)
        return settings

    async def _count_anew(self, now: datetime) -> None:
        after: UUID | None = None
        while True:
            async with self._transaction() as tx:
                await hold(tx)
                ids = await figures.next_customers(tx, after)
                await figures.settle_figures(tx, ids, now)
            if len(ids) < figures.MOST_AT_ONCE:
                return
            after = ids[-1]

    async def _record(self, tx: Transaction, noun: Noun, core_id: UUID) -> CoreRecord:
        found = await documents(tx, noun, [core_id])
        if core_id not in found or not found[core_id].is_of(noun):
            raise _unknown(noun)
        counted: tuple[Figures, ...] = ()
        if noun.name == "customers":
            counted = tuple(await figures.figures_of(tx, [core_id], self.clock()))
        return CoreRecord(
            noun,
            found[core_id],
            tuple(await links_of(tx, noun, core_id)),
            tuple(await edits_of(tx, noun, core_id)),
            tuple(await changes_of(tx, noun, core_id, before=None, limit=LATEST)),
            counted,
        )

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def noun_named(name: str) -> Noun:
    """Return a noun by its name, or by that of a resource whose records are reference records.

    Raises:
        UnknownNameError: there is none.
    """
    noun = NOUNS.get(name) or noun_of(name)
    if noun is None:
        raise UnknownNameError(f"Core has no {name[:60]!r}.", remedy=f"It has: {', '.join(NOUNS)}.")
    return noun


def _unknown(noun: Noun) -> UnknownNameError:
    return UnknownNameError(
        f"There is no such {noun.label.lower()}.", remedy="Look for it in the list."
    )
