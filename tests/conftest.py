"""Fixtures every test may use: a real PostgreSQL, and an environment that says nothing."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

import scratch
from database_clones import clone, in_own_loop, make_template, shared_server
from storetwin.db import Database
from storetwin.db.embedded import EmbeddedPostgres

_ENVIRONMENT = os.environ  # noqa: TID251 - read and cleared here so that tests cannot depend on it
_POSTGRES_BIN = _ENVIRONMENT.get("STORETWIN_TEST_POSTGRES_BIN")
for _name in [name for name in _ENVIRONMENT if name.startswith("STORETWIN_")]:
    del _ENVIRONMENT[_name]

scratch.use_memory(_ENVIRONMENT)

settings.register_profile("long", deadline=None)
# The same examples each time: what is new is sought at length. How long something takes is a benchmark's.
settings.register_profile("short", deadline=None, derandomize=True)
settings.load_profile("short")


@pytest.fixture(scope="session")
def postgres_bin() -> Path | None:
    """The programs under test: STORETWIN_TEST_POSTGRES_BIN, else those of the wheel."""
    return Path(_POSTGRES_BIN) if _POSTGRES_BIN else None


@pytest.fixture(scope="session")
def postgres(postgres_bin: Path | None) -> Iterator[EmbeddedPostgres]:
    """The server of the session, shared by all workers."""
    with shared_server(postgres_bin) as server:
        yield server


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated database to copy."""
    return in_own_loop(make_template(postgres))


@pytest.fixture
def database_dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    """A fresh, migrated database of this test's own."""
    with clone(postgres, template) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A fresh database without any schema."""
    with clone(postgres) as dsn:
        yield dsn


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, opened."""
    opened = await Database.open(database_dsn, pool_size=4)
    yield opened
    await opened.close()
