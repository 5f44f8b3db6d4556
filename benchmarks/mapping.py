"""What it costs to read a record and to map it: one order of 5.4 KB, CPU of this process."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks.figures import Figures
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.nouns import NOUNS
from storetwin.sandboxes.woocommerce.model.store import Store

SIZE = 5_400
BUDGET = 150.0  # µs
ROUNDS, TIMES = 7, 1_000


def measure(figures: Figures, _chosen: argparse.Namespace) -> None:
    text = order_of(SIZE)
    document = documents.read(text)
    mapper = compile_mapper(NOUNS["orders"])
    figures.add("map_order_bytes", len(text), "bytes")
    figures.add("map_order_read", micros(lambda: documents.read(text)), "µs")
    figures.add("map_order", micros(lambda: mapper.map(document)), "µs", BUDGET)


def order_of(size: int) -> bytes:
    """Return the order of a sandbox that is closest to a size."""
    store = Store(seed=7, orders=500)
    found = (store.tables["orders"].document(number) or b"" for number in store.ids("orders"))
    return min(found, key=lambda document: abs(len(document) - size))


def micros(call: Callable[[], object]) -> float:
    """Return the CPU of a call, the best of some rounds: what else runs on the machine adds to it."""
    best = float("inf")
    for _ in range(ROUNDS):
        before = time.process_time()
        for _ in range(TIMES):
            call()
        best = min(best, time.process_time() - before)
    return best / TIMES * 1e6
