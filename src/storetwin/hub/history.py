"""What the twin held and when: one record through time, and all of them over a span."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.hub.pruning import DELIVERIES_FOR, RECEIPTS_FOR, Pruned, Pruner
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import UnknownNameError
from storetwin.mirror import history, repository
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
    """

    version: Version
    document: bytes


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
            return Held(version, await self._document(tx, shelf, remote_id, version))

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
            before = await self._document(tx, shelf, remote_id, one)
            after = await self._document(tx, shelf, remote_id, other)
        return Between(one, other, compare(before, after, declared.volatile))

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
        chosen = await self.register.get(connection)
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
        connection = await self.register.get(name)
        pruner = Pruner(self.database, self.organisation_id, self.clock, is_rehearsal)
        return await pruner.prune(
            connection, observe, deliveries_for=deliveries_for, receipts_for=receipts_for
        )

    async def _shelf(self, connection: str, resource: str) -> tuple[Shelf, Resource]:
        chosen = await self.register.get(connection)
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
    ) -> bytes:
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
