"""How the hub reaches the stores of its connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storetwin.kernel.errors import StoretwinError

if TYPE_CHECKING:
    from collections.abc import Callable

    from storetwin.connections.models import Connection, Credentials
    from storetwin.connections.probe import Probe
    from storetwin.resources import Catalogue
    from storetwin.woocommerce.client import StoreClient
    from storetwin.woocommerce.routes import Routes


@dataclass(frozen=True, slots=True)
class Stores:
    """Makes clients, and finds out why a store does not let them in.

    Args:
        ahead: pages of one store that are asked for, in flight or waiting for their turn.
    """

    make_client: Callable[[Connection, Credentials], StoreClient]
    probe: Probe
    ahead: int

    async def first_question(
        self,
        client: StoreClient,
        connection: Connection,
        credentials: Credentials,
        catalogue: Catalogue,
    ) -> Routes:
        """Return what the store's routes take; where that fails, test the connection to say why."""
        from storetwin.connections.catalogue import namespaces_of
        from storetwin.connections.doubts import if_it_moved
        from storetwin.http.errors import RedirectedError

        try:
            return await client.capabilities(namespaces_of(catalogue))
        except StoretwinError as error:
            report = await self.probe(connection, credentials)
            trouble = report.trouble or error
            if isinstance(trouble, RedirectedError) and connection.identity is not None:
                trouble.remedy = if_it_moved(connection, trouble.target)
            raise trouble from error
