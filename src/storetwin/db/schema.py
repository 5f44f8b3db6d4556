"""The schema as text, one statement for each fact, to compare a database with what it should be.

``schema.sql`` beside this file is that text for the migrations of this program; it is read by
people and by `check_drift`, and never run.
"""

from __future__ import annotations

from importlib import resources

from storetwin.db.errors import translating
from storetwin.db.migrate import SchemaError, as_owner
from storetwin.db.queries import load_queries

Q = load_queries("storetwin.db")
SNAPSHOT = "schema.sql"
_HEAD = (
    "-- Storetwin's schema as the migrations make it: to read and to compare, not to run.\n"
    "-- Written by tools/dump_schema.py.\n"
)


async def describe_schema(dsn: str) -> tuple[str, ...]:
    """Return every table, column, constraint, index, policy, view and function of the owner."""
    with translating():
        async with as_owner(dsn) as connection:
            rows = await (await connection.execute(Q.describe_schema)).fetchall()
    return tuple(row["statement"] for row in rows)


def render(statements: tuple[str, ...]) -> str:
    """Return the text of ``schema.sql`` for these statements."""
    return _HEAD + "".join(f"\n{statement};\n" for statement in statements)


def read_statements(text: str) -> tuple[str, ...]:
    """Return the pieces of a ``schema.sql`` that are compared."""
    body = text.removeprefix(_HEAD).removeprefix("\n").removesuffix(";\n")
    return tuple(body.split(";\n\n"))


def expected_schema() -> str:
    """Return the text of ``schema.sql``."""
    return (resources.files("storetwin.db") / SNAPSHOT).read_text(encoding="utf-8")


async def check_drift(dsn: str) -> None:
    """Compare the database with ``schema.sql``.

    Raises:
        SchemaError: somebody changed the schema by hand; names the first differences.
    """
    found = read_statements(render(await describe_schema(dsn)))
    expected = read_statements(expected_schema())
    strange = [f"not ours: {_first_line(s)}" for s in found if s not in set(expected)]
    absent = [f"missing: {_first_line(s)}" for s in expected if s not in set(found)]
    if strange or absent:
        named = "; ".join((strange + absent)[:4])
        raise SchemaError(
            f"The schema of the database was changed by hand ({named}).",
            remedy="Undo the change, or make a new database and pull again.",
        )


def _first_line(statement: str) -> str:
    return statement.splitlines()[0]
