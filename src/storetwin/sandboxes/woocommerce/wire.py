"""What went over the wire: counters, a list of requests, and a log of exact bytes."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

_REMEMBERED = 200_000


class Exchange(NamedTuple):
    """One request and what it got.

    Args:
        method, path, query: of the request; the query is undecoded.
        status: HTTP status; 0 when the connection was cut.
        records: how many records the answer showed.
        at: when the request had arrived, in epoch seconds.
        ms: milliseconds from then until the answer began.
        size: bytes of the answer's body.
        faults: the faults that struck it.
        number: its place among all requests, from 1; given by :meth:`Requests.note`.
    """

    method: str
    path: str
    query: str
    status: int
    records: int
    at: float = 0.0
    ms: float = 0.0
    size: int = 0
    faults: tuple[str, ...] = ()
    number: int = 0


@dataclass(slots=True)
class Requests:
    """Every request since the start (the last 200,000 in detail). Any thread may look.

    Args:
        log: the exchanges.
        by_path: how often each path was asked for.
        by_status: how often each status was given.
        records: how many records were served in all.
        total: how many requests there were.
        clears: how often counting started again.
    """

    log: deque[Exchange] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    by_path: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    records: int = 0
    total: int = 0
    clears: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __len__(self) -> int:
        return self.total

    def note(self, exchange: Exchange) -> None:
        """Count one exchange and give it its number."""
        with self._lock:
            self.total += 1
            self.log.append(exchange._replace(number=self.total))
            self.by_path[exchange.path] += 1
            self.by_status[exchange.status] += 1
            self.records += exchange.records

    def since(self, number: int = 0, most: int = _REMEMBERED) -> list[Exchange]:
        """Return the exchanges after a number, in order; of too many, the latest."""
        found: list[Exchange] = []
        with self._lock:
            for exchange in reversed(self.log):
                if exchange.number <= number or len(found) == most:
                    break
                found.append(exchange)
        return found[::-1]

    def clear(self) -> None:
        """Start counting again, from number 1."""
        with self._lock:
            self.log.clear()
            self.by_path.clear()
            self.by_status.clear()
            self.records = self.total = 0
            self.clears += 1


class WireLog:
    """A file with one JSON line an exchange.

    Each line has method, path, query, status, content_type and ``body``: base64 of the exact
    bytes that were served.

    Args:
        path: the file; it is begun anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: IO[str] = path.open("w", encoding="ascii")

    def write(self, exchange: Exchange, content_type: str, body: bytes) -> None:
        """Add one exchange."""
        line = {
            "method": exchange.method, "path": exchange.path, "query": exchange.query,
            "status": exchange.status, "content_type": content_type,
            "body": base64.b64encode(body).decode("ascii"),
        }  # fmt: skip
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


def read_wire_log(path: Path) -> list[dict[str, str | int | bytes]]:
    """Return the exchanges of a wire log, the bodies as bytes."""
    found = []
    for line in path.read_text(encoding="ascii").splitlines():
        entry = json.loads(line)
        entry["body"] = base64.b64decode(entry["body"])
        found.append(entry)
    return found
