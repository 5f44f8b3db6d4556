"""Which store answers at an address: looking, and accepting it as it is now."""

from __future__ import annotations

from dataclasses import dataclass

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.hub.running import Runner
from storetwin.mirror.acceptance import trust
from storetwin.mirror.identity import Look, Looker


@dataclass(frozen=True, slots=True)
class Identities:
    """What a person does when a store is not the one that was trusted."""

    runner: Runner

    async def look(self, name: str) -> tuple[Connection, Look]:
        """Ask the store which one it is and compare it with the twin; nothing is written.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        connection = await self.runner.register.get(name)
        return connection, await self._look(connection)

    async def accept(
        self,
        name: str,
        *,
        url: str | None = None,
        is_restored: bool = False,
        is_replaced: bool = False,
    ) -> tuple[Connection, Look]:
        """Trust the store as it is now, and resume the connection.

        Args:
            url: where the shop is from now on; the same store has to answer there.
            is_restored: it went back or was emptied: everything is read again.
            is_replaced: another store took its place: every record of the twin gets a tombstone.

        Raises:
            NotAcceptableError: something else is there than what is accepted.
            RunInProgressError: a run of the connection is at work.
            ConnectionExistsError: another connection leads to this address.
        """
        connection = await self.runner.register.get(name)
        if url is not None:
            connection = await self.runner.register.at(connection, url)
        async with self.runner.none_running(connection):
            look = await self._look(connection)
            await trust(
                self.runner.database,
                connection,
                look,
                self.runner.clock(),
                is_restored=is_restored,
                is_replaced=is_replaced,
            )
        return await self.runner.register.get(name), look

    async def _look(self, connection: Connection) -> Look:
        stores = self.runner.stores
        credentials = self.runner.register.credentials(connection)
        client = stores.make_client(connection, credentials)
        try:
            catalogue = catalogue_for(connection.options)
            routes = await stores.first_question(client, connection, credentials, catalogue)
            return await Looker(self.runner.database, client, routes, connection).look()
        finally:
            await client.close()
