"""The list of everything that the store sent by itself."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

_REMEMBERED = 20_000


class Delivered(NamedTuple):
    """One delivery or ping, whatever became of it.

    Args:
        hook: the webhook.
        topic: as in its header; empty for a ping.
        resource_id: the record; 0 for a ping.
        status: what the receiver answered; 0 when it did not, or nothing was sent.
        url: where to.
        headers: as sent; empty when nothing was.
        body: exact bytes.
        at: when it was sent, in epoch seconds.
        ms: milliseconds until it was answered.
        events: how many events were merged into it.
        faults: what happened to it on its way.
        number: its place among all, from 1; given by :meth:`Deliveries.note`.
    """

    hook: int
    topic: str
    resource_id: int
    status: int
    url: str
    headers: dict[str, str]
    body: bytes
    at: float = 0.0
    ms: float = 0.0
    events: int = 1
    faults: tuple[str, ...] = ()
    number: int = 0

    @property
    def is_ping(self) -> bool:
        """Whether it only asks if somebody is there."""
        return not self.topic

    @property
    def signature(self) -> str:
        """The signature as sent; empty for a ping."""
        return self.headers.get("X-WC-Webhook-Signature", "")


@dataclass(slots=True)
class Deliveries:
    """Every delivery since the start (the last 20,000 in detail). Any thread may look.

    Args:
        log: the deliveries.
        total: how many there were.
    """

    log: deque[Delivered] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, delivered: Delivered) -> None:
        """Count one and give it its number."""
        with self._lock:
            self.total += 1
            self.log.append(delivered._replace(number=self.total))

    def since(self, number: int = 0, most: int = _REMEMBERED) -> list[Delivered]:
        """Return those after a number, in order; of too many, the latest."""
        found: list[Delivered] = []
        with self._lock:
            for delivered in reversed(self.log):
                if delivered.number <= number or len(found) == most:
                    break
                found.append(delivered)
        return found[::-1]

    def clear(self) -> None:
        """Start counting again, from number 1."""
        with self._lock:
            self.log.clear()
            self.total = 0
