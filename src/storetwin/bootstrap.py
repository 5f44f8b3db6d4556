"""The composition root: settings in, a hub out."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import random
from typing import TYPE_CHECKING, TypeVar

from storetwin.connections.register import Register
from storetwin.db.database import Database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.db.migrate import as_only_owner, pending, upgrade_on
from storetwin.db.organisations import ensure_default_organisation
from storetwin.hub import Hub
from storetwin.hub.stores import Stores
from storetwin.jobs.schema import pending_steps, upgrade_queue_on
from storetwin.kernel.backoff import Backoff
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import ConfigurationError
from storetwin.security.key import check_key, open_vault
from storetwin.telemetry.logs import Log

if TYPE_CHECKING:
    from storetwin.connections.models import Connection, Credentials
    from storetwin.connections.probe import ProbeReport, Stage, Watch
    from storetwin.hub.running import Revive
    from storetwin.jobs.worker import Worker
    from storetwin.settings import Settings
    from storetwin.woocommerce.client import StoreClient

log = Log()
SELDOM = (50_000, 20, 100)
"""Objects after which circles of them are looked for. Of what a run makes of its records hardly anything is part of one: it is
freed with its last name, and to look through it again and again took a seventh of a promotion."""
Result = TypeVar("Result")
SESSIONS_PER_RUN = (
    3  # its lock, a transaction, its heart; another connection's inbox is one more run
)
SESSIONS_BESIDE = 4  # rounds, the door, a question of a person
AT_START = Backoff(base=0.2, longest=2.0, attempts=20)  # PostgreSQL restarts: half a minute
WAITING = 2  # pages that wait for their turn, so that no turn is left out while one is written


@dataclass(frozen=True, slots=True)
class Server:
    """The database as this process reaches it.

    Args:
        revive: starts it again, where it is ours to start.
    """

    dsn: str
    revive: Revive


@dataclass(frozen=True, slots=True)
class Site:
    """The hub, and what works for it in this process."""

    dsn: str
    hub: Hub
    worker: Worker


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[str]:
    """Yield the DSN of the database: the one that is set, or the embedded one, started if need be.

    Raises:
        ConfigurationError: it cannot be used; says what to do.
        DatabaseUnavailableError: it cannot be reached, or went away.
        DiskFullError: the embedded server went away because there is no room left.
    """
    async with _open_server(settings) as server:
        yield server.dsn


@asynccontextmanager
async def _open_server(settings: Settings) -> AsyncIterator[Server]:
    if settings.database_url is not None:
        yield Server(settings.database_url.get_secret_value(), _not_ours)
        return
    server = EmbeddedPostgres(settings.data_dir, settings.postgres_bin)
    dsn = await server.start()
    try:
        yield Server(dsn, server.revive)
    except DatabaseUnavailableError as error:
        raise server.explain(error) from error
    finally:
        await server.stop()


async def _not_ours() -> None:
    """Leave a server alone that somebody else runs."""


async def upgrade_database(dsn: str) -> tuple[str, ...]:
    """Bring a database, and the queue in it, to this version; return the steps taken.

    Raises:
        SchemaError: a newer Storetwin has been at work on it.
        ConfigurationError: the login role may not do it (says what to GRANT).
    """
    async with as_only_owner(dsn) as connection:
        migrations = await upgrade_on(connection)
        steps = await upgrade_queue_on(connection)
    return (*map(str, migrations), *(f"queue {step}" for step in steps))


async def pending_of(dsn: str) -> int:
    """Return how many steps a database lacks, without changing anything.

    Raises:
        SchemaError: a newer Storetwin has been at work on it.
    """
    if missing := await pending(dsn):
        return len(missing)
    return len(await pending_steps(dsn))


@asynccontextmanager
async def open_hub(settings: Settings) -> AsyncIterator[Hub]:
    """Build everything, hand out the hub, and close everything again.

    The embedded database is brought to this version's schema by itself. A database of your own
    is not touched: there it says which command upgrades it.
    """
    async with _open_server(settings) as server, _hub_on(server, settings) as hub:
        yield hub


@asynccontextmanager
async def open_site(settings: Settings, *, concurrency: int | None = None) -> AsyncIterator[Site]:
    """Build the hub and a worker for it, which the caller runs or not.

    Args:
        concurrency: connections that the worker reads at the same time; None for as many as set.
    """
    from storetwin.jobs.worker import Worker  # the queue's library is loaded by who works

    at_once = concurrency or settings.worker_concurrency
    sessions = max(settings.database_pool_size, SESSIONS_PER_RUN * at_once + SESSIONS_BESIDE)
    roomy = settings.model_copy(update={"database_pool_size": sessions})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(_open_server(settings))
        hub = await patiently(
            lambda: stack.enter_async_context(_hub_on(server, roomy)), server.revive
        )
        yield Site(server.dsn, hub, Worker(hub, server.dsn, at_once, server.revive, random))


async def patiently(call: Callable[[], Awaitable[Result]], revive: Revive | None) -> Result:
    """Call until PostgreSQL is there: what runs for ever may be started while that restarts.

    Raises:
        DatabaseUnavailableError: it did not come within half a minute.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            if attempt > 1 and revive is not None:
                await revive()
            return await call()
        except DatabaseUnavailableError as error:
            delay = AT_START.delay(attempt, random=random)
            if delay is None:
                raise
            log.warning("waiting_for_postgres", why=str(error))
            await asyncio.sleep(delay)


