"""Whose a token is: looked up once, kept for a while, forgotten when something has changed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from storetwin.api.deliveries import Receiver
from storetwin.connections.webhooks import CHANNEL, find_end, hash_of
from storetwin.db import DatabaseUnavailableError
from storetwin.hub import Hub
from storetwin.kernel.errors import RetryableError

KNOWN_SECONDS = 60.0  # how long a receiver is believed that nobody said has changed
UNKNOWN_SECONDS = 10.0  # how long a token is believed to be nobody's
MOST_KNOWN = 10_000
MOST_UNKNOWN = 1_000
LOOKUPS = 2  # at the same time: whoever guesses tokens gets no more of the database
MOST_WAITING = 100  # look-ups that wait for their turn
AGAIN_SECONDS = 1.0  # before listening again to a database that went away


class TooManyLookupsError(RetryableError):
    """More unknown tokens come in than can be looked up."""


@dataclass(slots=True)
class _Shelf:
    """What was looked up, bounded in number and in time; the oldest go first."""

    seconds: float
    most: int
    found: OrderedDict[bytes, tuple[Receiver | None, float]] = field(default_factory=OrderedDict)

    def get(self, token_hash: bytes, now: float) -> tuple[Receiver | None] | None:
        kept = self.found.get(token_hash)
        if kept is None or kept[1] < now:
            return None
        return (kept[0],)

    def put(self, token_hash: bytes, receiver: Receiver | None, now: float) -> None:
        self.found[token_hash] = (receiver, now + self.seconds)
        self.found.move_to_end(token_hash)
        while len(self.found) > self.most:
            self.found.popitem(last=False)


class Receivers:
    """Finds who a delivery is for, by the last part of the URL that it was sent to."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._known = _Shelf(KNOWN_SECONDS, MOST_KNOWN)
        self._unknown = _Shelf(UNKNOWN_SECONDS, MOST_UNKNOWN)
        self._places = asyncio.Semaphore(LOOKUPS)
        self._waiting = 0
        self._age = 0  # counts changes: what was looked up before one is not kept after it

    async def find(self, token: str) -> Receiver | None:
        """Return who a token stands for; None for nobody.

        Raises:
            RetryableError: it cannot be looked up now.
        """
        token_hash = hash_of(token)
        now = self._clock()
        kept = self._known.get(token_hash, now) or self._unknown.get(token_hash, now)
        if kept is not None:
            return kept[0]
        if self._waiting >= MOST_WAITING:
            raise TooManyLookupsError("Too many unknown delivery URLs are asked for.")
        self._waiting += 1
        try:
            async with self._places:
                return await self._look_up(token, token_hash)
        finally:
            self._waiting -= 1

    async def _look_up(self, token: str, token_hash: bytes) -> Receiver | None:
        age, now = self._age, self._clock()
        kept = self._known.get(token_hash, now)  # somebody may have been faster
        if kept is not None:
            return kept[0]
        receiver = await self._read(token)
        if age == self._age:
            shelf = self._known if receiver else self._unknown
            shelf.put(token_hash, receiver, self._clock())
        return receiver

    async def _read(self, token: str) -> Receiver | None:
        owner = await find_end(self._hub.database, token)
        if owner is None:
            return None
        organisation_id, connection_id = owner
        end = await self._hub.register.of(organisation_id).receiving_ends.get(connection_id)
        return Receiver.of(end) if end and end.is_wanted and end.token == token else None

    def forget(self, connection_id: UUID | None) -> None:
        """Forget what is known of a connection, or of all; nobody's tokens are forgotten always."""
        self._age += 1
        self._unknown.found.clear()
        for token_hash, (receiver, _) in list(self._known.found.items()):
            if connection_id is None or (receiver and receiver.connection_id == connection_id):
                del self._known.found[token_hash]

    async def keep_fresh(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Forget what has changed as soon as the database tells; never returns."""
        while True:
            try:
                async with aclosing(self._hub.database.listen(CHANNEL)) as notices:
                    async for notice in notices:
                        self.forget(_id(notice.payload))
            except DatabaseUnavailableError:
                await sleep(AGAIN_SECONDS)  # meanwhile what is known grows old by itself


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
