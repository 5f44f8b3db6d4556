"""Stores that break on demand, and twins of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubs import Twin, open_twin
from storetwin.sandboxes.woocommerce import Sandbox, running_store


@pytest.fixture
def small_store() -> Iterator[Sandbox]:
    """A store of this test's own, small enough to be read in a moment."""
    with running_store(orders=250, seed=5) as sandbox:
        yield sandbox


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path, small_store: Sandbox) -> AsyncIterator[Twin]:
    """The small store, connected; nothing pulled yet."""
    async with open_twin(database_dsn, tmp_path, small_store) as opened:
        yield opened
