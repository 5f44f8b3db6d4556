"""What stores say becomes core: written once, only what changed, with who came from where."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from core_stores import CREATED, UNCHANGED, UPDATED, Stores, mapped, order, product
from storetwin.core.models import Action, Cause
from storetwin.core.write import write_batch
from storetwin.kernel.errors import ConflictError
from storetwin.mapping.nouns import NOUNS

LINES = "SELECT key, quantity, product_id, remote_product_id, name FROM core.order_lines ORDER BY position"
CHANGES = "SELECT noun, action, fields, connection_id FROM core.changes ORDER BY change"
WRITTEN = """
SELECT (SELECT json_agg(xmin::text ORDER BY id) FROM core.orders) AS orders,
       (SELECT json_agg(xmin::text ORDER BY key) FROM core.order_lines) AS lines,
       (SELECT json_agg(xmin::text ORDER BY remote_id) FROM core.links) AS links,
       (SELECT json_agg(xmin::text) FROM core.customers) AS customers,
       (SELECT json_agg(xmin::text) FROM core.awaited) AS awaited,
       (SELECT count(*) FROM core.changes) AS changes
"""


async def test_a_record_becomes_a_row_with_its_parts(stores: Stores) -> None:
    outcome = await stores.put(order("12.340", lines=["7", "8"]), "100")
    assert outcome.action is CREATED
    row = await stores.one("SELECT * FROM core.orders")
    assert (row["id"], row["total"], row["connection_id"]) == (
        outcome.core_id, Decimal("12.340"), stores.connections[0]
    )  # fmt: skip
    lines = await stores.rows(LINES)
    assert [(one["key"], one["remote_product_id"]) for one in lines] == [("1", "7"), ("2", "8")]
    link = await stores.one("SELECT * FROM core.links")
    assert (link["noun"], link["core_id"], link["mapped"]) == ("orders", outcome.core_id, None)


async def test_the_same_again_writes_not_one_row(stores: Stores) -> None:
    await stores.put(order("12.34", email="ada@example.org", lines=["7", "8"]), "100")
    before = await stores.one(WRITTEN)
    again = await stores.put(order("12.34", email="ada@example.org", lines=["7", "8"]), "100")
    assert again.action is UNCHANGED
    assert await stores.one(WRITTEN) == before


async def test_only_what_changed_is_written_and_written_down(stores: Stores) -> None:
    await stores.put(order("10", lines=["7", "8"]), "100")
    kept = "SELECT xmin::text FROM core.order_lines WHERE key = '1'"
    before = await stores.one(kept)
    outcome = await stores.put(order("11", lines=["7", "9"], status="refunded"), "100", version=2)
    assert outcome.action is UPDATED
    assert set(outcome.fields) == {
        "total", "total_minor", "totals_difference", "status",
        "order_lines/2/remote_product_id", "order_lines/2/name"
    }  # fmt: skip
    assert await stores.one(kept) == before
    first, second = await stores.rows(CHANGES)
    assert (first["action"], first["fields"]) == ("created", None)
    told = json.loads(second["fields"])
    assert told["total"] == [10, 11]
    assert told["status"] == ["completed", "refunded"]
    assert told["order_lines/2/remote_product_id"] == ["8", "9"]


async def test_lines_come_and_go(stores: Stores) -> None:
    await stores.put(order("10", lines=["7", "8"]), "100")
    outcome = await stores.put(order("10", lines=["7"]), "100", version=2)
    assert set(outcome.fields) == {"order_lines/2", "item_count"}
    assert len(await stores.rows(LINES)) == 1
    await stores.put(order("10", lines=["7", "8", "9"]), "100", version=3)
    assert [row["remote_product_id"] for row in await stores.rows(LINES)] == ["7", "8", "9"]


async def test_a_newer_version_that_says_the_same_is_noted(stores: Stores) -> None:
    await stores.put(order("10"), "100")
    outcome = await stores.put(order("10"), "100", version=2)
    assert outcome.action is UNCHANGED
    link = await stores.one("SELECT snapshot_version FROM core.links")
    assert link["snapshot_version"] == 2


@pytest.mark.parametrize("is_first", [True, False])
async def test_what_is_named_is_filled_in_whoever_comes_first(
    stores: Stores, is_first: bool
) -> None:
    if is_first:
        await stores.put(product("tea"), "7")
    await stores.put(order("10", lines=["7"]), "100")
    if not is_first:
        assert (await stores.one(LINES))["product_id"] is None
        await stores.put(product("tea"), "7")
    known = await stores.one("SELECT id FROM core.products")
    assert (await stores.one(LINES))["product_id"] == known["id"]
    assert await stores.rows("SELECT * FROM core.awaited") == []


async def test_another_stores_record_of_the_same_number_is_not_meant(stores: Stores) -> None:
    await stores.put(order("10", lines=["7"]), "100")
    await stores.put(product("tea"), "7", store=1)
    assert (await stores.one(LINES))["product_id"] is None


async def test_two_stores_products_with_one_sku_are_one(stores: Stores) -> None:
    second = await stores.put(
        product("TEA-1", stock=3, name="Tea", weight=Decimal(5)), "7", store=1
    )
    first = await stores.put(product(" tea-1", stock=4, name="Thé"), "9", store=0)
    assert first.core_id == second.core_id
    row = await stores.one("SELECT name, weight FROM core.products")
    assert row == {"name": "Thé", "weight": Decimal(5)}  # the store that was connected first
    levels = await stores.rows(
        "SELECT v.quantity FROM core.inventory_levels v JOIN core.locations l ON l.id = v.location_id"
        " JOIN connections.connections c ON c.id = l.connection_id ORDER BY c.created_at"
    )
    assert [row["quantity"] for row in levels] == [4, 3]


async def test_a_second_product_with_the_sku_in_one_store_waits(stores: Stores) -> None:
    await stores.put(product("tea"), "7")
    outcome = await stores.put(product("tea"), "8")
    assert (outcome.action, outcome.core_id) == (Action.WAITING, None)
    assert (await stores.put(product("tea"), "8", is_anew=True)).action is CREATED
    together = await stores.write(
        "products", *(stores.incoming(product("jam"), str(number)) for number in (20, 21))
    )
    assert [one.action for one in together] == [CREATED, Action.WAITING]


SHOWN = """
INSERT INTO mirror.snapshots (organisation_id, connection_id, resource, remote_id, state, version, content_hash, read_at,
                              changed_at, sku, payload)
