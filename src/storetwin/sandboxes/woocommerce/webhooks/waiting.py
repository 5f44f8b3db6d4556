"""What waits to be sent. A second event of the same webhook and record is merged into the first."""

from __future__ import annotations

import heapq
import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Waiting:
    """A delivery that is due some time.

    Args:
        hook: the webhook.
        number: the record.
        queued_at: when its event came, in seconds of the monotonic clock.
        events: how many events it tells of.
        is_struck: some trouble has put it back already; no other strikes it.
    """

    hook: int
    number: int
    queued_at: float
    events: int = 1
    is_struck: bool = False


@dataclass(slots=True)
class Queue:
    """Deliveries in the order in which they are due. Any thread may add.

    Args:
        delay: seconds between an event and its delivery.
    """

    delay: float
    _heap: list[tuple[float, int, Waiting]] = field(default_factory=list)
    _known: dict[tuple[int, int], Waiting] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _nth: int = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, hook: int, number: int, now: float) -> None:
        """Queue a delivery, or merge the event into the one that waits already."""
        with self._lock:
            known = self._known.get((hook, number))
            if known is not None:
                known.events += 1
                return
            item = self._known[hook, number] = Waiting(hook, number, now)
            self._push(item, now + self.delay)

    def put_back(self, item: Waiting, due: float) -> None:
        """Let a delivery that was taken wait again; what came meanwhile is merged into it."""
        with self._lock:
            item.is_struck = True
            meanwhile = self._known.get((item.hook, item.number))
            if meanwhile is not None:
                meanwhile.events += item.events
                return
            self._known[item.hook, item.number] = item
            self._push(item, due)

    def take(self, now: float) -> Waiting | None:
        """Take the delivery that is due first; None when none is due yet."""
        with self._lock:
            if not self._heap or self._heap[0][0] > now:
                return None
            _, _, item = heapq.heappop(self._heap)
            self._known.pop((item.hook, item.number), None)
            return item

    def next_due(self) -> float | None:
        """Return when the next delivery is due; None when nothing waits."""
        with self._lock:
            return self._heap[0][0] if self._heap else None

    def set_delay(self, delay: float) -> None:
        """Change the delay, also of what waits already."""
        with self._lock:
            self.delay = delay
            items = [(item.queued_at + delay, nth, item) for _, nth, item in self._heap]
            heapq.heapify(items)
            self._heap = items

    def clear(self) -> None:
        """Forget everything that waits."""
        with self._lock:
            self._heap.clear()
            self._known.clear()

    def _push(self, item: Waiting, due: float) -> None:
        self._nth += 1
        heapq.heappush(self._heap, (due, self._nth, item))
