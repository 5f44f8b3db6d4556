"""A small store and its twin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubs import Twin, open_twin
from storetwin.sandboxes.woocommerce import Sandbox, running_store


@pytest.fixture
def store() -> Iterator[Sandbox]:
    """A store of this test's own."""
    with running_store(orders=60, seed=7) as sandbox:
        yield sandbox


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path, store: Sandbox) -> AsyncIterator[Twin]:
    """The store, connected; nothing pulled yet, no webhooks."""
    async with open_twin(database_dsn, tmp_path, store, public_url="https://hub.example") as opened:
        yield opened
