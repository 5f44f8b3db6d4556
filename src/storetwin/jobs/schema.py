"""The queue's own tables: made from the installed library, in a schema of their own.

Nothing of them is copied here. Which of the library's migrations a database has stands in
``jobs.storetwin_queue``, so another version of the library brings what is missing, and an older
one says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from psycopg import AsyncConnection

from storetwin.db.errors import translating
from storetwin.db.migrate import SchemaError, as_only_owner
from storetwin.db.queries import load_queries
from storetwin.db.session import Row, connect
from storetwin.kernel.errors import InvariantError

Q = load_queries("storetwin.jobs")


def known_steps() -> dict[str, Path]:
    """Return the migrations of the installed library by name, in the order in which they are run.

    The library is found and not loaded: every command looks here, few need more of it.

    Raises:
        InvariantError: it is not where it was.
    """
    found = find_spec("procrastinate")
    folder = Path(found.origin).parent / "sql" / "migrations" if found and found.origin else None
    steps = {path.stem: path for path in sorted(folder.glob("*.sql"))} if folder else {}
    if not steps:
        raise InvariantError("The queue's library has no migrations where they should be.")
    return steps


def missing_steps(known: Iterable[str], applied: Iterable[str]) -> list[str]:
    """Return what a database lacks of the library's migrations.

    Raises:
        SchemaError: the database has one that the library does not know.
    """
    has, knows = set(applied), list(known)
    if strange := sorted(has.difference(knows)):
        raise SchemaError(
            f"The queue of the database is newer than this Storetwin: it has {strange[0]}.",
            remedy="Install the newest Storetwin.",
        )
    return [step for step in knows if step not in has]


async def upgrade_queue(dsn: str) -> tuple[str, ...]:
    """Make the queue's tables, or bring them to the installed library; return the steps taken.

    Any number of processes may do so at once. The roles and the migrations of the hub come first.

    Raises:
        SchemaError: a newer Storetwin has been at work on this database.
    """
    async with as_only_owner(dsn) as connection:
        return await upgrade_queue_on(connection)


async def upgrade_queue_on(connection: AsyncConnection[Row]) -> tuple[str, ...]:
    """Do the same on a connection from `as_only_owner`; as `upgrade_queue`."""
    known = known_steps()
    async with connection.transaction():
        await connection.execute(Q.enter_queue)
        is_new = not await _has_queue(connection)
        missing = missing_steps(known, () if is_new else await _applied(connection))
        if not missing:  # what follows was done in the transaction that noted the last step
            return ()
        await connection.execute(Q.make_room)
        if is_new:
            from procrastinate.schema import SchemaManager

            await connection.execute(SchemaManager.get_schema())
        else:
            for step in missing:
                await connection.execute(known[step].read_bytes())
        await connection.execute(Q.note_steps, {"steps": missing})
        await connection.execute(Q.lend_to_app)
    return tuple(missing)


async def pending_steps(dsn: str) -> tuple[str, ...]:
    """Return the steps that the queue of a database lacks, without changing anything.

    Raises:
        SchemaError: as `upgrade_queue`.
    """
    with translating():
        async with await connect(dsn) as connection:
            await connection.execute(Q.become_app)
            applied = await _applied(connection) if await _has_queue(connection) else []
    return tuple(missing_steps(known_steps(), applied))


async def _has_queue(connection: AsyncConnection[Row]) -> bool:
    row = await (await connection.execute(Q.find_queue)).fetchone()
    return row is not None and bool(row["is_there"])


async def _applied(connection: AsyncConnection[Row]) -> list[str]:
    rows = await (await connection.execute(Q.select_steps)).fetchall()
    return [row["step"] for row in rows]
