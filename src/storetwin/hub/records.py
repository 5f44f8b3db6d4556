"""What the twin holds now: lists of records, with their documents or without."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.register import Register
from storetwin.db.database import Database, Transaction
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mirror import finding
from storetwin.mirror.finding import Found, Order, Position, Wanted
from storetwin.mirror.repository import Shelf
from storetwin.runs import repository as runs
from storetwin.runs.models import Cursor

MOST_BYTES = 4 * 1024 * 1024
"""Of the documents of one page; one document is always taken, however big."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One record; its document where that was asked for.

    Args:
        document: exact bytes, what is sealed in them hidden.
    """

    found: Found
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the twin has of one resource.

    Args:
        is_pulled: it is read through this connection.
        counts: records by state.
        changed_at: when one of them was last written here.
        cursor: how far it was read; None before the first pull.
    """

    resource: str
    is_pulled: bool
    counts: dict[str, int]
    changed_at: datetime | None
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Records:
    """Reads what one organisation's twins hold; whatever is sealed stays hidden."""

    database: Database
    register: Register
    organisation_id: UUID

    async def inventory(self, connection: str) -> list[Inventory]:
        """Return every resource of a connection, in pull order, counted.

        Raises:
            UnknownNameError: there is no such connection.
        """
        chosen = await self.register.named(connection)
        catalogue = catalogue_for(chosen.options)
        shelf = Shelf(self.organisation_id, chosen.id, "")
        names = [resource.name for resource in catalogue.resources]
        async with self.database.transaction(self.organisation_id, is_steady=True) as tx:
            counts = await finding.count_of(tx, shelf)
            changed = await finding.last_changes_of(tx, shelf, names)
            cursors = await runs.read_cursors(tx, chosen.id)
        return [
            Inventory(
                resource=resource.name,
                is_pulled=resource.name not in catalogue.left_out,
                counts={state.value: n for state, n in counts.get(resource.name, {}).items()},
                changed_at=changed.get(resource.name),
                cursor=cursors.get(resource.name),
            )
            for resource in catalogue.resources
        ]

    async def page(
        self,
        connection: str,
        resource: str,
        wanted: Wanted,
        *,
        order: Order = Order.ID,
        after: Position | None = None,
        limit: int,
        with_documents: bool = False,
    ) -> tuple[list[Shown], Position | None]:
        """Return records behind a position, and the position of the next page; None on the last.

        With documents a page ends where they come to :data:`MOST_BYTES`.

        Raises:
            UnknownNameError: there is no such connection or resource.
            TooWideError: few records fit and many have to be looked at.
        """
        shelf = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            found = await finding.page_records(
                tx, shelf, wanted, order=order, after=after, limit=limit + 1
            )
            piece: Sequence[Found] = found[:limit]
            if with_documents:
                piece = finding.within(piece, MOST_BYTES)
            position = _position(piece[-1]) if len(piece) < len(found) else None
            return await self._shown(tx, shelf, piece, with_documents), position

    async def search(
        self,
        connection: str,
        resource: str,
        text: str,
        wanted: Wanted,
        *,
        after: Position | None = None,
        limit: int,
        with_documents: bool = False,
    ) -> tuple[list[Shown], Position | None]:
        """Return records in which a text occurs, by their ids; else as :meth:`page`.

        A page may be short, even empty, and not be the last, where others conditions hold few.

        Raises:
            ConfigurationError: the text is too short, or ids are asked for as well.
        """
        if wanted.ids is not None:
            raise ConfigurationError("Ask for ids or for a text.", remedy="Leave one out.")
        shelf = await self._shelf(connection, resource)
        behind = after[1] if after else ""
        async with self._transaction() as tx:
            ids = await finding.search_ids(tx, shelf, text, after=behind, limit=limit + 1)
            some = finding.only(wanted, ids[:limit])
            found = await finding.page_records(tx, shelf, some, limit=limit)
            piece = finding.within(found, MOST_BYTES) if with_documents else found
            last = ids[limit - 1] if len(ids) > limit else None
            if len(piece) < len(found):
                last = piece[-1].remote_id
            shown = await self._shown(tx, shelf, piece, with_documents)
        return shown, None if last is None else (None, last)

    async def one(self, connection: str, resource: str, remote_id: str) -> Shown:
        """Return one record as it is now, with its document; also one that is gone.

        Raises:
            UnknownNameError: the twin has no such record.
        """
        shelf = await self._shelf(connection, resource)
        async with self._transaction() as tx:
            found = await finding.read_records(tx, shelf, [remote_id])
        if remote_id not in found:
            raise UnknownNameError(
                f"The twin has no {shelf.resource} {remote_id}.",
                remedy="The list of records says which it has; a pull brings what the store has.",
            )
        return Shown(*found[remote_id])

    async def _shown(
        self, tx: Transaction, shelf: Shelf, piece: Sequence[Found], with_documents: bool
    ) -> list[Shown]:
        if not with_documents:
            return [Shown(one) for one in piece]
        read = await finding.read_records(tx, shelf, [one.remote_id for one in piece])
        return [Shown(*read[one.remote_id]) for one in piece if one.remote_id in read]

    async def _shelf(self, connection: str, resource: str) -> Shelf:
        chosen = await self.register.named(connection)
        name = catalogue_for(chosen.options).named(resource).name
        return Shelf(self.organisation_id, chosen.id, name)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _position(found: Found) -> Position:
    return found.changed_at, found.remote_id
