"""Servers of one test's own, for what must not happen to the shared one."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storetwin.db.embedded import EmbeddedPostgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the server's unprivileged user can pass through (pytest's own are private)."""
    folder = Path(tempfile.mkdtemp(prefix="storetwin-test-"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
async def own_postgres(
    data_dir: Path, postgres_bin: Path | None
) -> AsyncIterator[EmbeddedPostgres]:
    """A started server of this test's own."""
    server = EmbeddedPostgres(data_dir, postgres_bin)
    await server.start()
    yield server
    await server.stop()
