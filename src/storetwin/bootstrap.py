"""The composition root: settings in, a hub out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storetwin.connections.models import Connection, Credentials
from storetwin.connections.register import Register
from storetwin.db.database import Database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.db.migrate import pending, upgrade
from storetwin.db.organisations import ensure_default_organisation
from storetwin.db.psql import run_psql
from storetwin.hub import Hub
from storetwin.hub.stores import Stores
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import ConfigurationError
from storetwin.security import Vault
from storetwin.security.key import check_key, load_key
from storetwin.settings import Settings
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.connect import connect_store
from storetwin.woocommerce.probe import StoreProbe

WAITING = 2  # pages that wait for their turn, so that no turn is left out while one is written


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """Yield the DSN of the database: the one that is set, or the embedded one, started if need be.

    Raises:
        ConfigurationError: it cannot be used; says what to do.
        DatabaseUnavailableError: it cannot be reached, or went away.
        DiskFullError: the embedded server went away because there is no room left.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedPostgres(settings.data_dir, settings.postgres_bin)
    dsn = await server.start()
    try:
        yield dsn
    except DatabaseUnavailableError as error:
        raise server.explain(error) from error
    finally:
        await server.stop()


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[Hub]:
    """Build everything, hand out the hub, and close everything again.

    The embedded database is brought to this version's schema by itself. A database of your own
    is not touched: there it says which command upgrades it.
    """
    async with open_database(settings) as dsn:
        if settings.database_url is None:
            await upgrade(dsn)
        elif missing := await pending(dsn):
            raise ConfigurationError(
                f"The database lacks {len(missing)} migration(s) of this version.",
                remedy="Run `storetwin db upgrade`.",
            )
        database = await Database.open(dsn, pool_size=settings.database_pool_size)
        try:
            organisation_id = await ensure_default_organisation(database, utc_now())
            vault = Vault(load_key(settings.encryption_key, settings.data_dir))
            await check_key(database, vault, organisation_id=organisation_id, now=utc_now())
            yield Hub(
                database=database,
                register=Register(database, vault, organisation_id),
                organisation_id=organisation_id,
                clock=utc_now,
                stores=Stores(
                    make_client=lambda connection, credentials: _client(
                        settings, connection, credentials
                    ),
                    probe=StoreProbe(settings),
                    ahead=settings.max_concurrency + WAITING,
                ),
            )
        finally:
            await database.close()


def _client(settings: Settings, connection: Connection, credentials: Credentials) -> StoreClient:
    return connect_store(connection, credentials, settings)


async def open_psql(settings: Settings, sql: str | None) -> int:
    """Run psql on the database as the program sees it; return psql's exit code."""
    async with open_database(settings) as dsn:
        if settings.database_url is None:
            await upgrade(dsn)
        database = await Database.open(dsn, pool_size=2)
        try:
            organisation_id = await ensure_default_organisation(database, utc_now())
        finally:
            await database.close()
        return await run_psql(dsn, organisation_id, bin_dir=settings.postgres_bin, sql=sql)
