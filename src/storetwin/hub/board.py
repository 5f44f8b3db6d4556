"""The order board: an application reads its orders here, from the twin and never from a store."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from storetwin.connections.catalogue import catalogue_of_all
from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.db.database import Database, Transaction
from storetwin.kernel.errors import UnknownNameError
from storetwin.reading import board
from storetwin.reading.board_models import (
    HIDDEN,
    Asked,
    NamedStatus,
    Statistics,
    Synced,
    TablePage,
    WholeOrder,
    amounts_of,
    is_paid,
    statuses_of,
)
from storetwin.reading.tallies import Days, read_tallies

NO_CONNECTION = (
    "There is no connection yet: make one (POST /api/v1/connections, or storetwin connection add)."
)
NOTHING_PULLED = "Nothing was pulled yet: ask for a run (POST /api/v1/runs, or storetwin pull)."


class UnknownOrderError(UnknownNameError):
    """The twin holds no order of this id."""

    code = "unknown_order"


@dataclass(frozen=True, slots=True)
class Board:
    """Reads the tables of one organisation."""

    database: Database
    register: Register
    organisation_id: UUID

    async def page(self, asked: Asked) -> TablePage:
        """Return one page of a table.

        Raises:
            UnknownConnectionError: there is no such connection.
            UnknownNameError: there is no such resource.
        """
        connections = await self._chosen(asked.connection)
        if not connections:
            return TablePage(rows=[], hint=NO_CONNECTION)
        names = {connection.id: connection.name for connection in connections}
        async with self._transaction() as tx:
            return await board.read_page(tx, self.organisation_id, asked, names)

    async def table(self, asked: Asked) -> TablePage:
        """Return one page of a resource's table; see :meth:`page`."""
        connections = await self._chosen(asked.connection)
        catalogue_of_all(one.options for one in connections).named(asked.resource)
        return await self.page(asked)

    async def show(self, order_id: str) -> WholeOrder:
        """Return one order, gone or not, with its refunds and notes.

        Raises:
            UnknownOrderError: the twin holds none of this id.
        """
        connection_text, _, remote_id = order_id.partition(":")
        own = {str(c.id): c for c in await self.register.every()}
        connection = own.get(connection_text)
        if connection is not None:
            async with self._transaction() as tx:
                found = await board.read_order(
                    tx, self.organisation_id, connection.id, remote_id, connection.name
                )
            if found is not None:
                return found
        raise UnknownOrderError(
            f"The twin holds no order {order_id!r}.",
            remedy="An order's id is the order_id of a list, like <connection id>:1234.",
        )

    async def statistics(
        self, connection: str | None, days: Days, paid: frozenset[str] | None
    ) -> Statistics:
        """Return what the orders come to.

        Args:
            days: only those that were created then.
            paid: statuses that are revenue; None: as WooCommerce sees it.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        connections = await self._chosen(connection)
        ids = [one.id for one in connections]
        async with self._transaction() as tx:
            tallies = await read_tallies(tx, self.organisation_id, board.ORDERS, ids, days)
            syncs = await board.read_syncs(tx, ids, board.ORDERS)
        hint = None
        if not connections:
            hint = NO_CONNECTION
        elif not tallies and not syncs:
            hint = NOTHING_PULLED
        return Statistics(
            orders=sum(tally.records for tally in tallies if tally.status not in HIDDEN),
            by_status=statuses_of(tallies, paid),
            revenue=amounts_of(tally for tally in tallies if is_paid(tally.status, paid)),
            last_sync_at=max(syncs.values(), default=None),
            connections=[
                Synced(connection=one.name, last_sync_at=syncs.get(one.id)) for one in connections
            ],
            hint=hint,
        )

    async def statuses(self, connection: str | None) -> list[NamedStatus]:
        """Return the statuses that orders have, or that their stores say they have.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        ids = [one.id for one in await self._chosen(connection)]
        async with self._transaction() as tx:
            tallies = await read_tallies(tx, self.organisation_id, board.ORDERS, ids)
            names = await board.read_names(tx, self.organisation_id, ids)
        counts: dict[str, int] = dict.fromkeys(names, 0)
        for tally in tallies:
            counts[tally.status] = counts.get(tally.status, 0) + tally.records
        return [
            NamedStatus(status=s, name=names.get(s), orders=n, is_paid=is_paid(s))
            for s, n in sorted(counts.items(), key=lambda count: (-count[1], count[0]))
        ]

    async def _chosen(self, connection: str | None) -> list[Connection]:
        if connection is not None:
            return [await self.register.named(connection)]
        return await self.register.every()

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id, is_steady=True)
