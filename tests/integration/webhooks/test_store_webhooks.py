"""Webhooks in the store, and what they bring: the whole way, with the shipped store's own sender."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from doors import inbox_of, serving
from hubs import MAIN, NAME, Twin, lasting, open_twin
from storetwin.api.webhooks import Door
from storetwin.connections.register import UnknownConnectionError
from storetwin.connections.webhooks_health import Standing
from storetwin.connections.webhooks_plan import TOPICS
from storetwin.hub import connecting
from storetwin.hub import webhooks as verbs
from storetwin.hub.mending import NoPublicUrlError
from storetwin.kernel.errors import CredentialError, RetryableError
from storetwin.mirror import receive
from storetwin.sandboxes.woocommerce import Sandbox
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.woocommerce.errors import StoreDownError

PATIENCE = 20.0


@asynccontextmanager
async def reachable(twin: Twin) -> AsyncIterator[Twin]:
    """Open the door of a twin, and let its hub know where it is."""
    door = Door(twin.hub)
    async with serving(door) as url:
        yield replace(twin, hub=replace(twin.hub, public_url=url))


@pytest.fixture
async def reached(twin: Twin) -> AsyncIterator[Twin]:
    async with reachable(twin) as opened:
        yield opened


def in_store(twin: Twin) -> list[dict[str, object]]:
    """Return the store's webhooks as it shows them."""
    store = twin.sandbox.store
    return [json.loads(store.document("webhooks", n) or b"") for n in store.ids("webhooks")]


def ours(twin: Twin) -> list[dict[str, object]]:
    return [hook for hook in in_store(twin) if str(hook["name"]).startswith("Storetwin ")]


def told_of(store: Store) -> list[int]:
    """Return orders that the store speaks of: drafts of a checkout are none (WooCommerce)."""
    usual = {"processing", "completed", "pending", "on-hold"}
    return [n for n in store.ids("orders") if store.status_of("orders", n) in usual]


async def sent(twin: Twin) -> None:
    """Wait until the store has sent what it had to."""
    assert await asyncio.to_thread(twin.sandbox.webhooks.wait_until_sent, PATIENCE)


def calls(twin: Twin, path: str = "", method: str = "GET") -> int:
    return sum(1 for e in twin.sandbox.requests.since() if path in e.path and e.method == method)


async def test_every_topic_gets_one_webhook_and_others_are_let_be(reached: Twin) -> None:
    before = in_store(reached)
    mended = await reached.hub.webhooks.create(NAME)
    assert set(mended.created) == set(TOPICS)
    assert sorted(str(hook["topic"]) for hook in ours(reached)) == sorted(TOPICS)
    assert [hook for hook in in_store(reached) if hook not in ours(reached)] == before
    await sent(reached)
    end = await reached.hub.register.receiving_ends.get(reached.connection.id)
    assert end is not None
    assert {hook["delivery_url"] for hook in ours(reached)} == {
        end.url(reached.hub.public_url or "")
    }
    again = await reached.hub.webhooks.create(NAME)
    assert (again.created, again.deleted, set(again.kept)) == ({}, 0, set(TOPICS))


