"""Deliveries accepted and committed by one process while another applies earlier ones.

The stores that deliver, the store that is asked for the records, PostgreSQL and the door share the
cores of this machine. Beside it stands a bare door: the same server, which only says 200.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from woocommerce import API

from benchmarks.figures import Figures
from benchmarks.server_cost import running_postgres

RATE = 4_000  # deliveries a second that one process takes at least
ORDERS = 5_000  # different ones that are told of
SECONDS = 8.0
ROUNDS = 3
STORES = 256  # connections that deliver at the same time


@contextmanager
def _door(*options: str) -> Iterator[tuple[dict[str, Any], list[dict[str, float]]]]:
    """Run a door; yields where it is, and at the end what it used and applied."""
    command = [sys.executable, "-m", "benchmarks.door_server", *options]
    used: list[dict[str, float]] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline()), used
        out, _ = process.communicate()
        used.append(json.loads(out.splitlines()[-1]))


def _deliver(door: dict[str, Any], source: str, ids: Path) -> dict[str, Any]:
    """Deliver for a while; returns what was answered."""
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.door_load", f"--port={door['port']}",
            f"--path={door['path']}", f"--secret={door['secret']}", f"--source={source}",
            f"--ids={ids}", f"--seconds={SECONDS}", f"--connections={STORES}",
        ],
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert set(found["statuses"]) == {"200"}, found
    return found | {"rate": found["statuses"]["200"] / found["seconds"]}


@contextmanager
def _store() -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-m", "storetwin.sandboxes.woocommerce", f"--orders={ORDERS}"]
    with subprocess.Popen(
        [*command, "--port=0", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _orders_of(store: dict[str, Any]) -> list[int]:
    """Return the ids of the store's orders."""
    client = API(store["url"], store["key"], store["secret"], timeout=60)
    pages = range(1, ORDERS // 100 + 1)
    asked = {"per_page": 100, "_fields": "id", "orderby": "id", "order": "asc"}
    answers = [client.get("orders", params=asked | {"page": page}).json() for page in pages]
    return [order["id"] for answer in answers for order in answer]


def measure(figures: Figures, _: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name, _store() as store:
        folder = Path(name)
        folder.chmod(0o711)
        ids = folder / "ids.json"
        ids.write_text(json.dumps(_orders_of(store)))
        rates, bare, waits, applied = [], [], [], []
        own, server, bare_cpu = [], [], []
        for number in range(ROUNDS):
            with _door("--bare") as (door, used):
                found = _deliver(door, store["url"], ids)
            bare.append(found["rate"])
            bare_cpu.append(used[0]["cpu"] / found["statuses"]["200"])
            with running_postgres(folder / f"data{number}") as (dsn, cost):
                options = (f"--dsn={dsn}", f"--folder={folder}", f"--store={store['url']}",
                           f"--key={store['key']}", f"--secret={store['secret']}")  # fmt: skip
                before = cost.cpu_seconds()
                with _door(*options) as (door, used), _door("--worker", *options) as (_told, done):
                    found = _deliver(door, store["url"], ids)
                answered = found["statuses"]["200"]
                own.append(used[0]["cpu"] / answered)
                server.append((cost.cpu_seconds() - before) / answered)
                _check(cost.admin_dsn, found["statuses"]["200"])
                rates.append(found["rate"])
                waits.append(found["p99"])
                applied.append(done[0]["deliveries"] / found["seconds"])
        figures.add("webhooks_bare_door", median(bare), "/s")
        figures.add("webhooks_accepted", median(rates), "/s", RATE, at_least=True)
        figures.add("webhooks_of_bare_door", median(rates) / median(bare), "x")
        figures.add("webhooks_bare_door_cpu", median(bare_cpu) * 1e6, "µs each")
        figures.add("webhooks_door_cpu", median(own) * 1e6, "µs each")
        figures.add("webhooks_postgres_cpu", median(server) * 1e6, "µs each")
        figures.add("webhooks_applied_meanwhile", median(applied), "/s")
        figures.add("webhooks_p99_answer", median(waits) * 1000, "ms")


def _check(admin_dsn: str, answered: int) -> None:
    """Every delivery that was answered 200 is committed."""
    with psycopg.connect(admin_dsn, dbname="storetwin") as connection:
        row = connection.execute("SELECT sum(deliveries) FROM connections.webhooks").fetchone()
    assert row is not None
    assert row[0] == answered, f"{answered} were answered 200, {row[0]} were kept"
