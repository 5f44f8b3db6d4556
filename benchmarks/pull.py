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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    with tempfile.TemporaryDirectory(prefix="storetwin-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "data") as (dsn, cost):
            _against_the_floor(figures, cost, dsn, chosen.orders)
            _at_latency(figures, cost, dsn, chosen.orders)
            _memory(figures, cost, dsn, chosen)


def _against_the_floor(figures: Figures, cost: ServerCost, dsn: str, orders: int) -> None:
    with page_server(orders) as url:
        ratios_cpu, ratios_wall, floors, pulls = [], [], [], []
        of_round: dict[str, object] = {}
        for round_ in range(ROUNDS):
            # Each round is a store of its own, so that no round pays for removing the one before.
            of_round = {
                "url": f"{url}/{round_}",
                "connection": f"bench{round_}",
                "dsn": dsn,
                "ahead": AHEAD,
            }
            floor = run_worker("floor", cost, url=url, dsn=dsn, orders=orders, ahead=AHEAD)
            pull = run_worker("pull", cost, **of_round, fresh=1)
            floors.append(floor)
            pulls.append(pull)
            ratios_cpu.append(pull["cpu"] / floor["cpu"])
            ratios_wall.append(pull["wall"] / floor["wall"])
        floor, pull = (
            sorted(found, key=lambda f: f["wall"])[ROUNDS // 2] for found in (floors, pulls)
        )
        other = run_worker(
            "floor", cost, url=url, dsn=dsn, orders=orders, ahead=AHEAD, storage="external"
        )
        again = run_worker("pull", cost, **of_round, fresh=0)
        proof = run_worker("certify", cost, **of_round)
        peer = run_worker("peer", cost, url=url)
    figures.add("pull_wall", pull["wall"], "s")
    figures.add("pull_rate", orders / pull["wall"], "orders/s")
    figures.add("pull_cpu", pull["cpu"], "s")
    figures.add("floor_wall", floor["wall"], "s")
    figures.add("floor_cpu", floor["cpu"], "s")
    figures.add("floor_uncompressed_cpu", other["cpu"], "s")
    figures.add("floor_uncompressed_wall", other["wall"], "s")
    figures.add("pull_cpu_to_floor", sorted(ratios_cpu)[ROUNDS // 2], "x", 2.0)
    figures.add("pull_wall_to_floor", sorted(ratios_wall)[ROUNDS // 2], "x", 2.0)
    figures.add("peer_wall", peer["wall"], "s")
    figures.add("peer_wall_to_pull", peer["wall"] / pull["wall"], "x", 2.0, at_least=True)
    figures.add("reread_wall_to_pull", again["wall"] / pull["wall"], "x", 0.5)
    figures.add("reread_cpu_to_pull", again["cpu"] / pull["cpu"], "x", 0.5)
    figures.add("pull_wal", pull["wal"], "MB")
    figures.add("reread_wal", again["wal"], "MB", pull["wal"] / 50)
    figures.add("certificate_wall", proof["wall"], "s")
    figures.add("pull_rss", pull["rss"], "MB", 150.0)


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
