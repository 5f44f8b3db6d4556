"""How much longer somebody else waits for a page of the store while we pull it.

A shopper asks for one page every 200 ms, before a pull, during it and after it; the store is a
host with one core or with two whose every answer costs processor time. What is compared are the
middle and the one in twenty of his times.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figures import Figures
from benchmarks.pull import run_worker
from benchmarks.server_cost import ServerCost, running_postgres

HOSTS = {"two_cores": (2, 4_000), "one_core": (1, 1_000)}
QUIET = 15.0  # seconds of the shopper alone, before and after
BUDGET = 2.0

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
            with _server() as (dsn, cost):
                alone, beside, pull = _shop(url, dsn, cost)
        figures.add(f"load_{name}_pull_wall", pull["wall"], "s")
        figures.add(f"load_{name}_rate", orders / pull["wall"], "orders/s")
        figures.add(f"load_{name}_page_alone", median(alone), "s")
        figures.add(f"load_{name}_median", median(beside) / median(alone), "x", BUDGET)
        figures.add(f"load_{name}_p95", rare(beside) / rare(alone), "x", BUDGET)


@contextmanager
def _server() -> Iterator[tuple[str, ServerCost]]:
    with tempfile.TemporaryDirectory(prefix="storetwin-load-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as found:
            yield found


def _shop(
    url: str, dsn: str, cost: ServerCost
) -> tuple[list[float], list[float], dict[str, float]]:
    """Pull beside a shopper; return his times alone, his times beside us, the pull's figures."""
    with running("shopper", f"{url}/") as shopper:
        time.sleep(QUIET)
        started = time.monotonic()
        pull = run_worker("pull", cost, url=url, dsn=dsn, ahead=4, fresh=1)
        ended = time.monotonic()
        time.sleep(QUIET)
        shopper.terminate()
        assert shopper.stdout is not None
        times = read(shopper.stdout)
    begun = ended - pull["wall"]  # without the start of our own program, which asks for nothing
    assert started <= begun
    beside = [took for asked, took in times if begun <= asked <= ended]
    alone = [took for asked, took in times if asked < started - 1 or asked > ended + 1]
    return alone[5:], beside, pull


def read(lines: Iterator[str]) -> Times:
    """Return a shopper's times; an answer that was no page is a mistake of the benchmark."""
    times = [tuple(map(float, line.split())) for line in lines]
    assert all(took > 0 for _, took in times)
    return [(asked, took) for asked, took in times]


def rare(times: Sequence[float]) -> float:
    """Return what one time in twenty is above."""
    return sorted(times)[int(len(times) * 0.95)]
