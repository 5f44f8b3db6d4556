"""A hub with a queue, connected to a small store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import procrastinate
import pytest

from hubs import Twin, open_twin
from storetwin.jobs.queue import open_queue
from storetwin.sandboxes.woocommerce import running_store


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=60) as store:
        async with open_twin(database_dsn, tmp_path, store, database_pool_size=16) as opened:
            yield opened


@pytest.fixture
async def queue(twin: Twin, database_dsn: str) -> AsyncIterator[procrastinate.App]:
    async with open_queue(database_dsn, twin.hub) as app:
        yield app
