"""One database for all tests of core; each has an organisation of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from core_stores import Stores
from database_clones import clone
from storetwin.db import Database
from storetwin.db.embedded import EmbeddedPostgres


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    with clone(postgres, template) as found:
        yield found


@pytest.fixture
async def stores(dsn: str) -> AsyncIterator[Stores]:
    database = await Database.open(dsn, pool_size=4)
    yield await Stores.open(database)
    await database.close()
