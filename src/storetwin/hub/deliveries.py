"""The verbs about single deliveries of webhooks: look at them, and let them be applied again."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import UUID

from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.db.errors import UniqueViolationError
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError, UnknownNameError
from storetwin.mirror import deliveries
from storetwin.mirror.deliveries import Inbox, Sought


class NamesNoRecordError(ConfigurationError):
    """A delivery that names no record has nothing to be read."""

    code = "names_no_record"


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What the stores of one organisation have told."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    async def page(
        self, connection: str, sought: Sought, *, behind: int | None = None, limit: int
    ) -> tuple[list[Row], int | None]:
        """Return deliveries without their bodies, the latest first, and behind which to go on.

        Where few fit a page may be short, even empty, and not be the last.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        inbox = await self._inbox(connection)
        start = deliveries.LAST if behind is None else behind
        async with self._transaction() as tx:
            return await deliveries.page_deliveries(tx, inbox, sought, behind=start, limit=limit)

    async def topics(self, connection: str) -> list[Row]:
        """Return what the latest deliveries come to, topic by topic.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        inbox = await self._inbox(connection)
        async with self._transaction() as tx:
            return await deliveries.count_topics(tx, inbox)

    async def one(self, connection: str, number: int) -> Row:
        """Return a delivery with its body, where that is kept still.

        Raises:
            UnknownNameError: there is no such connection or delivery.
        """
        inbox = await self._inbox(connection)
        async with self._transaction() as tx:
            return await self._read(tx, inbox, number)

    async def retry(self, connection: str, number: int) -> Row:
        """Let the record that a delivery names be read again at once; return the delivery.

        Raises:
            UnknownNameError: there is no such connection or delivery.
            NamesNoRecordError: there is nothing to be read.
        """
        inbox = await self._inbox(connection)
        async with self._transaction() as tx:
            row = await self._read(tx, inbox, number)
        if row["remote_id"] is None:
            raise NamesNoRecordError(
                f"Delivery {number} names no record.", remedy="There is nothing to be read."
            )
        now = self.clock()
        try:
            async with self._transaction() as tx:
                await deliveries.wake(tx, inbox, number, now=now)
                return await self._read(tx, inbox, number)
        except UniqueViolationError:  # its record waits already
            async with self._transaction() as tx:
                record = (row["resource"], row["remote_id"])
                await deliveries.wake_hint(tx, inbox, *record, now=now)
                return await self._read(tx, inbox, number)

    async def _read(self, tx: Transaction, inbox: Inbox, number: int) -> Row:
        row = await deliveries.read_delivery(tx, inbox, number)
        if row is None:
            raise UnknownNameError(
                f"There is no delivery {number}.",
                remedy="Deliveries are dropped seven days after they were settled.",
            )
        return row

    async def _inbox(self, connection: str) -> Inbox:
        return Inbox(self.organisation_id, (await self.register.named(connection)).id)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)