VALUES (current_setting('app.organisation_id')::uuid, %(id)s, 'products', '7', 'listed', 1, '', now(), now(), 'TEA', '{}')
"""


async def test_variations_shown_with_their_products_sku_are_not_the_same(stores: Stores) -> None:
    async with stores.transaction() as tx:
        await tx.execute(SHOWN, {"id": stores.connections[0]})
    below = {"references": {"product_id": "7"}}
    skus = ("TEA", " tea", "TEA-L")
    small, large, own = (mapped("variations", {"sku": sku}, **below) for sku in skus)
    found = await stores.write(
        "variations",
        *(stores.incoming(one, str(n)) for n, one in enumerate((small, large, own), 20)),
    )
    assert [one.action for one in found] == [CREATED] * 3
    assert len({one.core_id for one in found}) == 3
    assert (await stores.put(own, "23")).action is Action.WAITING


async def test_one_store_less_leaves_what_the_other_says(stores: Stores) -> None:
    await stores.put(product("tea", name="Thé"), "7", store=0)
    await stores.put(product("tea", name="Tea"), "7", store=1)
    outcome = await stores.bury("products", "7", store=0)
    assert outcome.action is UPDATED
    assert outcome.fields == ("name", f"inventory_levels/{stores.connections[0]}")
    last = await stores.bury("products", "7", store=1)
    assert last.action is Action.DELETED
    row = await stores.one("SELECT name, gone_at FROM core.products")
    assert row["gone_at"] == stores.now
    assert (await stores.bury("products", "7", store=1)).action is UNCHANGED
    back = await stores.put(product("tea", name="Tea"), "7", store=1)
    assert back.action is UPDATED
    assert (await stores.one("SELECT gone_at FROM core.products"))["gone_at"] is None


async def test_an_order_that_is_gone_stays_with_its_lines(stores: Stores) -> None:
    await stores.put(order("10", lines=["7"]), "100")
    assert (await stores.bury("orders", "100")).action is Action.DELETED
    assert (await stores.one("SELECT gone_at FROM core.orders"))["gone_at"] == stores.now
    assert len(await stores.rows(LINES)) == 1
    unknown = await stores.bury("orders", "101")
    assert (unknown.action, unknown.core_id) == (UNCHANGED, None)


async def test_categories_match_by_their_place_in_the_tree(stores: Stores) -> None:
    def category(slug: str, parent: str | None = None):
        return mapped("categories", {"name": slug, "slug": slug},
                      references={"parent_id": parent} if parent else {})  # fmt: skip

    mens = await stores.put(category("men"), "1")
    womens = await stores.put(category("women"), "2")
    shirts = await stores.put(category("shirts", "1"), "3")
    other = await stores.write(
        "categories",
        stores.incoming(category("shirts", "10"), "30", store=1),
        stores.incoming(category("women"), "20", store=1),
        stores.incoming(category("men"), "10", store=1),
        stores.incoming(category("shirts", "20"), "31", store=1),
    )
    assert [one.core_id for one in other[:3]] == [shirts.core_id, womens.core_id, mens.core_id]
    assert other[3].action is CREATED
    paths = await stores.rows("SELECT slug_path FROM core.categories ORDER BY slug_path")
    assert [row["slug_path"] for row in paths] == ["men", "men/shirts", "women", "women/shirts"]


async def test_two_at_once_make_nothing_twice_and_do_not_wait_in_a_circle(stores: Stores) -> None:
    async def promote(store: int, numbers: list[int]) -> None:
        for _ in range(3):
            async with stores.transaction() as tx:
                incoming = [
                    stores.incoming(product(f"sku-{n}", name=f"{n}"), str(n), store=store)
                    for n in numbers
                ]
                await write_batch(tx, NOUNS["products"], incoming, Cause(), stores.now)
                orders = [stores.incoming(order("5", email=f"{n}@x.org", lines=[str(n)]), str(n), store=store)
                          for n in numbers]  # fmt: skip
                await write_batch(tx, NOUNS["orders"], orders, Cause(), stores.now)

    numbers = list(range(1, 41))
    await asyncio.wait_for(
        asyncio.gather(
            *(promote(store, order_) for store in (0, 1) for order_ in (numbers, numbers[::-1]))
        ),
        60,
    )
    counts = await stores.one(
        "SELECT (SELECT count(*) FROM core.products) AS products, (SELECT count(*) FROM core.orders) AS orders,"
        " (SELECT count(*) FROM core.changes WHERE action = 'created' AND noun = 'products') AS made"
    )
    assert counts == {"products": 40, "orders": 80, "made": 40}


async def test_what_is_not_there_or_meant_otherwise_is_refused(stores: Stores) -> None:
    made = await stores.put(product("tea"), "7")
    other = await stores.put(product("jam"), "8")
    with pytest.raises(ConflictError):
        await stores.put(product("tea", name="new"), "7", core_id=other.core_id)
    with pytest.raises(ConflictError):
        await stores.put(order("1"), "1", core_id=made.core_id)
    with pytest.raises(ConflictError):
        await stores.put(product("x"), "9", core_id=stores.organisation_id)


async def test_nothing_here_can_be_changed_or_deleted_afterwards(stores: Stores) -> None:
    await stores.put(order("10"), "100")
    for statement in ("UPDATE core.changes SET fields = NULL", "DELETE FROM core.changes"):
        with pytest.raises(Exception, match="permission denied"):
            async with stores.transaction() as tx:
                await tx.execute(statement)
