"""Every named query of every room: PostgreSQL accepts it on our schema, and our code uses it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

import storetwin
from storetwin.db.queries import load_queries
from storetwin.db.session import connect

SOURCE = Path(storetwin.__file__).parent
ROOMS = sorted(
    ".".join(path.parent.relative_to(SOURCE.parent).parts) for path in SOURCE.rglob("queries.sql")
)
QUERIES = [(room, name) for room in ROOMS for name in load_queries(room)]
PREPARABLE = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE)\b", re.IGNORECASE)
PLACEHOLDER = re.compile(r"%\((?P<name>\w+)\)[sbt]|%(?P<sign>[sbt%])")


def numbered(query: str) -> str:
    """Write the driver's placeholders as the server's."""
    names: dict[str, int] = {}
    numbers = itertools.count(1)

    def number(match: re.Match[str]) -> str:
        if match["sign"] == "%":
            return "%"
        if match["name"] is None:
            return f"${next(numbers)}"
        if match["name"] not in names:
            names[match["name"]] = next(numbers)
        return f"${names[match['name']]}"

    return PLACEHOLDER.sub(number, query)


@pytest.mark.parametrize("room", ROOMS)
async def test_every_query_fits_the_schema(database_dsn: str, room: str) -> None:
    queries = load_queries(room)
    async with await connect(database_dsn) as connection:
        await connection.execute("SET ROLE storetwin_app")
        for name in queries:
            query = getattr(queries, name)
            if PREPARABLE.match(query):
                if room == "storetwin.db":
                    await connection.execute("SET ROLE storetwin_owner")
                await connection.execute(f'PREPARE "{name}" AS {numbered(query)}'.encode())


@pytest.mark.parametrize(("room", "name"), QUERIES)
def test_every_query_is_used(room: str, name: str) -> None:
    folder = SOURCE.parent.joinpath(*room.split("."))
    used = re.compile(rf"\bQ\.{name}\b")
    assert any(used.search(path.read_text()) for path in folder.rglob("*.py")), name
