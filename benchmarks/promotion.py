"""Orders from the mirror into core, below row-level security: read, mapped, written, batch by batch.

One process promotes, two batches at a time: while PostgreSQL writes the one, the other is read and
mapped. Customers, products and all that orders name are in core before, as promotion brings them
along. The last line of standard output of a part is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.figures import Figures
from benchmarks.server_cost import running_postgres
from storetwin.core.models import Action, Cause, Incoming, Origin, Outcome
from storetwin.core.write import MOST, write_batch
from storetwin.db.database import Database
from storetwin.kernel.clock import utc_now
from storetwin.mapping import documents
from storetwin.mapping.mapper import Mapper, compile_mapper
from storetwin.mapping.models import Noun, Site
from storetwin.mapping.nouns import NOUNS

ORDERS = 20_000
BUDGET = 2_000.0  # orders a second
AT_ONCE = 2
ORGANISATION, CONNECTION = UUID(int=1), UUID(int=11)
SITE = Site(currency="USD", weight_unit="kg", dimension_unit="cm")

_ORGANISATION = (
    "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'bench', now())"
)
_CONNECTION = """
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%s, %s, 'shop', 'woocommerce', 'https://shop.example', 'basic', '', now())
"""
_IDS = """
SELECT remote_id FROM mirror.snapshots
WHERE organisation_id = %s AND connection_id = %s AND resource = %s AND state <> 'gone' ORDER BY remote_number
"""
_PAGE = """
SELECT remote_id, version, parent_id, COALESCE(clean, payload)::text AS document FROM mirror.snapshots
WHERE organisation_id = %s AND connection_id = %s AND resource = %s AND remote_id = ANY(%s::text[])
"""
_COUNTS = """
SELECT (SELECT count(*) FROM core.orders) AS orders, (SELECT count(*) FROM core.order_lines) AS lines,
       (SELECT count(*) FROM core.orders WHERE totals_difference <> 0 AND totals_note IS NULL) AS unexplained
"""


def measure(figures: Figures, _: argparse.Namespace) -> None:
    """Fill a mirror, then promote all of it, twice."""
    with tempfile.TemporaryDirectory(prefix="storetwin-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        with running_postgres(folder / "data") as (dsn, cost):
            _part("fill", dsn)
            before, wal = cost.cpu_seconds(), cost.wal_bytes()
            first = _part("promote", dsn)
            server, written = cost.cpu_seconds() - before, cost.wal_bytes() - wal
            again = _part("promote", dsn)
    assert first["created"] == again["unchanged"] == first["orders"], (first, again)
    assert first["unexplained"] == 0
    orders = first["orders"]
    figures.add("promotion", orders / first["wall"], "orders/s", BUDGET, at_least=True)
    figures.add("promotion_again", orders / again["wall"], "orders/s")
    figures.add("promotion_worker_cpu", first["cpu"] / orders * 1e6, "µs/order")
    figures.add("promotion_server_cpu", server / orders * 1e6, "µs/order")
    figures.add("promotion_wal", written / orders / 1024, "kB/order")
    figures.add("promotion_rss", first["rss"], "MB")


def _part(name: str, dsn: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.promotion", name, dsn]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


async def fill(dsn: str) -> dict[str, Any]:
    """Write a sandbox store's records into the mirror."""
    from storetwin.mirror.models import State
    from storetwin.mirror.repository import Shelf
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
                 "products", "variations", "customers", "orders"):  # fmt: skip
        shelf, ids = Shelf(ORGANISATION, CONNECTION, name), list(store.ids(name))
        for start in range(0, len(ids), 1000):
            read = (store.document(name, number) or b"" for number in ids[start : start + 1000])
            records = [read_record(named(name), document) for document in read]
            async with database.transaction(ORGANISATION) as tx:
                await write_records(tx, shelf, records, served_at=now, now=now, state=State.LISTED)
    await database.close()
    return {}


async def promote(dsn: str) -> dict[str, Any]:
    """Promote everything; only the orders are timed."""
    database = await Database.open(dsn, pool_size=AT_ONCE)
    for name in ("categories", "tags", "brands", "shipping_classes", "attributes", "tax_rates",
                 "products", "variations", "customers"):  # fmt: skip
        await _promote(database, NOUNS[name])
    started, used = time.perf_counter(), time.process_time()
    outcomes = await _promote(database, NOUNS["orders"])
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    async with database.transaction(ORGANISATION) as tx:
        counts = await tx.fetch_one(_COUNTS)
    await database.close()
    actions = [outcome.action for outcome in outcomes]
    return {
        "wall": wall,
        "cpu": cpu,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "created": actions.count(Action.CREATED),
        "unchanged": actions.count(Action.UNCHANGED),
        **(counts or {}),
    }


async def _promote(database: Database, noun: Noun) -> list[Outcome]:
    async with database.transaction(ORGANISATION) as tx:
        rows = await tx.fetch_all(_IDS, (ORGANISATION, CONNECTION, noun.resource))
    ids = [row["remote_id"] for row in rows]
    batches = iter([ids[start : start + MOST] for start in range(0, len(ids), MOST)])
    mapper = compile_mapper(noun, None, SITE)
    outcomes: list[Outcome] = []

    async def work() -> None:
        for batch in batches:
            outcomes.extend(await _batch(database, noun, mapper, batch))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return outcomes


async def _batch(database: Database, noun: Noun, mapper: Mapper, ids: list[str]) -> list[Outcome]:
    async with database.transaction(ORGANISATION) as tx:
        rows = await tx.fetch_all(_PAGE, (ORGANISATION, CONNECTION, noun.resource, ids))
        incoming = [
            Incoming(
                Origin(CONNECTION, noun.resource, row["remote_id"]),
                row["version"],
                None,
                mapper.map(documents.read(row["document"]), row["parent_id"]),
            )
            for row in rows
        ]
        return await write_batch(tx, noun, incoming, Cause(), datetime.now(UTC))  # noqa: TID251


if __name__ == "__main__":
    part = {"fill": fill, "promote": promote}[sys.argv[1]]
    print(json.dumps(asyncio.run(part(sys.argv[2]))))
