"""Two organisations for the tests of one file, and the whole application on their database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from estates import World, world_on
from sites import Served, serving_site
from storetwin.db.embedded import EmbeddedPostgres
from walks import Asker


@pytest.fixture(scope="module")
def world(
    postgres: EmbeddedPostgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Two organisations, each with one of everything."""
    with world_on(postgres, template, tmp_path_factory.mktemp("hub")) as settled:
        yield settled


@pytest.fixture(scope="module")
def served(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application as ``storetwin serve`` makes it."""
    with serving_site(world.dsn, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
async def asker(served: Served) -> AsyncIterator[Asker]:
    """What sends requests to the application."""
    async with aiohttp.ClientSession() as session:
        yield Asker(served.url, session)
