"""Connections as rows."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from storetwin.connections.identity import Identity
from storetwin.connections.models import (
    AuthScheme,
    Connection,
    ConnectionState,
    StoreFacts,
)
from storetwin.connections.options import Options
from storetwin.db import Row, Transaction, load_queries

Q = load_queries("storetwin.connections")
_FACTS = tuple(field.name for field in fields(StoreFacts))


async def insert(transaction: Transaction, connection: Connection) -> Connection:
    """Write a new connection and return it as it stands.

    Raises:
        UniqueViolationError: name, URL or default are taken (``connections_name_key``,
            ``connections_url_key``, ``connections_one_default``).
    """
    values = {
        "id": connection.id,
        "organisation_id": connection.organisation_id,
        "name": connection.name,
        "platform": connection.platform,
        "url": connection.url,
        "auth": connection.auth.value,
        "sealed_credentials": connection.sealed_credentials,
        "ca": connection.ca,
        "is_tls_insecure": connection.is_tls_insecure,
        "created_at": connection.created_at,
        "created_by": connection.created_by,
    }
    row = await transaction.fetch_one(Q.insert_connection, values)
    assert row is not None
    return _connection(row)


async def every(transaction: Transaction) -> list[Connection]:
    """Return the organisation's connections, the default first, then by name."""
    return [_connection(row) for row in await transaction.fetch_all(Q.select_connections)]


async def after(transaction: Transaction, name: str | None, limit: int) -> list[Connection]:
    """Return so many connections by name: those after this one, or the first."""
    values = {"after": name, "limit": limit}
    rows = await transaction.fetch_all(Q.select_connections_after, values)
    return [_connection(row) for row in rows]


async def by_name(transaction: Transaction, name: str | None) -> Connection | None:
    """Return the connection of this name, or the default for None."""
    if name is None:
        row = await transaction.fetch_one(Q.select_default_connection)
    else:
        row = await transaction.fetch_one(Q.select_connection, (name,))
    return _connection(row) if row else None


async def by_id(transaction: Transaction, connection_id: UUID) -> Connection | None:
    """Return the connection of this id."""
    row = await transaction.fetch_one(Q.select_connection_by_id, (connection_id,))
    return _connection(row) if row else None


async def make_default(transaction: Transaction, connection_id: UUID) -> Connection | None:
    """Make a connection the only default; None when it is gone, and then nothing is changed."""
    locked = await transaction.fetch_all(Q.lock_connections)
    if all(row["id"] != connection_id for row in locked):
        return None
    await transaction.execute(Q.clear_default, (connection_id,))
    row = await transaction.fetch_one(Q.make_default, (connection_id,))
    return _connection(row) if row else None


async def delete(transaction: Transaction, name: str) -> bool:
    """Remove a connection and everything pulled through it; False when there is none."""
    is_gone = await transaction.execute(Q.delete_connection, (name,)) == 1
    await transaction.execute(Q.choose_default)
    return is_gone


async def rename(transaction: Transaction, name: str, new_name: str) -> Connection | None:
    """Give a connection another name; None when there is none. Raises as `insert`."""
    row = await transaction.fetch_one(Q.rename_connection, (new_name, name))
    return _connection(row) if row else None


async def keep_credentials(
    transaction: Transaction, connection_id: UUID, sealed: bytes
) -> Connection | None:
    """Replace the sealed keys and make the connection active."""
    row = await transaction.fetch_one(
        Q.update_credentials, {"id": connection_id, "sealed_credentials": sealed}
    )
    return _connection(row) if row else None


async def keep_state(
    transaction: Transaction, connection_id: UUID, state: ConnectionState, reason: str | None
) -> Connection | None:
    """Pause a connection for a reason, or resume it; None when it is gone."""
    row = await transaction.fetch_one(Q.update_state, (state.value, reason, connection_id))
    return _connection(row) if row else None


async def keep_identity(
    transaction: Transaction, connection_id: UUID, identity: Identity
) -> Connection | None:
    """Keep which store a connection leads to; None when it is gone."""
    row = await transaction.fetch_one(Q.update_identity, (identity.as_json(), connection_id))
    return _connection(row) if row else None


async def keep_url(transaction: Transaction, connection_id: UUID, url: str) -> Connection | None:
    """Keep a store's address, normalised; None when the connection is gone.

    Raises:
        UniqueViolationError: another connection leads there (``connections_url_key``).
    """
    row = await transaction.fetch_one(Q.update_url, {"url": url, "id": connection_id})
    return _connection(row) if row else None


async def keep_routes(
    transaction: Transaction, connection_id: UUID, routes: str, now: datetime
) -> None:
    """Keep what a store's routes take (JSON text), and when it told."""
    await transaction.execute(Q.update_routes, (routes, now, connection_id))


async def forget_routes(transaction: Transaction, connection_id: UUID) -> None:
    """Let the next run ask the store what its routes take."""
    await transaction.execute(Q.forget_routes, (connection_id,))


async def keep_options(
    transaction: Transaction, connection_id: UUID, options: Options
) -> Connection | None:
    """Replace what a person chose for a connection; None when it is gone."""
    row = await transaction.fetch_one(Q.update_options, (options.as_json(), connection_id))
    return _connection(row) if row else None


async def keep_report(
    transaction: Transaction,
    connection_id: UUID,
    report: str,
    scheme: AuthScheme | None,
    store: StoreFacts,
    now: datetime,
) -> Connection | None:
    """Write what a probe found (``report`` is JSON text); None when the connection is gone."""
    values = asdict(store) | {
        "id": connection_id,
        "last_probe": report,
        "last_probe_at": now,
        "detected": scheme.value if scheme else None,
    }
    row = await transaction.fetch_one(Q.update_report, values)
    return _connection(row) if row else None


def _connection(row: Row) -> Connection:
    facts = StoreFacts(**{name: row.pop(name) for name in _FACTS})
    detected = row.pop("detected")
    return Connection(
        **row
        | {
            "auth": AuthScheme(row["auth"]),
            "state": ConnectionState(row["state"]),
            "detected": AuthScheme(detected) if detected else None,
            "store": facts,
            "options": Options.from_json(row["options"]),
        }
    )
