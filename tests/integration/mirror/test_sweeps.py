"""A sweep finds what no date shows, in few requests, and buries only on a 404 of a record's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubs import NAME, Twin, lasting, open_twin
from storetwin.hub.syncing import Synced
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import running_store


async def swept(twin: Twin, *resources: str, bury_many: bool = False) -> Synced:
    return await twin.hub.sweep(NAME, resources, observe=lambda _: None, bury_many=bury_many)


async def assert_same(twin: Twin, *resources: str) -> None:
    for resource in resources:
        found = await twin.documents(resource)
        expected = twin.expected(resource)
        assert {n: lasting(found[n]) for n in found} == {n: lasting(expected[n]) for n in expected}


def listed_orders(twin: Twin) -> list[int]:
    store = twin.sandbox.store
    return [n for n in store.ids("orders") if store.status_of("orders", n) == "completed"]


def line_of(done: Synced, resource: str) -> str:
    return next(line.way for line in done.resources if line.resource == resource)


async def test_three_deletions_among_thousands_cost_few_requests(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=3_000, seed=5) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            assert (await twin.pull("orders", "refunds")).is_complete
            orders = listed_orders(twin)
            gone = {orders[3], orders[len(orders) // 2], orders[-2]}
            for number in gone:
                store.store.delete("orders", number)
            before = store.requests.total
            done = await swept(twin, "orders")
            assert store.requests.total - before <= 50
            assert line_of(done, "orders") == "search"
            assert set(await twin.snapshots("orders", gone=True)) == set(map(str, gone))
            assert all(
                row["version"] == 2 for row in (await twin.snapshots("orders", gone=True)).values()
            )
            await assert_same(twin, "orders")
            quiet = await swept(twin, "orders")
            assert quiet.changes == 0
            # Five to arrive, the end of the list, undated records, ten of those that no list shows.
            assert quiet.requests <= 17


async def test_everything_that_no_date_shows_is_found(twin: Twin) -> None:
    """One of each kind; what shows something of it elsewhere is read again as well."""
    store = twin.sandbox.store
    paid = next(n for n in listed_orders(twin) if store.refundable(n) > 1)
    refund = store.refund(paid, "1.00")
    assert (await twin.pull()).is_complete
    products = store.ids("products")
    store.delete("refunds", refund)
    store.delete("products", products[3])
    store.edit("categories", store.ids("categories")[1], {"name": "Hats & Caps"})
    store.delete("tags", store.ids("tags")[0])
    store.edit("customers", store.ids("customers")[2], {"first_name": "Ada"})
    store.delete("customers", store.ids("customers")[5])
    store.delete("coupons", store.ids("coupons")[0])
    await twin.hub.sync(NAME, (), observe=lambda _: None)  # the orders of the deleted customer
    done = await swept(twin)
    await assert_same(twin, "refunds", "products", "variations", "categories", "tags", "customers")
    await assert_same(twin, "orders", "coupons", "reviews", "taxes")
    assert {line.resource for line in done.resources if line.lacks} == set()
    outcome = await twin.verify(level=Level.BYTES)
    assert outcome.is_complete
    assert sum(line["fetched"] + line["buried"] for line in outcome.certificate["resources"]) == 0
    brought = await twin.rows(
        "SELECT DISTINCT brought_by FROM mirror.snapshots WHERE state = 'gone'"
    )
    assert {row["brought_by"] for row in brought} <= {"sweep", "pull"}
    cursors = await twin.rows(
        "SELECT resource FROM runs.cursors WHERE is_done AND swept_at IS NULL"
    )
    assert cursors == []


async def test_versions_are_neither_lost_nor_doubled_by_rounds_and_sweeps(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.pull("orders", "products", "categories")
    store.changes.versions.clear()
    for number in listed_orders(twin)[:5]:
        store.edit_order(number, {"customer_note": "Once."})
    store.edit("categories", store.ids("categories")[1], {"name": "Hats & Caps"})
    for _ in range(2):
        await twin.hub.sync(NAME, ["orders", "products", "categories"], observe=lambda _: None)
        await swept(twin, "orders", "products", "categories")
    for resource in ("orders", "products", "categories"):
        expected = {str(n): 1 + count for n, count in store.changes[resource].items()}
        snapshots = await twin.snapshots(resource)
        assert {n: row["version"] for n, row in snapshots.items() if row["version"] > 1} == expected


async def test_orders_that_nobody_dated_are_read_again(twin: Twin) -> None:
    """Imported rows have no date of change: no window shows them, and they stand first by date."""
    store = twin.sandbox.store
    table = store.tables["orders"]
    undated = listed_orders(twin)[7:12]

    def write(number: int, note: str) -> None:
        draft = store.draft("orders", number)
        draft["customer_note"] = note
        draft["date_modified"] = draft["date_modified_gmt"] = None
        store.rewrite("orders", number, draft, bump=False)
        at = table.position(number)
        assert at is not None
        table.modified[at] = 0

    for number in undated:
        write(number, "Imported.")
    await twin.pull("orders")
    write(undated[3], "Written past WooCommerce.")
    await twin.hub.sync(NAME, ["orders"], observe=lambda _: None)
    assert b"Imported." in (await twin.documents("orders"))[str(undated[3])]
    done = await swept(twin, "orders")
    assert b"Written past WooCommerce." in (await twin.documents("orders"))[str(undated[3])]
    assert (line_of(done, "orders"), done.changes) == ("search", 1)


async def test_a_store_that_has_far_less_is_left_to_a_person(twin: Twin) -> None:
    await twin.pull("orders")
    store = twin.sandbox.store
    gone = listed_orders(twin)[20:100]
    for number in gone:
        store.delete("orders", number)
    done = await swept(twin, "orders")
    [lacks] = [line.lacks for line in done.resources if line.lacks]
    assert "nothing was buried" in lacks
    assert await twin.snapshots("orders", gone=True) == {}
    await swept(twin, "orders", bury_many=True)
    assert len(await twin.snapshots("orders", gone=True)) == len(gone)


async def test_known_dead_letters_do_not_send_the_search_astray(twin: Twin) -> None:
    store = twin.sandbox.store
    broken = listed_orders(twin)[40]
    twin.sandbox.faults.switch_on(f"poison:ids={broken}")
    await twin.pull("orders")
    assert await twin.letters() == {"orders": {str(broken)}}
    gone = listed_orders(twin)[150]
    store.delete("orders", gone)
    done = await swept(twin, "orders")
    assert set(await twin.snapshots("orders", gone=True)) == {str(gone)}
    assert line_of(done, "orders") in {"search", "walk"}


@pytest.mark.parametrize("fault", ["no-totals", "totals:how=changing", "page-limit:most=20"])
async def test_lists_that_do_not_say_how_long_they_are_are_walked(twin: Twin, fault: str) -> None:
    await twin.pull("orders")
    gone = listed_orders(twin)[100]
    twin.sandbox.store.delete("orders", gone)
    twin.sandbox.faults.switch_on(fault)
    await swept(twin, "orders")
    assert set(await twin.snapshots("orders", gone=True)) == {str(gone)}


@pytest.mark.parametrize("version", ["3.9", "6", "8"])
async def test_older_stores_are_kept_in_step_too(
    database_dsn: str, tmp_path: Path, version: str
) -> None:
    with running_store(orders=120, seed=5, version=version) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            chosen = ("products", "variations", "orders", "refunds")
            await twin.pull(*chosen)
            model = store.store
            changed, gone, paid = listed_orders(twin)[:3]
            model.edit_order(changed, {"customer_note": "Ring twice."})
            refund = model.refund(paid, "0.50")
            variation = model.ids("variations")[0]
            model.edit("variations", variation, {"description": "Blue."})
            await twin.hub.sync(NAME, chosen, observe=lambda _: None)
            documents = await twin.documents("orders")
            assert b"Ring twice." in documents[str(changed)]
            assert str(refund) in await twin.documents("refunds")
            assert b"Blue." in (await twin.documents("variations"))[str(variation)]
            model.delete("orders", gone)
            await swept(twin, *chosen)
            assert str(gone) in await twin.snapshots("orders", gone=True)
            assert (await twin.verify(*chosen)).is_complete
