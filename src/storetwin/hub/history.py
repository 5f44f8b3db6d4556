"""What the twin held and when: one record through time, and all of them over a span."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.hub.pruning import DELIVERIES_FOR, RECEIPTS_FOR, Pruned, Pruner
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import UnknownNameError
from storetwin.mirror import changes, history, repository
from storetwin.mirror.changes import Change, Chosen, Position
from storetwin.mirror.differences import Comparison, compare
from storetwin.mirror.history import Event, Version
from storetwin.mirror.repository import Shelf
from storetwin.resources import Resource

EVENTS_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One version of a record, and what it changed.

    Args:
        fields: names of the fields that differ from the version before; None where that one is
            not kept any more.
    """

    version: Version
    fields: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Held:
    """What the twin had of a record at a moment.

    Args:
        document: its exact bytes, what is sealed in it hidden; of a tombstone what it had last.
        is_masked: something in it is sealed.
    """

    version: Version
    document: bytes
    is_masked: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """Two versions of a record, and how they differ."""

    first: Version
    second: Version
    comparison: Comparison

    @property
    def is_same(self) -> bool:
        """Say whether they are the same byte for byte, what is sealed in them included."""
        is_same_content = self.first.content_hash == self.second.content_hash
        return self.comparison.is_same and is_same_content