async def test_what_changes_in_the_store_is_told_and_applied(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull(*MAIN)
    await twin.hub.webhooks.create(NAME)
    order, product, customer = (store.ids(r)[0] for r in ("orders", "products", "customers"))
    variation = store.ids("variations")[0]
    store.edit("orders", order, {"customer_note": "by webhook"})
    store.edit("products", product, {"name": "by webhook"})
    store.edit("customers", customer, {"first_name": "By webhook"})
    store.edit("variations", variation, {"regular_price": "77.77"})
    new = store.create_order()
    store.trash("orders", store.ids("orders")[5])
    await sent(twin)
    drained = await twin.hub.webhooks.drain(NAME)
    assert drained.deliveries == len(await inbox_of(twin)) >= 6
    assert {row["state"] for row in await inbox_of(twin)} == {"applied"}
    assert all(row["body"] is None for row in await inbox_of(twin))
    for resource, number in (
        ("orders", order), ("orders", new), ("products", product), ("customers", customer),
        ("variations", variation),
    ):  # fmt: skip
        held = (await twin.snapshots(resource))[str(number)]
        document = store.document(resource, number) or b""
        assert lasting(held["payload"].encode()) == lasting(document), resource
    brought = await twin.rows(
        "SELECT DISTINCT brought_by FROM mirror.snapshots WHERE connection_id = %(connection_id)s"
        " AND resource = 'orders' AND remote_id = %(id)s", id=str(order),
    )  # fmt: skip
    assert brought == [{"brought_by": "webhook"}]
    assert (await twin.hub.webhooks.drain(NAME)).deliveries == 0


async def test_many_deliveries_of_one_record_are_one_reading(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull("orders")
    await twin.hub.webhooks.create(NAME)
    orders = told_of(store)[:40]
    for note in ("one", "two"):
        for order in orders:
            store.edit("orders", order, {"customer_note": note})
        await sent(twin)
    assert len(await inbox_of(twin)) == 80
    before = calls(twin, "/orders")
    drained = await twin.hub.webhooks.drain(NAME)
    assert (drained.deliveries, drained.records) == (80, 40)
    assert calls(twin, "/orders") - before <= 2


async def test_doubled_reordered_dropped_and_forged_do_no_harm(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull(*MAIN)
    await twin.hub.webhooks.create(NAME)
    twin.sandbox.webhooks.troubles.switch(["double+reorder+forge:every=2"])
    orders = told_of(store)[:30]
    for order in orders:
        store.edit("orders", order, {"customer_note": "x"})
    await sent(twin)
    await twin.hub.webhooks.drain(NAME)
    end = await twin.hub.register.receiving_ends.get(twin.connection.id)
    assert end is not None
    rows = await inbox_of(twin)
    told = {row["remote_id"] for row in rows}
    assert len(told) < 30 < len(rows) + 10  # the forged ones are lacking, the doubled ones are two
    held = await twin.snapshots("orders")
    for order in orders:
        document = store.document("orders", order) or b""
        is_new = lasting(held[str(order)]["payload"].encode()) == lasting(document)
        assert is_new is (str(order) in told)


async def test_a_record_that_is_gone_gets_its_tombstone(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull(*MAIN)
    await twin.hub.webhooks.create(NAME)
    customer = store.ids("customers")[-1]
    order = store.ids("orders")[0]
    store.edit("orders", order, {"customer_note": "the last word"})
    await sent(twin)
    store.delete("orders", order)
    store.delete("customers", customer)
    await sent(twin)
    drained = await twin.hub.webhooks.drain(NAME)
    assert drained.changed >= 2
    assert str(order) in await twin.snapshots("orders", gone=True)
    assert str(customer) in await twin.snapshots("customers", gone=True)


async def test_product_deleted_may_mean_a_variation(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull("products", "variations")
    await twin.hub.webhooks.create(NAME)
    variation = store.ids("variations")[0]
    store.trash("variations", variation)
    await sent(twin)
    assert ("product.deleted", str(variation)) in [
        (row["topic"], row["remote_id"]) for row in await inbox_of(twin)
    ]
    await twin.hub.webhooks.drain(NAME)
    held = (await twin.snapshots("variations"))[str(variation)]
    assert held["status"] == "trash"


async def test_a_store_that_is_down_loses_nothing_that_was_told(
    reached: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull("orders")
    await twin.hub.webhooks.create(NAME)
    order = store.ids("orders")[0]
    store.edit("orders", order, {"customer_note": "later"})
    await sent(twin)
    twin.sandbox.faults.switch_on("maintenance")
    with pytest.raises(RetryableError):
        await twin.hub.webhooks.drain(NAME)
    twin.sandbox.faults.clear()
    later = replace(twin.hub, clock=lambda: twin.hub.clock() + timedelta(minutes=2))
    assert (await later.webhooks.drain(NAME)).deliveries == 1
    held = (await twin.snapshots("orders"))[str(order)]
    assert lasting(held["payload"].encode()) == lasting(store.document("orders", order) or b"")


async def test_what_is_not_well_is_made_anew(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.hub.webhooks.create(NAME)
    by_topic = {str(hook["topic"]): int(str(hook["id"])) for hook in ours(twin)}
    store.edit("webhooks", by_topic["order.updated"], {"status": "disabled"})
    store.edit("webhooks", by_topic["order.created"], {"status": "paused"})
    store.edit("webhooks", by_topic["coupon.created"], {"topic": "coupon.updated"})
    store.edit("webhooks", by_topic["customer.updated"], {"delivery_url": "https://old.example/"})
    store.delete("webhooks", by_topic["product.created"])
    mended = await twin.hub.webhooks.repair(NAME)
    assert mended.created == {
        "order.updated": "it is disabled",
        "order.created": "it is paused",
        "coupon.created": "there is none",
        "customer.updated": "it delivers to another address",
        "product.created": "there is none",
    }
    assert mended.deleted == 4
    assert sorted(str(hook["topic"]) for hook in ours(twin)) == sorted(TOPICS)
    assert {hook["status"] for hook in ours(twin)} == {"active"}


async def test_a_lost_answer_makes_no_double(reached: Twin) -> None:
    twin = reached
    twin.sandbox.faults.switch_on("truncate:every=3")
    mended = None
    for _ in range(20):
        try:
            mended = await twin.hub.webhooks.create(NAME)
            break
        except (RetryableError, Exception):  # noqa: BLE001 - the list itself may come cut
            continue
    assert mended is not None
    twin.sandbox.faults.clear()
    assert sorted(str(hook["topic"]) for hook in ours(twin)) == sorted(TOPICS)


async def test_keys_that_may_only_read_say_what_they_lack(
    database_dsn: str, tmp_path, store: Sandbox
) -> None:
    pair = store.read_only
    async with (
        open_twin(database_dsn, tmp_path, store, key=pair.key, secret=pair.secret) as opened,
        reachable(opened) as twin,
    ):
        with pytest.raises(CredentialError) as told:
            await twin.hub.webhooks.create(NAME)
        assert "may not write" in told.value.message
        assert "Read/Write" in str(told.value.remedy)
        assert (await twin.hub.webhooks.check(NAME)).standing is Standing.BROKEN
        assert ours(twin) == []


async def test_a_check_costs_one_request_in_a_while_and_renews_three_times_a_day(
    reached: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.hub.webhooks.create(NAME)
    await sent(twin)
    before = len(twin.sandbox.requests.since())
    await twin.hub.webhooks.check(NAME)
    assert len(twin.sandbox.requests.since()) == before  # it was looked at a moment ago
    monkeypatch.setattr(verbs, "CHECK_EVERY", timedelta())
    assert (await twin.hub.webhooks.check(NAME)).standing is Standing.WAITING
    assert len(twin.sandbox.requests.since()) == before + 1
    for times in range(1, 5):
        number = next(int(str(h["id"])) for h in ours(twin) if h["topic"] == "order.updated")
        store.edit("webhooks", number, {"status": "disabled"})
        found = await twin.hub.webhooks.check(NAME)
        hook = next(h for h in ours(twin) if h["topic"] == "order.updated")
        assert hook["status"] == ("active" if times <= 3 else "disabled")
        assert found.standing is (Standing.WAITING if times <= 3 else Standing.BROKEN)
    assert "3 times within a day" in found.reason
    await twin.hub.webhooks.repair(NAME)
    assert (await twin.hub.webhooks.check(NAME)).standing is Standing.WAITING


async def test_removing_takes_ours_and_closes_the_door(reached: Twin) -> None:
    twin = reached
    before = in_store(twin)
    await twin.hub.webhooks.create(NAME)
    assert await twin.hub.webhooks.remove(NAME) == len(TOPICS)
    assert in_store(twin) == before
    assert (await twin.hub.standings.webhooks())[twin.connection.id].standing is Standing.OFF


async def test_a_store_that_never_answers_does_not_keep_its_connection(
    reached: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = reached
    await twin.hub.webhooks.create(NAME)
    monkeypatch.setattr(connecting, "WITHDRAW_SECONDS", 0.2)
    twin.sandbox.faults.switch_on("hang")
    removed = await twin.hub.connecting.remove(NAME)
    assert removed.trouble == "The store did not answer within 0 s."
    with pytest.raises(UnknownConnectionError):
        await twin.hub.register.get(NAME)


async def test_a_new_secret_replaces_every_webhook(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.hub.webhooks.create(NAME)
    ids = {hook["id"] for hook in ours(twin)}
    mended = await twin.hub.webhooks.repair(NAME, is_new=True)
    assert (len(mended.created), mended.deleted) == (len(TOPICS), len(TOPICS))
    assert not ids & {hook["id"] for hook in ours(twin)}
    store.edit("orders", store.ids("orders")[0], {"customer_note": "new secret"})
    await sent(twin)
    assert [row["topic"] for row in await inbox_of(twin)] == ["order.updated"]


async def test_a_test_delivery_goes_the_whole_way(reached: Twin) -> None:
    twin = reached
    await twin.hub.webhooks.create(NAME)
    probed = await twin.hub.webhooks.test(NAME)
    assert (probed.status, probed.is_kept, probed.trouble) == (200, True, None)
    end = await twin.hub.register.receiving_ends.get(twin.connection.id)
    assert end is not None
    assert (end.traffic.deliveries, end.traffic.last_delivery_at) == (0, None)
    assert (await twin.hub.webhooks.drain(NAME)).deliveries == 0
    nowhere = replace(twin.hub, public_url="http://127.0.0.1:9")
    lost = await nowhere.webhooks.test(NAME)
    assert (lost.status, lost.is_kept) == (None, False)
    assert "Nobody answers" in str(lost.trouble)
    elsewhere = replace(twin.hub, public_url=twin.sandbox.url)
    assert (await elsewhere.webhooks.test(NAME)).status == 404


async def test_without_a_public_url_it_says_that_it_only_asks(twin: Twin) -> None:
    hub = replace(twin.hub, public_url=None)
    with pytest.raises(NoPublicUrlError, match="only asks"):
        await hub.webhooks.create(NAME)
    assert (await hub.webhooks.check(NAME)).standing is Standing.POLLING
    assert len(twin.sandbox.requests.since()) == 0


async def test_a_store_that_changes_and_tells_nothing_is_silent(
    reached: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verbs, "CHECK_EVERY", timedelta())
    twin, store = reached, reached.sandbox.store
    await twin.pull(*MAIN)
    await twin.hub.webhooks.create(NAME)
    twin.sandbox.webhooks.troubles.switch(["drop"])
    for order in told_of(store)[:3]:
        store.edit("orders", order, {"customer_note": "nobody tells"})
    await sent(twin)
    await twin.hub.sync(NAME, ["orders"], observe=lambda _: None)
    assert (await twin.hub.webhooks.check(NAME)).standing is Standing.WAITING  # it may be late
    later = replace(twin.hub, clock=lambda: twin.hub.clock() + timedelta(minutes=11))
    found = await later.webhooks.check(NAME)
    assert found.standing is Standing.SILENT
    assert found.reason.startswith("3 changes since ")
    twin.sandbox.webhooks.troubles.switch([])
    store.edit("orders", told_of(store)[0], {"customer_note": "told again"})
    await sent(twin)
    assert (await twin.hub.standings.webhooks())[twin.connection.id].standing is Standing.OK
    assert (await later.webhooks.check(NAME)).standing is Standing.OK


async def test_what_cannot_be_applied_is_given_up_by_name(
    reached: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store says who it is each time, and goes down before it shows the record."""

    async def goes_down(*_: object, **__: object) -> None:
        raise StoreDownError("The store has stopped answering.")

    twin, store = reached, reached.sandbox.store
    await twin.pull("orders")
    await twin.hub.webhooks.create(NAME)
    store.edit("orders", told_of(store)[0], {"customer_note": "in vain"})
    await sent(twin)
    monkeypatch.setattr(receive, "refresh", goes_down)
    for day in range(1, 10):
        hub = replace(twin.hub, clock=lambda day=day: twin.hub.clock() + timedelta(days=2 * day))
        (row,) = await inbox_of(twin)
        assert (row["state"], row["attempts"]) == ("waiting", day - 1)
        with pytest.raises(RetryableError):
            await hub.webhooks.drain(NAME)
        if (await inbox_of(twin))[0]["state"] == "ignored":
            break
    (row,) = await inbox_of(twin)
    assert (row["attempts"], row["body"]) == (8, None)
    assert "given up after 8 attempts" in row["note"]
    assert (await hub.webhooks.drain(NAME)).deliveries == 0


async def test_a_record_that_the_store_cannot_show_becomes_a_dead_letter(reached: Twin) -> None:
    twin, store = reached, reached.sandbox.store
    await twin.pull("orders", "products")
    await twin.hub.webhooks.create(NAME)
    order, product = told_of(store)[0], store.ids("products")[0]
    store.edit("products", product, {"name": "first"})
    store.edit("orders", order, {"customer_note": "second"})
    await sent(twin)
    twin.sandbox.faults.switch_on("poison:resource=orders,every=1")
    drained = await twin.hub.webhooks.drain(NAME)
    assert drained.failed == 1  # a poisoned record is a dead letter, and settles its delivery
    assert (await twin.letters())["orders"] == {str(order)}
    assert {row["state"] for row in await inbox_of(twin)} == {"applied"}
    assert (await twin.snapshots("products"))[str(product)]["payload"].count("first") > 0
