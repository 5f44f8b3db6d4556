"""Records are read again by their ids, in few requests, and each is settled with what became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from hubs import MAIN, NAME, Twin, lasting
from storetwin.db.database import Transaction
from storetwin.mirror.context import RunContext
from storetwin.mirror.refresh import Refreshed, refresh
from storetwin.runs.models import RunKind, Stage
from storetwin.woocommerce.errors import StoreDownError


@asynccontextmanager
async def receiving(twin: Twin) -> AsyncIterator[RunContext]:
    runner = twin.hub.runner
    async with runner.running(NAME, RunKind.RECEIVE, {}, lambda _: None) as context:
        yield context
        await runner.close(context)


async def refreshed(
    context: RunContext,
    resource: str,
    ids: Iterable[int],
    settled: list[str] | None = None,
    parents: Mapping[str, str] | None = None,
) -> Refreshed:
    chosen = context.catalogue.named(resource)
    progress = context.begin(Stage.RECEIVE, chosen)

    async def settle(_: Transaction, names: Sequence[str]) -> None:
        if settled is not None:
            settled.extend(names)

    named = list(map(str, ids))
    return await refresh(context, chosen, named, progress, settle=settle, parents=parents)


async def test_changed_new_and_vanished_orders_in_as_few_requests_as_possible(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    listed = [n for n in store.ids("orders") if store.status_of("orders", n) == "completed"]
    edited, gone = listed[0], listed[1]
    store.edit_order(edited, {"customer_note": "Ring twice."})
    store.delete("orders", gone)
    new = store.create_order({})
    settled: list[str] = []
    async with receiving(twin) as context:
        before = twin.sandbox.requests.total
        done = await refreshed(context, "orders", [edited, gone, new, new], settled)
        # One for the bundle, one for what no list shows.
        assert twin.sandbox.requests.total - before == 2
    assert (done.kept, done.changed, done.buried, done.failed) == (2, 2, 1, 0)
    assert sorted(settled) == sorted(map(str, [edited, gone, new]))
    assert str(gone) in await twin.snapshots("orders", gone=True)
    documents, expected = await twin.documents("orders"), twin.expected("orders")
    for number in (edited, new):
        assert lasting(documents[str(number)]) == lasting(expected[str(number)])
    [brought] = await twin.rows(
        "SELECT brought_by FROM mirror.snapshots WHERE connection_id = %(connection_id)s"
        " AND resource = 'orders' AND remote_id = %(id)s",
        id=str(edited),
    )
    assert brought["brought_by"] == "webhook"


async def test_what_a_changed_order_says_about_others_is_told(twin: Twin) -> None:
    store = twin.sandbox.store
    paid = [n for n in store.ids("orders") if store.refundable(n) > 2]
    order = paid[0]
    first = store.refund(order, "1.00")
    await twin.pull(*MAIN)
    store.delete("refunds", first)
    second = store.refund(order, "1.50")
    async with receiving(twin) as context:
        done = await refreshed(context, "orders", [order])
        assert set(done.follow_ups["refunds"]) == {str(first), str(second)}
        refunds = await refreshed(context, "refunds", map(int, done.follow_ups["refunds"]))
        assert (refunds.kept, refunds.buried) == (1, 1)
        assert (await refreshed(context, "orders", [order])).follow_ups == {}  # nothing changed
    assert (await twin.documents("refunds")).keys() == twin.expected("refunds").keys()


async def test_a_variation_that_is_told_as_a_product_is_followed(twin: Twin) -> None:
    await twin.pull(*MAIN)
    variation = twin.sandbox.store.ids("variations")[0]
    async with receiving(twin) as context:
        done = await refreshed(context, "products", [variation])
        assert done.follow_ups == {"variations": (str(variation),)}
        twin.sandbox.store.edit("variations", variation, {"description": "Blue."})
        followed = await refreshed(context, "variations", [variation])
        parent = (await twin.snapshots("variations"))[str(variation)]["parent_id"]
        assert followed.follow_ups == {"products": (parent,)}
    assert str(variation) not in await twin.snapshots("products")


async def test_a_record_that_breaks_is_set_aside_and_its_neighbours_are_kept(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    orders = [n for n in store.ids("orders") if store.status_of("orders", n) == "completed"][:20]
    for number in orders:
        store.edit_order(number, {"customer_note": "Changed."})
    twin.sandbox.faults.switch_on(f"poison:ids={orders[7]}")
    settled: list[str] = []
    async with receiving(twin) as context:
        done = await refreshed(context, "orders", orders, settled)
    assert (done.kept, done.failed, done.buried) == (19, 1, 0)
    assert sorted(settled) == sorted(map(str, orders))
    assert await twin.letters() == {"orders": {str(orders[7])}}

    twin.sandbox.faults.clear()
    async with receiving(twin) as context:
        assert (await refreshed(context, "orders", [orders[7]])).changed == 1
    assert await twin.letters() == {}


async def test_a_store_that_does_not_answer_settles_nothing(twin: Twin) -> None:
    await twin.pull(*MAIN)
    orders = twin.sandbox.store.ids("orders")[:100]
    settled: list[str] = []
    async with receiving(twin) as context:
        twin.sandbox.faults.switch_on("empty:every=1")
        before = twin.sandbox.requests.total
        with pytest.raises(StoreDownError):
            await refreshed(context, "orders", orders, settled)
    assert twin.sandbox.requests.total - before < 10
    assert settled == []
    assert await twin.letters() == {}


async def test_records_without_a_list_by_id_are_read_by_their_addresses(twin: Twin) -> None:
    await twin.pull("taxes")
    store = twin.sandbox.store
    tax, gone = store.ids("taxes")[:2]
    store.edit("taxes", tax, {"name": "Duty"})
    store.delete("taxes", gone)
    async with receiving(twin) as context:
        done = await refreshed(context, "taxes", [tax, gone])
    assert (done.kept, done.changed, done.buried) == (1, 1, 1)
    snapshot = (await twin.snapshots("taxes"))[str(tax)]
    assert (snapshot["state"], snapshot["version"]) == ("listed", 2)


async def test_a_new_refund_is_found_though_nobody_knows_its_order(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    order = next(n for n in store.ids("orders") if store.refundable(n) > 1)
    refund = store.refund(order, "1.00")
    async with receiving(twin) as context:
        done = await refreshed(context, "refunds", [refund], parents={str(refund): str(order)})
        assert (done.kept, done.changed) == (1, 1)
        assert (await refreshed(context, "refunds", [99_999_999])).failed == 1


async def test_orders_that_no_list_shows_are_kept_as_unlisted(twin: Twin) -> None:
    await twin.pull(*MAIN)
    store = twin.sandbox.store
    hidden = next(n for n in store.ids("orders") if store.status_of("orders", n) == "shipped")
    store.edit_order(hidden, {"customer_note": "Plugin gone."})
    async with receiving(twin) as context:
        assert (await refreshed(context, "orders", [hidden])).changed == 1
    assert (await twin.snapshots("orders"))[str(hidden)]["state"] == "unlisted"
