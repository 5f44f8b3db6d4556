"""A store that works for its answers: one core, which all requests share."""

from __future__ import annotations

import asyncio
import hashlib
import time

_SLICE = 0.01
_BLOCK = bytes(65_536)


class Core:
    """One processor core. Requests at once get it in turns, so that each slows the others.

    Args:
        closing: set when the server stops; all work ends then.
    """

    def __init__(self, closing: asyncio.Event) -> None:
        self._closing = closing
        self._turn = asyncio.Lock()

    async def burn(self, seconds: float) -> None:
        """Use up so much processor time."""
        left = seconds
        while left > 0 and not self._closing.is_set():
            async with self._turn:  # first come, first served: each gets a slice in its turn
                await asyncio.to_thread(_burn, min(left, _SLICE))
            left -= _SLICE


def _burn(seconds: float) -> None:
    """Keep this thread's core busy; hashing large blocks lets Python's other threads run."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(_BLOCK).digest()
