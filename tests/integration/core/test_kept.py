"""What a record comes to stands in the tables to the last digit, and views add it up."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core_records import Held, records_of
from core_stores import Stores
from recorded import recorded
from storetwin.core.models import Action, Cause, Origin
from storetwin.core.read import Document, links
from storetwin.core.read import documents as read_documents
from storetwin.core.write import write_batch
from storetwin.db import Database
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Mapped, Noun
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.sandboxes.woocommerce import Store
from storetwin.staging.compare import read_known
from storetwin.staging.delta import differences

PLACES = {name: place for place, name in enumerate(NOUNS)}


@pytest.fixture(scope="module")
def sandbox() -> Store:
    return Store(seed=23, orders=60)


def from_recordings(connection_id: UUID) -> list[Held]:
    """Return every recorded record that has an id of its own."""
    found: dict[Origin, Held] = {}
    for resource, texts in recorded().items():
        noun = noun_of(resource)
        assert noun is not None
        mapper = compile_mapper(noun)
        for text in texts:
            document = documents.read(text)
            origin = Origin(connection_id, resource, str(document.get("id", len(found))))
            found[origin] = Held(origin, noun, mapper.map(document, "1"))
    return list(found.values())


async def promoted(stores: Stores, records: list[Held]) -> dict[Origin, UUID]:
    """Promote records one by one where they might be one in core; return which they became."""
    kept: dict[Origin, UUID] = {}
    records.sort(key=lambda one: PLACES[one.noun.name])
    async with stores.transaction() as tx:
        for one in records:
            [outcome] = await write_batch(tx, one.noun, [one.incoming()], Cause(), stores.now)
            if outcome.action is not Action.WAITING:
                assert outcome.core_id is not None
                kept[one.origin] = outcome.core_id
    return kept


async def check(stores: Stores, records: list[Held]) -> Counter[str]:
    """Compare what stands in core with what records came to; return how many of each noun."""
    kept = await promoted(stores, records)
    counts: Counter[str] = Counter()
    names = Counter(kept.values())
    for noun in NOUNS.values():
        own = {
            kept[one.origin]: one.mapped
            for one in records
            if one.noun.name == noun.name and one.origin in kept and names[kept[one.origin]] == 1
        }
        async with stores.transaction() as tx:
            found = await read_documents(tx, noun, own)
        assert found.keys() == own.keys()
        for core_id, mapped in own.items():
            assert_same(noun, mapped, found[core_id], stores.connections[0])
        counts[noun.name] = len(own)
    await check_in_sync(stores, [one for one in records if one.origin in kept])
    return counts


async def check_in_sync(stores: Stores, records: list[Held]) -> None:
    """What was just promoted does not differ from core, field by field, nor by its hash."""
    for noun in NOUNS.values():
        own = {one.origin: one for one in records if one.noun.name == noun.name}
        async with stores.transaction() as tx:
            known_links = await links(tx, own)
            core_ids = {origin: link.core_id for origin, link in known_links.items()}
            known = await read_known(tx, noun, core_ids)
        assert known.keys() == own.keys()
        for origin, one in own.items():
            assert known_links[origin].hash == one.mapped.hash
            assert differences(noun, known[origin], one.mapped) == [], origin


def assert_same(noun: Noun, mapped: Mapped, document: Document, connection_id: UUID) -> None:
    own = {one.name for one in noun.fields if one.source is not None or one.site is not None}
    if noun.derive is not None:
        own = {one.name for one in noun.fields}
    assert {name: document.values[name] for name in own} == {n: mapped.values[n] for n in own}
    assert digits(document.values, own) == digits(mapped.values, own)
    assert document.references == mapped.references
    assert document.extra == mapped.extra
    for table, rows in mapped.parts.items():
        assert [without_core_ids(row, noun) for row in document.parts.get(table, [])] == rows, table
    if noun.levels:
        assert document.levels == {connection_id: mapped.level}


def digits(values: dict[str, Any], names: set[str]) -> dict[str, str]:
    """Return amounts as they are written: 464.30 and not 464.3."""
    return {n: str(values[n]) for n in names if isinstance(values[n], Decimal)}


def without_core_ids(row: dict[str, Any], noun: Noun) -> dict[str, Any]:
    references = {one.name for part in noun.parts for one in part.references}
    return {name: value for name, value in row.items() if name not in references}


async def test_every_recorded_record(stores: Stores) -> None:
    counts = await check(stores, from_recordings(stores.connections[0]))
    assert counts["orders"] >= 15
    assert counts["reference_records"] >= 50


async def test_every_record_of_a_sandbox(stores: Stores, sandbox: Store) -> None:
    records = list(records_of(sandbox, stores.connections[0], most=60).values())
    counts = await check(stores, records)
    assert counts["orders"] == 60
    assert min(counts[name] for name in ("products", "variations", "customers", "terms")) > 10


async def test_views_add_up_what_stands_there(stores: Stores, sandbox: Store, dsn: str) -> None:
    held = [
        one
        for one in records_of(sandbox, stores.connections[0], most=60).values()
        if one.noun.name in ("orders", "customers", "products", "variations", "categories")
    ]
    await promoted(stores, held)
    orders = [one.mapped for one in held if one.noun.name == "orders"]
    days = await stores.rows("SELECT * FROM core.sales_by_day")
    for figure, column in (
        ("total", "total"),
        ("refunded", "refunded_total"),
        ("taxes", "total_tax"),
        ("pieces", "item_count"),
    ):
        expected = sum(one.values[column] for one in orders)  # type: ignore[misc]
        assert sum(row[figure] for row in days) == expected, figure
    assert sum(row["orders"] for row in days) == len(orders)
    assert {row["day"] for row in days} == {one.values["placed_at"].date() for one in orders}

    items = await stores.rows("SELECT * FROM core.order_items")
    assert len(items) == sum(len(one.parts["order_lines"]) for one in orders)
    assert any(row["product_name"] for row in items)
    goods = await stores.rows("SELECT * FROM core.product_sales")
    assert sum(row["pieces"] for row in goods) == sum(
        row["quantity"] for row in items if row["product_id"]
    )
    people = await stores.rows("SELECT * FROM core.customer_directory")
    assert len(people) == (await stores.one("SELECT count(*) AS n FROM core.customers"))["n"]
    tree = await stores.rows("SELECT level, path, names FROM core.category_tree")
    assert len(tree) == (await stores.one("SELECT count(*) AS n FROM core.categories"))["n"]
    assert max(row["level"] for row in tree) > 1
    assert all(len(row["path"]) == len(row["names"]) == row["level"] for row in tree)

    database = await Database.open(dsn, pool_size=1)
    other = await Stores.open(database)
    for view in (
        "sales_by_day",
        "order_items",
        "product_sales",
        "customer_directory",
        "category_tree",
    ):
        assert await other.rows(f"SELECT FROM core.{view}") == [], view
    await database.close()
