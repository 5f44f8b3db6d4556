"""The first pull of many orders, against floors and a peer, in one run.

Floor: download the same pages with the same client library and the same concurrency, and one COPY
into a logged text column on the same server. Peer: a script as people write it, with the official
``woocommerce`` library, one page after another, into SQLite.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figures import Figures
from benchmarks.server_cost import ServerCost, running_postgres

AHEAD = 4
ROUNDS = 3


@contextmanager
def page_server(orders: int, latency: float = 0.0) -> Iterator[str]:
    """Run the prepared store in a process of its own; yields its URL."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.page_server",
        "--orders",
        str(orders),
        "--latency",
        str(latency),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def run_worker(kind: str, cost: ServerCost, **arguments: object) -> dict[str, float]:
    """Run one worker process; returns its figures with the server's share added.

    Keys: wall (seconds), cpu (seconds, the worker's and the server's), worker_cpu, rss (MB), wal (MB).
    """
    options = [f"--{name}={value}" for name, value in arguments.items()]
    before, wal = cost.cpu_seconds(), cost.wal_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.workers", kind, *options],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    server = cost.cpu_seconds() - before
    return found | {
        "worker_cpu": found["cpu"],
        "cpu": found["cpu"] + server,
        "wal": (cost.wal_bytes() - wal) / 1e6,
    }


def measure(figures: Figures, chosen: argparse.Namespace) -> None:
    rounds = []
    with page_server(chosen.orders) as url:
        for number in range(ROUNDS):
            with _server() as (dsn, cost):
                rounds.append(_round(cost, url, dsn, chosen.orders, is_last=number == ROUNDS - 1))
    _report(figures, rounds, chosen.orders)
    with _server() as (dsn, cost):
        _at_latency(figures, cost, dsn, chosen.orders)
        _memory(figures, cost, dsn, chosen)


@contextmanager
def _server() -> Iterator[tuple[str, ServerCost]]:
    """Run a PostgreSQL that holds nothing: a first pull goes into an empty twin."""
    with tempfile.TemporaryDirectory(prefix="storetwin-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as (dsn, cost):
            yield dsn, cost


Round = dict[str, dict[str, float]]


def _round(cost: ServerCost, url: str, dsn: str, orders: int, *, is_last: bool) -> Round:
    """Measure what is compared, one after the other, so that all of it meets the same machine."""
    common: dict[str, object] = {"url": url, "dsn": dsn, "ahead": AHEAD}
    made = {
        "floor": run_worker("floor", cost, **common, orders=orders),
        "pull": run_worker("pull", cost, **common, fresh=1),
        "again": run_worker("pull", cost, **common, fresh=0),
        "peer": run_worker("peer", cost, url=url),
    }
    if is_last:
        made["proof"] = run_worker("certify", cost, **common)
        made["uncompressed"] = run_worker(
            "floor", cost, **common, orders=orders, storage="external"
        )
    return made


def _report(figures: Figures, rounds: Sequence[Round], orders: int) -> None:
    """Add the middle of each figure, and the middle of each round's ratios."""

    def middle(kind: str, name: str) -> float:
        return median(made[kind][name] for made in rounds)

    def ratio(name: str, above: str, below: str) -> float:
        return median(made[above][name] / made[below][name] for made in rounds)

    for kind in ("pull", "floor", "peer"):
        figures.add(f"{kind}_wall", middle(kind, "wall"), "s")
        figures.add(f"{kind}_cpu", middle(kind, "cpu"), "s")
    figures.add("pull_rate", orders / middle("pull", "wall"), "orders/s")
    *_, last = rounds
    figures.add("floor_uncompressed_cpu", last["uncompressed"]["cpu"], "s")
    figures.add("floor_uncompressed_wall", last["uncompressed"]["wall"], "s")
    figures.add("pull_cpu_to_floor", ratio("cpu", "pull", "floor"), "x", 2.0)
    figures.add("pull_wall_to_floor", ratio("wall", "pull", "floor"), "x", 2.0)
    figures.add("peer_wall_to_pull", ratio("wall", "peer", "pull"), "x", 2.0, at_least=True)
    figures.add("reread_wall_to_pull", ratio("wall", "again", "pull"), "x", 0.5)
    figures.add("reread_cpu_to_pull", ratio("cpu", "again", "pull"), "x", 0.5)
    figures.add("pull_wal", middle("pull", "wal"), "MB")
    figures.add("reread_wal", middle("again", "wal"), "MB", middle("pull", "wal") / 50)
    figures.add("certificate_wall", last["proof"]["wall"], "s")
    figures.add("pull_rss", middle("pull", "rss"), "MB", 150.0)


def _at_latency(figures: Figures, cost: ServerCost, dsn: str, orders: int) -> None:
    with page_server(orders, latency=0.2) as url:
        floor = run_worker("floor", cost, url=url, dsn=dsn, orders=orders, ahead=AHEAD)
        pull = run_worker("pull", cost, url=url, dsn=dsn, ahead=AHEAD, connection="far", fresh=1)
    figures.add("latency_200ms_wall", pull["wall"], "s")
    figures.add("latency_200ms_to_floor", pull["wall"] / floor["wall"], "x", 1.1)


def _memory(figures: Figures, cost: ServerCost, dsn: str, chosen: argparse.Namespace) -> None:
    if not chosen.many:
        return
    started = time.perf_counter()
    with page_server(chosen.many) as url:
        pull = run_worker("pull", cost, url=url, dsn=dsn, ahead=AHEAD, connection="many", fresh=1)
        proof = run_worker("certify", cost, url=url, dsn=dsn, ahead=AHEAD, connection="many")
    figures.add(f"pull_rss_at_{chosen.many}", pull["rss"], "MB", 150.0)
    figures.add(f"certificate_rss_at_{chosen.many}", proof["rss"], "MB", 150.0)
    figures.add(f"pull_rate_at_{chosen.many}", chosen.many / pull["wall"], "orders/s")
    print(f"  ({time.perf_counter() - started:.0f} s for {chosen.many:,} orders)")
