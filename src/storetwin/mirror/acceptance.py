"""A person has decided: the store is trusted as it is now, and the twin follows."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from storetwin.connections import repository as connections
from storetwin.connections.doubts import StoreChangedError, check_acceptance, doubted
from storetwin.connections.identity import Identity, accepted, trusted
from storetwin.connections.models import Connection, ConnectionState
from storetwin.db.database import Database, Transaction
from storetwin.mirror import repository
from storetwin.mirror.identity import Look
from storetwin.mirror.repository import Shelf
from storetwin.mirror.writing import retire
from storetwin.runs import repository as runs

AT_ONCE = 500  # records that get their tombstones in one transaction


async def pause_for_doubt(
    tx: Transaction, connection: Connection, error: StoreChangedError
) -> None:
    """Let no run use the connection until a person has decided; remember what it was taken for."""
    remembered = Identity.from_json(connection.identity)
    await connections.keep_identity(tx, connection.id, doubted(remembered, error.judgement))
    await connections.keep_state(tx, connection.id, ConnectionState.PAUSED, error.message)


async def trust(
    database: Database,
    connection: Connection,
    look: Look,
    now: datetime,
    *,
    is_restored: bool,
    is_replaced: bool,
) -> None:
    """Remember a store as a person has accepted it, and resume its connection.

    Args:
        connection: with the address to keep.
        is_restored: it went back or was emptied.
        is_replaced: another store took its place.

    Raises:
        NotAcceptableError: something else is there than what is accepted; nothing was changed.
        UniqueViolationError: another connection leads to its address.
    """
    check_acceptance(connection, look.judgement, is_restored=is_restored, is_replaced=is_replaced)
    if is_replaced:
        await _trust_replaced(database, connection, look, now)
    elif is_restored:
        await _trust_restored(database, connection, look, now)
    else:
        identity = trusted(Identity.from_json(connection.identity), look.seen)
        async with database.transaction(connection.organisation_id) as tx:
            await _resume(tx, connection, identity)


async def _trust_restored(
    database: Database, connection: Connection, look: Look, now: datetime
) -> None:
    """Remember a store that went back: everything is read again, and nothing is buried here.

    What the store no longer has is buried by the certificate's own rule, each on a 404 of its own.
    """
    remembered = Identity.from_json(connection.identity)
    identity = accepted(remembered, look.seen, look.judgement, now)
    async with database.transaction(connection.organisation_id) as tx:
        await _forget_cursors(tx, connection)
        await _resume(tx, connection, identity)


async def _trust_replaced(
    database: Database, connection: Connection, look: Look, now: datetime
) -> None:
    """Retire every record of the old store, then remember the new one.

    Tombstones are set some at a time; where that stops, the connection is still paused and the
    same command goes on. All versions stay readable.
    """
    while await _retire_some(database, connection, now):
        pass
    async with database.transaction(connection.organisation_id) as tx:
        await _forget_cursors(tx, connection)
        while letters := await runs.list_dead_letters(tx, connection_id=connection.id):
            ids = [letter.dead_letter_id for letter in letters]
            await runs.discard_dead_letters(tx, ids, now=now)
        await _resume(tx, connection, look.seen)


async def _retire_some(database: Database, connection: Connection, now: datetime) -> bool:
    async with database.transaction(connection.organisation_id) as tx:
        shelf = Shelf(connection.organisation_id, connection.id, "")
        rows = await repository.list_to_retire(tx, shelf, limit=AT_ONCE)
        for resource, group in groupby(rows, key=lambda row: row["resource"]):
            ids = [row["remote_id"] for row in group]
            own = Shelf(connection.organisation_id, connection.id, resource)
            await retire(tx, own, ids, now=now)
    return bool(rows)


async def _forget_cursors(tx: Transaction, connection: Connection) -> None:
    cursors = await runs.read_cursors(tx, connection.id)
    await runs.clear_cursors(tx, connection.id, list(cursors))


async def _resume(tx: Transaction, connection: Connection, identity: Identity) -> None:
    await connections.keep_identity(tx, connection.id, identity)
    await connections.keep_url(tx, connection.id, connection.url)
    await connections.keep_state(tx, connection.id, ConnectionState.ACTIVE, None)
