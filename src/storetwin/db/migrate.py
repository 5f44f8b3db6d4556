"""Bring a database to the schema of this program, forward only.

A migration is a file ``migrations/NNNN_name.sql``, run once, in one transaction, as
``storetwin_owner``. What was run stands in ``public.storetwin_migrations``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from psycopg import AsyncConnection

from storetwin.db.errors import translating
from storetwin.db.queries import load_queries
from storetwin.db.roles import prepare_roles
from storetwin.db.session import Row, connect
from storetwin.kernel.errors import ConfigurationError, InvariantError

Q = load_queries("storetwin.db")
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class SchemaError(ConfigurationError):
    """The schema of the database is not one this program can work with."""

    code = "schema"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return sha256(self.sql.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.version:04}_{self.name}"


def known_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this program, in order.

    Raises:
        InvariantError: a file is misnamed or a number is missing or given twice.
    """
    folder = resources.files("storetwin.db.migrations")
    found = []
    for file in folder.iterdir():
        if file.name.endswith(".sql"):
            match = _FILE.fullmatch(file.name)
            if match is None:
                raise InvariantError(f"The migration {file.name} is not named NNNN_name.sql.")
            found.append(Migration(int(match[1]), match[2], file.read_text(encoding="utf-8")))
    found.sort(key=lambda migration: migration.version)
    if [m.version for m in found] != list(range(1, len(found) + 1)):
        raise InvariantError("The migrations are not numbered 0001, 0002, … without gaps.")
    return tuple(found)


async def upgrade(dsn: str, migrations: Sequence[Migration] | None = None) -> tuple[Migration, ...]:
    """Prepare the roles and run the migrations that the database lacks; return those.

    Any number of processes may do so at once: one works, the others wait and find it done.

    Raises:
        SchemaError: the database is newer than the program, or a migration that was run differs
            from the file.
        ConfigurationError: the login role may not do it (says what to GRANT), or the server is
            older than PostgreSQL 15.
        DatabaseBusyError: a migration waited 5 seconds for a lock; nothing of it remains.
    """
    async with as_only_owner(dsn) as connection:
        return await upgrade_on(connection, migrations)


async def upgrade_on(
    connection: AsyncConnection[Row], migrations: Sequence[Migration] | None = None
) -> tuple[Migration, ...]:
    """Run the migrations that are lacking on a connection from `as_only_owner`; as `upgrade`."""
    wanted = known_migrations() if migrations is None else tuple(migrations)
    await connection.execute(Q.create_migrations_table)
    await connection.execute(Q.show_migrations_to_app)
    missing = _missing(wanted, await _applied(connection))
    for migration in missing:
        await _apply(connection, migration)
    return missing


async def pending(dsn: str, migrations: Sequence[Migration] | None = None) -> tuple[Migration, ...]:
    """Return the migrations that the database lacks, without changing anything.

    Raises:
        SchemaError: as `upgrade`.
    """
    wanted = known_migrations() if migrations is None else tuple(migrations)
    with translating():
        async with await connect(dsn) as connection:
            if not await _has_history(connection):
                return wanted
            await connection.execute(Q.become_app)
            return _missing(wanted, await _applied(connection))


async def _apply(connection: AsyncConnection[Row], migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(Q.limit_lock_wait)
        await connection.execute(migration.sql)
        await connection.execute(
            Q.record_migration, (migration.version, migration.name, migration.checksum)
        )


async def _applied(connection: AsyncConnection[Row]) -> list[Row]:
    if not await _has_history(connection):
        return []
    return await (await connection.execute(Q.select_migrations)).fetchall()


async def _has_history(connection: AsyncConnection[Row]) -> bool:
    table = await (await connection.execute(Q.find_migrations_table)).fetchone()
    return table is not None and bool(table["is_there"])


def _missing(wanted: Sequence[Migration], applied: Sequence[Row]) -> tuple[Migration, ...]:
    """Return what was not run yet; refuse a history that is not the beginning of ours."""
    by_version = {migration.version: migration for migration in wanted}
    for row in applied:
        ours = by_version.pop(row["version"], None)
        title = f"{row['version']:04}_{row['name']}"
        if ours is None:
            raise SchemaError(
                f"The database is newer than this Storetwin: it has the migration {title}.",
                remedy="Install the newest Storetwin.",
            )
        if ours.checksum != row["checksum"]:
            raise SchemaError(
                f"The migration {title} was run from another file than this Storetwin has.",
                remedy="Use the Storetwin that made the database, or make a new database and pull.",
            )
    return tuple(by_version.values())


@asynccontextmanager
async def as_owner(dsn: str) -> AsyncIterator[AsyncConnection[Row]]:
    """Lend one connection that acts as the owner, outside any transaction."""
    async with await connect(dsn) as connection:
        await connection.execute(Q.become_owner)
        yield connection


@asynccontextmanager
async def as_only_owner(dsn: str) -> AsyncIterator[AsyncConnection[Row]]:
    """Lend the same while nobody else changes the schema, with the roles prepared.

    Raises:
        ConfigurationError: the login role may not do it (says what to GRANT).
        DatabaseUnavailableError: it cannot be reached, or went away.
    """
    with translating():
        async with await connect(dsn) as connection:
            await connection.execute(Q.lock_migrations)
            await prepare_roles(connection)
            await connection.execute(Q.become_owner)
            yield connection
