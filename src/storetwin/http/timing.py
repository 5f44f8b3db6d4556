"""How long a store itself takes for an answer: without the way, and without our own work."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import aiohttp


@dataclass(slots=True)
class Stopwatch:
    """Times one exchange, from when it is made.

    Args:
        connecting: seconds spent on a new connection, where one was made.
    """

    connecting: float = 0.0
    _started: float = field(default_factory=time.perf_counter)
    _busy: float = field(default_factory=time.thread_time)
    _connect_started: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._started

    def waited(self) -> float:
        """Return the seconds so far in which we had nothing to do ourselves but to wait.

        While we write earlier pages, an answer lies there unread: that is not the store's time.
        """
        return self.elapsed - self.connecting - (time.thread_time() - self._busy)

    def connect_started(self) -> None:
        """Note that a new connection is being made."""
        self._connect_started = time.perf_counter()

    def connected(self) -> float:
        """Note that it stands; return the seconds it took."""
        self.connecting = time.perf_counter() - self._connect_started
        return self.connecting


@dataclass(slots=True)
class Way:
    """The way to a store and back, as short as it was ever seen: what a new connection takes.

    Args:
        trips: times there and back that a new connection needs: TCP one, TLS another.
    """

    trips: int = 1
    _shortest: float | None = None

    def seen(self, connecting: float) -> None:
        """Note how long a new connection took."""
        trip = connecting / self.trips
        self._shortest = trip if self._shortest is None else min(self._shortest, trip)

    def store_seconds(self, waited: float) -> float:
        """Return what is left of a wait for the first byte without the way there and back."""
        return max(0.0, waited - (self._shortest or 0.0))

    def trace(self) -> aiohttp.TraceConfig:
        """Return what makes aiohttp tell of new connections, to each request's own stopwatch."""

        async def started(_session: object, about: SimpleNamespace, _params: object) -> None:
            about.trace_request_ctx.connect_started()

        async def ended(_session: object, about: SimpleNamespace, _params: object) -> None:
            self.seen(about.trace_request_ctx.connected())

        config = aiohttp.TraceConfig()
        config.on_connection_create_start.append(started)
        config.on_connection_create_end.append(ended)
        return config
