"""A data directory whose database was made and migrated once, to be copied by whoever needs a fresh one."""

from __future__ import annotations

import shutil
import subprocess
import time
from functools import cache
from hashlib import sha256
from inspect import getsource
from pathlib import Path

from database_clones import in_own_loop, session_folder, what_upgrade_does
from storetwin.bootstrap import upgrade_database
from storetwin.db.embedded import EmbeddedPostgres, cluster
from storetwin.db.embedded.locks import FileLock

OLD = 24 * 60 * 60.0  # seconds after which what another schema needed is thrown away


def copy_prepared(data_dir: Path) -> None:
    """Make a data directory that has a migrated database of its own, stopped, and nothing else."""
    subprocess.run(["cp", "-a", in_own_loop(_prepared()), data_dir], check=True)


@cache
def _name() -> str:
    text = what_upgrade_does() + getsource(cluster)
    return f"prepared-{sha256(text.encode()).hexdigest()[:12]}"


async def _prepared() -> Path:
    """Return the data directory to copy; it is made by the first of all sessions that needs it."""
    beside = Path(f"{session_folder(None)}-prepared")
    beside.mkdir(exist_ok=True)
    beside.chmod(0o711)  # as root the database server runs as another user
    wanted = beside / _name()
    lock = FileLock(beside / "lock")
    await lock.acquire(shared=False)
    try:
        if not wanted.exists():
            _throw_old_away(beside)
            made = beside / "half"
            shutil.rmtree(made, ignore_errors=True)
            server = EmbeddedPostgres(made)
            await server.start()
            try:
                await upgrade_database(server.dsn)
            finally:
                await server.stop()
            for leftover in (server.log, *made.glob("*.lock")):
                leftover.unlink()
            made.rename(wanted)
    finally:
        lock.release()
    return wanted


def _throw_old_away(beside: Path) -> None:
    for folder in beside.glob("prepared-*"):
        if folder.stat().st_mtime < time.time() - OLD:
            shutil.rmtree(folder)
