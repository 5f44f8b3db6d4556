"""How much longer somebody else waits for a page of the store while we pull it.

A shopper asks for one page every 200 ms, and pulls come and go; the store is a host with one core
or with two whose every answer costs processor time. What is compared are the middle and the one in
twenty of his times, during each pull with those just before and after it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.figures import Figures
from benchmarks.pull import run_worker
from benchmarks.server_cost import ServerCost, running_postgres

HOSTS = {"two_cores": (2, 9_000), "one_core": (1, 3_600)}  # a minute each
ROUNDS = 3
QUIET = 6.0  # seconds of the shopper alone, before each pull and after the last
BUDGET = 2.0

FAR = (float("inf"),) * 3
Times = list[tuple[float, float]]


@contextmanager
def running(module: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program of this package; stop it at the end."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def measure(figures: Figures, _: argparse.Namespace) -> None:
    for name, (cores, orders) in HOSTS.items():
        with running("busy_store", f"--orders={orders}", f"--cores={cores}") as store:
            assert store.stdout is not None
            url = store.stdout.readline().strip()
            with _elsewhere(cores), _server() as (dsn, cost):
                alone, beside, walls = _shop(url, dsn, cost)
        figures.add(f"load_{name}_rate", orders / median(walls), "orders/s")
        figures.add(f"load_{name}_page_alone", median(map(median, alone)), "s")
        for word, of in (("median", median), ("p95", rare)):
            ratios = [
                of(during) / of(before + after)
                for before, during, after in zip(alone, beside, alone[1:], strict=False)
            ]
            figures.add(f"load_{name}_{word}", median(ratios), "x", BUDGET)


@contextmanager
def _elsewhere(cores: int) -> Iterator[None]:
    """Keep what is started meanwhile off the store's cores, where this machine has others."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(every)[cores:] or every)
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


@contextmanager
def _server() -> Iterator[tuple[str, ServerCost]]:
    with tempfile.TemporaryDirectory(prefix="storetwin-load-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as found:
            yield found


def _shop(
    url: str, dsn: str, cost: ServerCost
) -> tuple[list[list[float]], list[list[float]], list[float]]:
    """Pull again and again beside a shopper.

    Returns:
        His times before each pull and after the last, his times during each, and the seconds of
        each pull: each is compared with its own neighbours, so that all meet the same machine.
    """
    pulls = []
    with running("shopper", f"{url}/") as shopper:
        time.sleep(QUIET)
        for _ in range(ROUNDS):
            called = time.monotonic()
            pull = run_worker("pull", cost, url=url, dsn=dsn, ahead=4, fresh=1)
            ended = time.monotonic()
            pulls.append((called, ended - pull["wall"], ended))
            time.sleep(QUIET)
        shopper.terminate()
        assert shopper.stdout is not None
        times = read(shopper.stdout)
    alone = [
        [took for asked, took in times if ended + 0.5 <= asked < called]
        for (_, _, ended), (called, _, _) in pairwise([(0.0, 0.0, 0.0), *pulls, FAR])
    ]
    beside = [
        [took for asked, took in times if begun <= asked < ended] for _, begun, ended in pulls
    ]
    return alone, beside, [ended - begun for _, begun, ended in pulls]


def read(lines: Iterator[str]) -> Times:
    """Return a shopper's times; an answer that was no page is a mistake of the benchmark."""
    times = [tuple(map(float, line.split())) for line in lines]
    assert all(took > 0 for _, took in times)
    return [(asked, took) for asked, took in times]


def rare(times: Sequence[float]) -> float:
    """Return what one time in twenty is above."""
    return sorted(times)[int(len(times) * 0.95)]
