"""Databases for tests: one server for the whole session, one migrated template, a clone a test."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from psycopg import sql

from storetwin.bootstrap import upgrade_database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.db.embedded.locks import FileLock
from storetwin.db.embedded.process import is_alive
from storetwin.db.migrate import known_migrations
from storetwin.db.session import connect
from storetwin.jobs.schema import known_steps

Answer = TypeVar("Answer")
# Data of tests need not survive a power cut: a clone takes a tenth of the time.
# Several workers share one server.
HASTY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "max_wal_size": "512MB",
}
_numbers = itertools.count(1)


def in_own_loop(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine from a synchronous fixture without touching the test's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def session_folder(bin_dir: Path | None) -> Path:
    """Return the folder of this checkout's test server, one for each set of programs."""
    here = f"{Path(__file__).resolve()} {bin_dir or ''}"
    return Path(tempfile.gettempdir()) / f"storetwin-tests-{sha256(here.encode()).hexdigest()[:12]}"


@contextmanager
def shared_server(bin_dir: Path | None) -> Iterator[EmbeddedPostgres]:
    """Start the session's server, or join that of another worker; the last one stops it."""
    server = EmbeddedPostgres(session_folder(bin_dir), bin_dir, options=HASTY)
    in_own_loop(server.start())
    try:
        in_own_loop(_drop_leftovers(server))
        yield server
    finally:
        in_own_loop(server.stop())


async def make_template(server: EmbeddedPostgres) -> str:
    """Return the name of a migrated database that nobody is connected to."""
    name = f"template_{sha256(what_upgrade_does().encode()).hexdigest()[:12]}"
    lock = FileLock(server.log.parent / "template.lock")
    await lock.acquire(shared=False)
    try:
        if name not in await _databases(server):
            await _admin(server, "DROP DATABASE IF EXISTS {0}", "half_a_template")
            await _admin(server, "CREATE DATABASE {0} OWNER storetwin_owner", "half_a_template")
            await upgrade_database(server.dsn_of("half_a_template"))
            await _admin(server, "ALTER DATABASE {0} RENAME TO {1}", "half_a_template", name)
    finally:
        lock.release()
    return name


def what_upgrade_does() -> str:
    """Return text that changes with whatever shapes a migrated database: migrations, roles, grants."""
    package = resources.files("storetwin.db")
    sources = [package / name for name in ("queries.sql", "roles.py", "migrate.py")]
    checksums = [migration.checksum for migration in known_migrations()]
    queue = resources.files("storetwin.jobs")
    sources += [queue / name for name in ("queries.sql", "schema.py")]
    texts = [source.read_text(encoding="utf-8") for source in sources]
    return "".join([*checksums, *texts, *known_steps()])


@contextmanager
def clone(server: EmbeddedPostgres, template: str = "template0") -> Iterator[str]:
    """Lend the DSN of a fresh copy of a database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    in_own_loop(
        _admin(server, "CREATE DATABASE {0} TEMPLATE {1} OWNER storetwin_owner", name, template)
    )
    try:
        yield server.dsn_of(name)
    finally:
        in_own_loop(_admin(server, "DROP DATABASE {0} WITH (FORCE)", name))


async def _admin(server: EmbeddedPostgres, statement: str, *names: str) -> None:
    async with await connect(server.admin_dsn) as connection:
        await connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


async def _databases(server: EmbeddedPostgres) -> list[str]:
    async with await connect(server.admin_dsn) as connection:
        rows = await (await connection.execute("SELECT datname FROM pg_database")).fetchall()
    return [row["datname"] for row in rows]


async def _drop_leftovers(server: EmbeddedPostgres) -> None:
    """Drop the databases of test processes that were killed."""
    for name in await _databases(server):
        if name.startswith("test_") and not is_alive(int(name.split("_")[1])):
            await _admin(server, "DROP DATABASE IF EXISTS {0} WITH (FORCE)", name)
