"""In whatever order and grouping records are promoted, core is the same; the second time nothing changes."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from core_records import Held, grouped, in_some_order, records_of
from core_stores import Stores
from storetwin.core.models import Action, Cause, Origin
from storetwin.core.statements import tables_of
from storetwin.core.write import write_batch
from storetwin.db import Database
from storetwin.mapping.nouns import NOUNS
from storetwin.sandboxes.woocommerce import Store

TABLES = sorted({table for noun in NOUNS.values() for table in (noun.name, *tables_of(noun).parts)})
KEPT = ("links", "awaited", "customer_figures")
_TIMES = {"created_at", "updated_at", "promoted_at", "computed_at", "organisation_id", "run_id"}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
WRITTEN = "SELECT sum(xmin::text::bigint) AS sum, count(*) AS n FROM core.{0}"


async def promote(stores: Stores, batches: list[list[Held]]) -> Counter[Action]:
    """Promote batches, several in a transaction; return what became of the records."""
    counts: Counter[Action] = Counter()
    for batch in batches:
        async with stores.transaction() as tx:
            outcomes = await write_batch(
                tx, batch[0].noun, [one.incoming() for one in batch], Cause(), stores.now
            )
        counts.update(outcome.action for outcome in outcomes)
    return counts


async def told(stores: Stores) -> dict[str, list[str]]:
    """Return all of core, ids written as what they stand for: the stores' records, or a guest's e-mail."""
    names = {str(one): f"store {place}" for place, one in enumerate(stores.connections)}
    whose: dict[str, list[str]] = {}
    for row in await stores.rows(
        "SELECT connection_id, resource, remote_id, core_id FROM core.links"
    ):
        label = f"{names[str(row['connection_id'])]} {row['resource']} {row['remote_id']}"
        whose.setdefault(str(row["core_id"]), []).append(label)
    names |= {core_id: " + ".join(sorted(labels)) for core_id, labels in whose.items()}
    for row in await stores.rows("SELECT id, email_lower FROM core.customers WHERE is_guest"):
        names[str(row["id"])] = f"guest {row['email_lower']}"
    for row in await stores.rows("SELECT id, connection_id FROM core.locations"):
        names[str(row["id"])] = f"place of {names[str(row['connection_id'])]}"
    found = {}
    for table in (*TABLES, *KEPT):
        rows = await stores.rows(f"SELECT * FROM core.{table}")
        lines = [{name: value for name, value in row.items() if name not in _TIMES} for row in rows]
        found[table] = sorted(_ID.sub(lambda m: names.get(m[0], m[0]), str(line)) for line in lines)
    return found


def stock(stores: Stores) -> dict[Origin, Held]:
    """Return the records of two stores that sell much of the same."""
    first = Store(seed=7, orders=12)
    second = Store(seed=7, orders=12)
    for number in list(second.ids("products"))[::3]:
        second.edit("products", number, {"name": f"Another {number}", "regular_price": "7.77"})
    for number in list(second.ids("customers"))[::4]:
        second.edit("customers", number, {"first_name": "Grace"})
    found: dict[Origin, Held] = {}
    for store, connection in zip((first, second), stores.connections, strict=True):
        found |= records_of(store, connection, most=30)
    return found


@pytest.mark.parametrize("seed", range(3))
async def test_any_order_and_grouping_gives_the_same_core(dsn: str, seed: int) -> None:
    database = await Database.open(dsn, pool_size=2)
    dice = Random(seed)
    plain, drawn = await Stores.open(database), await Stores.open(database)
    every = list(stock(plain).values())
    every.sort(key=lambda one: list(NOUNS).index(one.noun.name))
    counts = await promote(plain, list(grouped(every, Random(1), 500)))
    assert counts[Action.CREATED] > 300
    other = in_some_order(stock(drawn), dice)
    drawn_counts = await promote(drawn, list(grouped(other, dice, 40)))
    assert drawn_counts[Action.WAITING] == counts[Action.WAITING] == 0
    expected, found = await told(plain), await told(drawn)
    for table, lines in expected.items():
        assert found[table] == lines, table
    assert len(expected["inventory_levels"]) > len(expected["products"])
    await database.close()


async def test_promoting_twice_changes_nothing(stores: Stores) -> None:
    records = in_some_order(stock(stores), Random(5))
    await promote(stores, list(grouped(records, Random(5), 100)))
    written = [await stores.one(WRITTEN.format(table)) for table in (*TABLES, *KEPT, "changes")]
    again = await promote(stores, list(grouped(records, Random(6), 500)))
    assert set(again) <= {Action.UNCHANGED, Action.WAITING}
    assert [
        await stores.one(WRITTEN.format(table)) for table in (*TABLES, *KEPT, "changes")
    ] == written
