"""Servers of one test's own, for what must not happen to the shared one."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from database_clones import in_own_loop
from storetwin.db.embedded import EmbeddedPostgres


@contextmanager
def passable() -> Iterator[Path]:
    """Lend a folder that the server's unprivileged user can pass through (pytest's are private)."""
    folder = Path(tempfile.mkdtemp(prefix="storetwin-test-"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Where nothing is yet."""
    with passable() as folder:
        yield folder


@pytest.fixture(scope="session")
def cluster(postgres_bin: Path | None) -> Iterator[Path]:
    """What a first start and a stop leave behind, made once: it takes a second."""
    with passable() as folder:
        server = EmbeddedPostgres(folder, postgres_bin)
        in_own_loop(server.start())
        in_own_loop(server.stop())
        yield folder


@pytest.fixture
def made_dir(data_dir: Path, cluster: Path) -> Path:
    """The data directory of a server that was started before and is stopped."""
    subprocess.run(["cp", "--archive", cluster, data_dir], check=True)
    return data_dir


@pytest.fixture
async def own_postgres(
    made_dir: Path, postgres_bin: Path | None
) -> AsyncIterator[EmbeddedPostgres]:
    """A started server of this test's own."""
    server = EmbeddedPostgres(made_dir, postgres_bin)
    await server.start()
    yield server
    await server.stop()