@asynccontextmanager
async def _hub_on(server: Server, settings: Settings) -> AsyncIterator[Hub]:
    gc.set_threshold(*SELDOM)
    dsn = server.dsn
    if settings.database_url is None:
        await upgrade_database(dsn)
    elif missing := await pending_of(dsn):
        raise ConfigurationError(
            f"The database lacks {missing} migration(s) of this version.",
            remedy="Run `storetwin db upgrade`.",
        )
    database = await Database.open(dsn, pool_size=settings.database_pool_size)
    try:
        organisation_id = await ensure_default_organisation(database, utc_now())
        vault = open_vault(
            settings.encryption_key, settings.former_encryption_keys, settings.data_dir
        )
        await check_key(database, vault, organisation_id=organisation_id, now=utc_now())
        yield Hub(
            database=database,
            register=Register(database, vault, organisation_id),
            organisation_id=organisation_id,
            clock=utc_now,
            vault=vault,
            stores=_stores(settings),
            public_url=settings.public_url,
            proxy_header=settings.proxy_header,
            session_lifetime=timedelta(days=settings.session_days),
            revive=server.revive,
        )
    finally:
        await database.close()


def _stores(settings: Settings) -> Stores:
    """Return how stores are reached: their client is loaded when the first of them is spoken to."""

    def make_client(connection: Connection, credentials: Credentials) -> StoreClient:
        from storetwin.woocommerce.connect import connect_store

        return connect_store(connection, credentials, settings)

    async def probe(
        connection: Connection,
        credentials: Credentials | None,
        *,
        watch: Watch | None = None,
        stages: Collection[Stage] | None = None,
    ) -> ProbeReport:
        from storetwin.woocommerce.probe import StoreProbe

        return await StoreProbe(settings)(connection, credentials, watch=watch, stages=stages)

    return Stores(make_client, probe, ahead=settings.max_concurrency + WAITING)


async def open_psql(settings: Settings, sql: str | None) -> int:
    """Run psql on the database as the program sees it; return psql's exit code."""
    from storetwin.db.psql import run_psql

    async with open_database(settings) as dsn:
        if settings.database_url is None:
            await upgrade_database(dsn)
        database = await Database.open(dsn, pool_size=2)
        try:
            organisation_id = await ensure_default_organisation(database, utc_now())
        finally:
            await database.close()
        return await run_psql(dsn, organisation_id, bin_dir=settings.postgres_bin, sql=sql)