@dataclass(frozen=True, slots=True)
class History:
    """Reads what one organisation's twins were; whatever is sealed stays hidden."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def record(
        self, connection: str, resource: str, remote_id: str
    ) -> tuple[Row, list[Version]]:
        """Return one record with its exact text, and its earlier versions, the latest first.

        Raises:
            UnknownNameError: the twin has no such record.
        """
        shelf, _ = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            row = await repository.show_record(tx, shelf, remote_id)
            if row is None:
                raise _unknown(connection, shelf, remote_id)
            versions = await history.list_history(tx, shelf, remote_id)
            return row, [v for v in reversed(versions) if v.number < row["version"]]

    async def versions(self, connection: str, resource: str, remote_id: str) -> list[Told]:
        """Return every version of a record that is kept, ascending, with what each changed.

        Raises:
            UnknownNameError: the twin has no such record.
        """
        shelf, declared = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            versions = await self._versions(tx, connection, shelf, remote_id)
            fields = await history.changed_fields(tx, shelf, remote_id, versions, declared.volatile)
        return [Told(version, names) for version, names in zip(versions, fields, strict=True)]

    async def page_versions(
        self, connection: str, resource: str, remote_id: str, *, before: int | None, limit: int
    ) -> tuple[list[Told], bool]:
        """Return some versions of a record, the latest first, and whether there are earlier ones.

        Args:
            before: only versions with a lower number.

        Raises:
            UnknownNameError: the twin has no such record.
        """
        shelf, declared = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            versions = await self._versions(tx, connection, shelf, remote_id)
            below = [v for v in versions if before is None or v.number < before]
            piece = below[-limit - 1 :]  # the one before the first is needed to compare
            fields = await history.changed_fields(tx, shelf, remote_id, piece, declared.volatile)
        told = [Told(version, names) for version, names in zip(piece, fields, strict=True)]
        return told[-limit:][::-1], len(below) > limit

    async def changes(
        self,
        connection: str | None,
        resource: str | None,
        chosen: Chosen,
        span: tuple[datetime, datetime],
        *,
        before: Position | None = None,
        limit: int = EVENTS_A_PAGE,
    ) -> tuple[list[Change], Position | None]:
        """Return what was written in a span, the latest first, and from where the next page goes on.

        Where few versions fit a page may be short, even empty, and not be the last.

        Args:
            connection: None for all of the organisation.
            span: from the first moment on, until before the second.
            before: where the page before ended.

        Raises:
            UnknownNameError: there is no such connection or resource.
        """
        every = await self.register.every()
        if connection is not None:
            every = [await self.register.named(connection)]
        catalogues = {one.id: catalogue_for(one.options) for one in every}
        if resource is not None:
            resource = catalogue_of_all(one.options for one in every).named(resource).name
        volatile = {
            key: {r.name: r.volatile for r in catalogue.resources}
            for key, catalogue in catalogues.items()
        }
        since, until = span
        begin = before or (until, changes.FIRST, "", "", 0)
        async with self._transaction() as tx:
            found, position = await changes.page_changes(
                tx,
                self.organisation_id,
                list(volatile),
                resource,
                chosen,
                since=since,
                before=begin,
                limit=limit,
            )
            return await changes.with_fields(tx, self.organisation_id, found, volatile), position

    async def at(self, connection: str, resource: str, remote_id: str, when: str) -> Held:
        """Return what the twin had of a record at a moment; of a record that was gone its tombstone.

        Args:
            when: a time (UTC where it names no zone), a version's number, or ``now``.

        Raises:
            UnknownNameError: it had none then, or it is not kept any more; says since when it is.
            ConfigurationError: it is no time.
        """
        shelf, _ = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            versions = await self._versions(tx, connection, shelf, remote_id)
            version = history.find_version(versions, when)
            return Held(version, *await self._document(tx, shelf, remote_id, version))

    async def difference(
        self, connection: str, resource: str, remote_id: str, first: str, second: str
    ) -> Between:
        """Compare two versions of a record, field by field.

        Args:
            first: what it was: a version's number, a time, or ``now``.
            second: what it became, likewise.

        Raises:
            UnknownNameError: as for :meth:`at`.
            ConfigurationError: one is neither a number nor a time.
        """
        shelf, declared = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            versions = await self._versions(tx, connection, shelf, remote_id)
            one, other = (history.find_version(versions, text) for text in (first, second))
            before, _ = await self._document(tx, shelf, remote_id, one)
            after, _ = await self._document(tx, shelf, remote_id, other)
        found = await asyncio.to_thread(compare, before, after, declared.volatile)
        return Between(one, other, found)

    async def events(
        self,
        connection: str,
        resource: str | None,
        since: datetime,
        until: datetime,
    ) -> AsyncIterator[Event]:
        """Yield each version that was written in a span, the latest first.

        They are read :data:`EVENTS_A_PAGE` at a time, each page in a transaction of its own.

        Args:
            resource: of this resource only.
            since: from then on.
            until: until then, itself excluded.
        """
        chosen = await self.register.named(connection)
        catalogue = catalogue_for(chosen.options)
        name = catalogue.named(resource).name if resource else ""
        shelf = Shelf(self.organisation_id, chosen.id, name)
        volatile = {r.name: r.volatile for r in catalogue.resources}
        before = (until, "", "", 0)
        while True:
            async with self._transaction() as tx:
                page = await history.page_events(
                    tx, shelf, since, before, limit=EVENTS_A_PAGE, volatile=volatile
                )
            for event in page:
                yield event
            if len(page) < EVENTS_A_PAGE:
                return
            last = page[-1]
            before = (last.written_at, last.resource, last.remote_id, last.version)

    async def prune(
        self,
        name: str,
        *,
        is_rehearsal: bool = False,
        observe: Callable[[Pruned], None] = lambda _: None,
        deliveries_for: timedelta = DELIVERIES_FOR,
        receipts_for: timedelta = RECEIPTS_FOR,
    ) -> Pruned:
        """Drop the earlier versions that the connection's rule does not keep, and old deliveries.

        Without a rule every version stays. It goes in small steps beside everything else, and may
        be stopped at any of them.

        Args:
            is_rehearsal: drop nothing, only count.
            deliveries_for: how long settled deliveries of webhooks stay.
            receipts_for: how long the runs stay that applied deliveries.
        """
        connection = await self.register.named(name)
        pruner = Pruner(self.database, self.organisation_id, self.clock, is_rehearsal)
        return await pruner.prune(
            connection, observe, deliveries_for=deliveries_for, receipts_for=receipts_for
        )

    async def _shelf(self, connection: str, resource: str) -> tuple[Shelf, Resource]:
        chosen = await self.register.named(connection)
        declared = catalogue_for(chosen.options).named(resource)
        return Shelf(self.organisation_id, chosen.id, declared.name), declared

    async def _versions(
        self, tx: Transaction, connection: str, shelf: Shelf, remote_id: str
    ) -> list[Version]:
        versions = await history.list_history(tx, shelf, remote_id)
        if not versions:
            raise _unknown(connection, shelf, remote_id)
        return versions

    async def _document(
        self, tx: Transaction, shelf: Shelf, remote_id: str, version: Version
    ) -> tuple[bytes, bool]:
        document = await history.read_version(tx, shelf, remote_id, version.number)
        if document is None:
            raise UnknownNameError(
                f"Version {version.number} was removed a moment ago.", remedy="Ask again."
            )
        return document

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _unknown(connection: str, shelf: Shelf, remote_id: str) -> UnknownNameError:
    return UnknownNameError(
        f"The twin of {connection} has no {shelf.resource} {remote_id}.",
        remedy=f"`storetwin pull {connection} --record {shelf.resource}/{remote_id}` brings it, "
        "if the store has it.",
    )
