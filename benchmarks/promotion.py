"""Orders from the mirror into core, below row-level security, as a worker does it: asked for, taken, promoted.

One run, of all orders of a store; customers, products and all that orders name are in core before.
The last line of standard output of a part is JSON.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from pydantic import SecretStr

from benchmarks.figures import Figures
from benchmarks.server_cost import running_postgres
from storetwin.bootstrap import open_hub
from storetwin.db.database import Database
from storetwin.hub import Hub
from storetwin.kernel.clock import utc_now
from storetwin.runs.queued import Queued
from storetwin.settings import Settings
from storetwin.staging.models import Chosen, Filter

ORDERS = 20_000
BUDGET = 2_000.0  # orders a second
ORGANISATION, CONNECTION = UUID(int=1), UUID(int=11)
NAME = "shop"
BEFORE = ("categories", "tags", "brands", "shipping_classes", "attributes", "taxes", "products",
          "variations", "customers", "coupons")  # fmt: skip
MEASURED = "orders"

_ORGANISATION = (
    "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'bench', now())"
)
_CONNECTION = """
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%s, %s, 'shop', 'woocommerce', 'https://shop.example', 'basic', '', now())
"""
_COUNTS = """
SELECT (SELECT count(*) FROM core.orders) AS orders, (SELECT count(*) FROM core.order_lines) AS lines,
       (SELECT count(*) FROM core.orders WHERE totals_difference <> 0 AND totals_note IS NULL) AS unexplained,
       (SELECT count(*) FROM staging.records WHERE resource = 'orders' AND state = 'in_sync') AS in_sync
"""


def measure(figures: Figures, _: argparse.Namespace) -> None:
    """Fill a mirror, promote what orders name, then all orders."""
    with tempfile.TemporaryDirectory(prefix="storetwin-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with running_postgres(folder / "data") as (dsn, cost):
            _part("fill", dsn, folder)
            _part("before", dsn, folder)
            before, wal = cost.cpu_seconds(), cost.wal_bytes()
            done = _part("orders", dsn, folder)
            server, written = cost.cpu_seconds() - before, cost.wal_bytes() - wal
    orders = done["orders"]
    assert done["in_sync"] == orders >= ORDERS, done
    assert done["unexplained"] == 0, done
    figures.add("promotion", orders / done["wall"], "orders/s", BUDGET, at_least=True)
    figures.add("promotion_asking", done["asked"] * 1000, "ms")
    figures.add("promotion_worker_cpu", done["cpu"] / orders * 1e6, "µs/order")
    figures.add("promotion_server_cpu", server / orders * 1e6, "µs/order")
    figures.add("promotion_wal", written / orders / 1024, "kB/order")
    figures.add("promotion_rss", done["rss"], "MB")


def _part(name: str, dsn: str, folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.promotion", name, dsn, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


async def fill(dsn: str) -> dict[str, Any]:
    """Write a sandbox store's records into the mirror."""
    from storetwin.mirror.models import State
    from storetwin.mirror.repository import Shelf, analyze
    from storetwin.mirror.writing import write_records
    from storetwin.resources import named
    from storetwin.sandboxes.woocommerce import Store
    from storetwin.woocommerce.records import read_record

    store, now = Store(seed=7, orders=ORDERS), utc_now()
    database = await Database.open(dsn, pool_size=1)
    async with database.transaction(ORGANISATION) as tx:
        await tx.execute(_ORGANISATION, (ORGANISATION,))
        await tx.execute(_CONNECTION, (CONNECTION, ORGANISATION))
    for name in ("categories", "tags", "brands", "shipping_classes", "attributes", "taxes",
                 "products", "variations", "customers", "coupons", "orders"):  # fmt: skip
        shelf, ids = Shelf(ORGANISATION, CONNECTION, name), list(store.ids(name))
        for start in range(0, len(ids), 1000):
            read = (store.document(name, number) or b"" for number in ids[start : start + 1000])
            records = [read_record(named(name), document) for document in read]
            async with database.transaction(ORGANISATION) as tx:
                await write_records(tx, shelf, records, served_at=now, now=now, state=State.LISTED)
    async with database.transaction(ORGANISATION) as tx:
        await analyze(tx)  # as a pull does
    await database.close()
    return {}


async def promote(dsn: str, folder: Path, *resources: str) -> dict[str, Any]:
    """Promote every record of some resources, one after the other."""
    settings = Settings(
        database_url=SecretStr(dsn), data_dir=folder,
        encryption_key=SecretStr("c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="),
    )  # fmt: skip
    async with open_hub(settings) as opened:
        hub = opened.of(ORGANISATION)
        started, used = time.perf_counter(), time.process_time()
        asked = sum([await _promote(hub, one) for one in resources])
        wall, cpu = time.perf_counter() - started, time.process_time() - used
        async with hub.database.transaction(ORGANISATION) as tx:
            counts = await tx.fetch_one(_COUNTS)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"wall": wall, "asked": asked, "cpu": cpu, "rss": rss, **(counts or {})}


async def _promote(hub: Hub, name: str) -> float:
    """Ask for a promotion and do it; return the seconds that asking took."""
    started = time.perf_counter()
    [one] = await hub.staging.promote(Chosen(Filter(name, (CONNECTION,))))
    asked = time.perf_counter() - started
    run = replace(hub, queued=Queued(one.run_id))
    await run.staging.work(NAME, lambda _: None)
    return asked


if __name__ == "__main__":
    _, part, address, place = sys.argv
    if part == "fill":
        told = uvloop.run(fill(address))
    else:
        wanted = (MEASURED,) if part == MEASURED else BEFORE
        told = uvloop.run(promote(address, Path(place), *wanted))
    print(json.dumps(told))
