"""Dropping what the twin holds of a resource: it is read again from its beginning."""

from __future__ import annotations

from collections.abc import Sequence

from storetwin.connections.models import Connection
from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries
from storetwin.mirror.repository import Shelf
from storetwin.runs import repository as runs

Q = load_queries(__package__)


async def forget(tx: Transaction, connection: Connection, resources: Sequence[str]) -> None:
    """Delete the records of these resources with all their versions, and where their pull stands."""
    await runs.clear_cursors(tx, connection.id, resources)
    for resource in resources:
        shelf = Shelf(connection.organisation_id, connection.id, resource)
        await tx.execute(Q.forget, shelf.params())
