"""Locks between processes: ``flock`` on a file, given back by the kernel when a process dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

POLL_SECONDS = 0.05


class FileLock:
    """A lock on one file. Not inherited by programs we start (Python opens files that way)."""

    __slots__ = ("_descriptor", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    async def acquire(self, *, shared: bool) -> None:
        """Wait for the lock: polled, so that the wait can be cancelled."""
        while not self.try_acquire(shared=shared):  # noqa: ASYNC110 - the kernel has no event for it
            await asyncio.sleep(POLL_SECONDS)

    def try_acquire(self, *, shared: bool) -> bool:
        """Take the lock, or change the one held to this mode, if that is possible at once.

        A change that fails may lose the mode held before (flock(2)).
        """
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(self._descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back; nothing happens when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def is_open(self) -> bool:
        """Whether the lock was asked for and not released since."""
        return self._descriptor is not None
