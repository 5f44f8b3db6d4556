"""The keys that a client sends, and where others are to be had when the store takes them no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from storetwin.connections.models import Credentials

ReadKeys = Callable[[], Awaitable[Credentials]]


class Keys:
    """The keys of one connection, as one run has them.

    Somebody may replace them meanwhile, and delete the old ones in the store: then the run takes
    the new ones and goes on.
    """

    __slots__ = ("_read", "current")

    def __init__(self, current: Credentials) -> None:
        self.current = current
        self._read: ReadKeys | None = None

    def read_by(self, read: ReadKeys) -> None:
        """Say how the keys are read anew."""
        self._read = read

    async def have_changed(self, used: Credentials) -> bool:
        """Say whether there are other keys than those a request was refused with; have them now."""
        if self.current == used and self._read is not None:
            self.current = await self._read()
        return self.current != used
