"""A round brings what changed, whatever the clocks and zones, and costs nothing where nothing did."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hubs import NAME, Twin, lasting, open_twin
from storetwin.connections.choices import Choices
from storetwin.connections.doubts import StoreChangedError
from storetwin.hub.syncing import Synced
from storetwin.kernel.clock import utc_now
from storetwin.resources import RESOURCES
from storetwin.sandboxes.woocommerce import Sandbox, running_store

ONE_IDENTITY = 1  # the question who the store is


async def synced(twin: Twin, *resources: str) -> Synced:
    return await twin.hub.sync(NAME, resources, observe=lambda _: None)


async def assert_in_step(twin: Twin, *resources: str) -> None:
    for resource in resources:
        found = {
            name: lasting(document) for name, document in (await twin.documents(resource)).items()
        }
        assert found == {n: lasting(d) for n, d in twin.expected(resource).items()}, resource


def asked_since(store: Sandbox, number: int) -> Counter[str]:
    """Count the questions by path, since so many were asked."""
    return Counter(exchange.path for exchange in store.requests.since(number, 10_000))


def some_orders(store: Sandbox, count: int) -> list[int]:
    listed = ("completed", "processing", "on-hold")
    return [n for n in store.store.ids("orders") if store.store.status_of("orders", n) in listed][
        :count
    ]


# -- what it costs ----------------------------------------------------------------------------------


async def lists_of(twin: Twin) -> int:
    """Count the lists that show every record of every resource of this store, trash included."""
    zones, groups = await twin.snapshots("zones"), await twin.snapshots("setting_groups")
    attributes = await twin.snapshots("attributes")
    containers = {"zones": len(zones), "setting_groups": len(groups), "attributes": len(attributes)}
    lists = 0
    for resource in (r for r in RESOURCES if not r.is_extra):
        lists += containers.get(resource.parent or "", 1) * (3 if resource.name == "reviews" else 1)
    return lists


@pytest.mark.parametrize("orders", [300, 2_000])
async def test_a_round_asks_each_list_once_however_large_the_store(
    database_dsn: str, tmp_path: Path, orders: int
) -> None:
    with running_store(orders=orders, seed=5) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            assert (await twin.pull()).is_complete
            before = store.requests.total
            quiet = await synced(twin)
            assert store.requests.total - before == await lists_of(twin) + ONE_IDENTITY
            assert quiet.requests == store.requests.total - before
            assert (quiet.changes, quiet.needs_sweep) == (0, ())

            for number in some_orders(store, 10):
                store.store.edit_order(number, {"customer_note": "Ring twice."})
            before = store.requests.total
            busy = await synced(twin)
            # The end of the window's list, and the customers of these orders.
            assert store.requests.total - before == quiet.requests + 2
            assert next(line.updated for line in busy.resources if line.resource == "orders") == 10
            await assert_in_step(twin, "orders")


async def test_one_resource_costs_one_question_and_the_identity(twin: Twin) -> None:
    await twin.pull()
    for resource in ("orders", "products", "variations", "coupons", "refunds", "customers"):
        before = twin.sandbox.requests.total
        await synced(twin, resource)
        assert twin.sandbox.requests.total - before == 1 + ONE_IDENTITY, resource


async def test_a_first_round_pulls_what_was_never_read(twin: Twin) -> None:
    first = await synced(twin)
    assert {line.way for line in first.resources} == {"pull"}
    await assert_in_step(twin, "products", "customers", "refunds")
    assert (await synced(twin)).changes == 0


# -- what it brings ---------------------------------------------------------------------------------


async def test_a_round_brings_what_changed_and_names_what_it_did(twin: Twin) -> None:
    store = twin.sandbox.store
    chosen = ("products", "customers", "coupons", "orders")
    await twin.pull(*chosen)
    order, trashed, *_ = some_orders(twin.sandbox, 10)
    product = store.ids("products")[0]
    store.edit_order(order, {"customer_note": "Ring twice."})
    store.trash("orders", trashed)
    new = store.create_order({})
    store.edit("products", product, {"regular_price": "9.50"})
    customer = store.create("customers", {"email": "new@example.test"})
    coupon = store.create("coupons", {"code": "tenpercent"})
    await synced(twin, *chosen)
    await assert_in_step(twin, "products", "customers", "coupons")
    snapshots = await twin.snapshots("orders")
    assert snapshots[str(trashed)]["status"] == "trash"
    assert str(new) in snapshots
    assert str(customer) in await twin.snapshots("customers")
    assert str(coupon) in await twin.snapshots("coupons")
    outcome = await twin.verify(*chosen)
    assert outcome.is_complete
    assert sum(line["fetched"] for line in outcome.certificate["resources"]) == 0


async def test_customers_that_ordered_are_read_again(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.pull("orders", "customers")
    orders = {store.draft("orders", n)["customer_id"]: n for n in some_orders(twin.sandbox, 200)}
    customer = min(orders.keys() - {0})
    order = orders[customer]
    store.edit("customers", customer, {"first_name": "Ada"})
    await synced(twin, "orders")
    assert b'"Ada"' not in (await twin.documents("customers"))[str(customer)]
    store.edit_order(order, {"customer_note": "Ring twice."})
    await synced(twin, "orders")
    assert b'"Ada"' in (await twin.documents("customers"))[str(customer)]


async def test_a_renamed_category_is_seen_in_its_products(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.pull("categories", "tags", "products")
    store.edit("categories", store.ids("categories")[1], {"name": "Hats & Caps"})
    store.edit("tags", store.ids("tags")[0], {"name": "Sale"})
    await synced(twin, "categories", "tags")
    await assert_in_step(twin, "categories", "tags", "products")


async def test_many_new_customers_are_all_brought(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.pull("customers")
    for number in range(130):
        store.create("customers", {"email": f"new{number}@example.test"})
    done = await synced(twin, "customers")
    await assert_in_step(twin, "customers")
    assert done.needs_sweep == ()
    store.delete("customers", store.ids("customers")[7])
    assert (await synced(twin, "customers")).needs_sweep == ("customers",)


async def test_a_list_that_was_swept_and_still_differs_is_not_swept_at_each_round(
    twin: Twin,
) -> None:
    store = twin.sandbox.store
    for number in range(130):
        store.create("customers", {"email": f"new{number}@example.test"})
    await twin.pull("customers")
    twin.sandbox.faults.switch_on("totals:how=large")
    assert (await synced(twin, "customers")).needs_sweep == ("customers",)
    await twin.hub.sweep(NAME, ["customers"], observe=lambda _: None)
    assert (await synced(twin, "customers")).needs_sweep == ()
    await twin.rows("UPDATE runs.cursors SET swept_at = swept_at - interval '7 hours' RETURNING 1")
    assert (await synced(twin, "customers")).needs_sweep == ("customers",)


async def test_a_customer_that_waits_as_a_dead_letter_calls_for_no_sweep(twin: Twin) -> None:
    store = twin.sandbox.store
    for number in range(130):
        store.create("customers", {"email": f"new{number}@example.test"})
    twin.sandbox.faults.switch_on(f"poison:resource=customers,ids={store.ids('customers')[7]}")
    await twin.pull("customers")
    assert await twin.letters() == {"customers": {str(store.ids("customers")[7])}}
    done = await synced(twin, "customers")
    assert done.needs_sweep == (), done.resources


async def test_chosen_order_notes_cost_one_question_an_order(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=40, seed=5) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await check_notes(twin)


async def check_notes(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.hub.configure(NAME, Choices(extra=("order_notes",)))
    await twin.pull("orders", "order_notes", "customers", "refunds")
    changed = some_orders(twin.sandbox, 3)
    for number in changed:
        store.edit_order(number, {"status": "cancelled"})
    before = twin.sandbox.requests.total
    await synced(twin, "orders", "order_notes")
    asked = asked_since(twin.sandbox, before)
    assert sum(n for path, n in asked.items() if path.endswith("/notes")) == 3
    documents, expected = await twin.documents("order_notes"), twin.expected("order_notes")
    for number in changed:
        owned = set(map(str, store.tables["order_notes"].owned(number)))
        assert owned
        assert {n: documents[n] for n in owned} == {n: expected[n] for n in owned}


# -- clocks and zones -------------------------------------------------------------------------------


def settable(store: Sandbox, moment: datetime) -> list[int]:
    """Let the store live in a second of ours; change the only element to move on."""
    seconds = [int(moment.timestamp())]
    store.store.now = lambda: seconds[0]
    return seconds


async def test_both_of_two_changes_in_one_second_arrive(twin: Twin) -> None:
    """One is made before the poll of that second, the other one after it."""
    store = twin.sandbox.store
    clock = settable(twin.sandbox, utc_now())
    await twin.pull("orders")
    first, second = some_orders(twin.sandbox, 2)
    clock[0] += 300
    store.edit_order(first, {"customer_note": "before"})
    await synced(twin, "orders")
    store.edit_order(second, {"customer_note": "after"})
    store.edit_order(first, {"customer_note": "again"})
    clock[0] += 300
    await synced(twin, "orders")
    await assert_in_step_listed(twin)


async def assert_in_step_listed(twin: Twin) -> None:
    """Compare the orders that lists show; what they do not show is the certificate's business."""
    shown = {n: lasting(d) for n, d in (await twin.documents("orders")).items()}
    hidden = {"shipped", "auto-draft"}
    store = twin.sandbox.store
    expected = {
        n: lasting(d)
        for n, d in twin.expected("orders").items()
        if store.status_of("orders", int(n)) not in hidden
    }
    assert {n: d for n, d in shown.items() if n in expected} == expected


async def test_450_orders_of_one_second_all_arrive(database_dsn: str, tmp_path: Path) -> None:
    with running_store(orders=700, seed=5) as store:
        clock = settable(store, datetime(2026, 9, 1, 7, tzinfo=UTC))
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.pull("orders")
            clock[0] += 3_600
            for number in some_orders(store, 450):
                store.store.edit_order(number, {"customer_note": "All at once."})
            done = await synced(twin, "orders")
            assert [line.updated for line in done.resources if line.resource == "orders"] == [450]
            await assert_in_step_listed(twin)


ZONES = {
    "Tokyo": ("Asia/Tokyo", datetime(2026, 9, 1, 7, tzinfo=UTC)),
    "New York": ("America/New_York", datetime(2026, 9, 1, 7, tzinfo=UTC)),
    "the hour that comes twice": ("America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    "the hour that is left out": ("Europe/Berlin", datetime(2027, 3, 28, 0, 30, tzinfo=UTC)),
}


@pytest.mark.parametrize("case", ZONES)
async def test_no_zone_and_no_change_of_the_clock_hides_a_change(
    database_dsn: str, tmp_path: Path, case: str
) -> None:
    zone, start = ZONES[case]
    with running_store(orders=60, seed=5, site_timezone=zone) as store:
        clock = settable(store, start)
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.pull("orders")
            for number in some_orders(store, 8):
                clock[0] += 600
                store.store.edit_order(number, {"customer_note": str(clock[0])})
                done = await synced(twin, "orders")
                assert sum(line.updated for line in done.resources) == 1
                assert {line.way for line in done.resources} == {"window"}
            await assert_in_step_listed(twin)


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), -timedelta(minutes=10)])
async def test_clocks_that_disagree_hide_nothing(twin: Twin, ahead: timedelta) -> None:
    clock = settable(twin.sandbox, utc_now() + ahead)
    await twin.pull("orders")
    for number in some_orders(twin.sandbox, 4):
        clock[0] += 45
        twin.sandbox.store.edit_order(number, {"customer_note": "Clock."})
        await synced(twin, "orders")
    await assert_in_step_listed(twin)


async def test_a_store_whose_clock_was_set_back_has_all_dates_compared(twin: Twin) -> None:
    clock = settable(twin.sandbox, utc_now() + timedelta(hours=2))
    await twin.pull("orders")
    clock[0] -= 7_200
    twin.sandbox.store.edit_order(some_orders(twin.sandbox, 1)[0], {"customer_note": "Earlier."})
    first = await synced(twin, "orders")
    assert [line.way for line in first.resources if line.resource == "orders"] == ["compare"]
    await assert_in_step_listed(twin)
    second = await synced(twin, "orders")
    assert [line.way for line in second.resources] == ["window"]


# -- what goes wrong --------------------------------------------------------------------------------


async def test_an_order_that_breaks_its_page_is_named_and_holds_nothing_up(twin: Twin) -> None:
    store = twin.sandbox.store
    await twin.pull("orders")
    broken, *others = some_orders(twin.sandbox, 9)[4:]
    for number in (broken, *others):
        store.edit_order(number, {"customer_note": "Changed."})
    twin.sandbox.faults.switch_on(f"poison:ids={broken}")
    await synced(twin, "orders")
    assert await twin.letters() == {"orders": {str(broken)}}
    documents = await twin.documents("orders")
    assert all(b"Changed." in documents[str(number)] for number in others)
    before = twin.sandbox.requests.total
    again = await synced(twin, "orders")
    assert [line.way for line in again.resources if line.resource == "orders"] == ["window"]
    assert twin.sandbox.requests.total - before <= 3 + ONE_IDENTITY


async def test_a_dead_letter_that_is_due_is_asked_for_once_more(twin: Twin) -> None:
    broken = some_orders(twin.sandbox, 9)[4]
    twin.sandbox.faults.switch_on(f"poison:ids={broken}")
    await twin.pull("orders")
    twin.sandbox.faults.clear()
    await synced(twin, "orders")
    assert await twin.letters() == {"orders": {str(broken)}}
    await twin.rows("UPDATE runs.dead_letters SET next_attempt_at = now() RETURNING name")
    done = await synced(twin, "orders")
    assert await twin.letters() == {}
    assert done.changes == 1
    assert str(broken) in await twin.snapshots("orders")


async def test_what_changed_while_a_first_reading_was_stopped_arrives(
    database_dsn: str, tmp_path: Path
) -> None:
    """It goes on where it was; the first window begins where the first reading did."""
    with running_store(orders=600, seed=5) as store:
        clock = settable(store, utc_now())
        async with open_twin(database_dsn, tmp_path, store) as twin:
            store.faults.switch_on("latency:ms=60")
            stopped = asyncio.create_task(synced(twin, "orders"))
            while len(await twin.snapshots("orders")) < 100:
                await asyncio.sleep(0.01)
            stopped.cancel()
            with suppress(asyncio.CancelledError):
                await stopped
            store.faults.clear()
            clock[0] += 3_600
            early = min(map(int, await twin.snapshots("orders")))
            store.store.edit_order(early, {"customer_note": "While nobody read."})
            clock[0] += 3_600
            assert {line.way for line in (await synced(twin, "orders")).resources} == {"pull"}
            assert b"While nobody" not in (await twin.documents("orders"))[str(early)]
            assert {line.way for line in (await synced(twin, "orders")).resources} == {"window"}
            assert b"While nobody" in (await twin.documents("orders"))[str(early)]


async def test_another_store_pauses_the_connection_and_nothing_is_written(twin: Twin) -> None:
    await twin.pull("orders", "products")
    before = await twin.rows("SELECT remote_id, version, state FROM mirror.snapshots ORDER BY 1, 2")
    twin.sandbox.become_another()
    with pytest.raises(StoreChangedError):
        await synced(twin, "orders", "products")
    after = await twin.rows("SELECT remote_id, version, state FROM mirror.snapshots ORDER BY 1, 2")
    assert after == before
    assert (await twin.hub.register.get(NAME)).state.value == "paused"


async def test_a_store_that_went_back_is_noticed_before_its_new_orders_are_written(
    twin: Twin,
) -> None:
    """It says the same of itself as before; an order that has another's id gives it away."""
    store = twin.sandbox.store
    await twin.pull("orders", "products")
    backup = twin.sandbox.take_backup()
    lost = [store.create_order({}) for _ in range(3)]
    await synced(twin, "orders")
    before = await twin.documents("orders")
    twin.sandbox.restore_backup(backup)
    twin.sandbox.store.seed = 77  # the keys of orders are drawn from it
    assert twin.sandbox.store.create_order({"customer_note": "Another one."}) == lost[0]
    with pytest.raises(StoreChangedError, match="went back"):
        await synced(twin, "orders")
    assert await twin.documents("orders") == before


async def test_a_new_order_status_is_looked_for(twin: Twin) -> None:
    """A plugin registers it: its orders appear in the lists, and no window shows them."""
    await twin.pull("order_statuses", "orders")
    twin.sandbox.store.register_status("shipped", "Shipped")
    await synced(twin, "order_statuses", "orders")
    done = await synced(twin, "order_statuses", "orders")
    assert "compare" in {line.way for line in done.resources if line.resource == "orders"}
    states = {
        row["state"]
        for row in (await twin.snapshots("orders")).values()
        if row["status"] == "shipped"
    }
    assert states == {"listed"}
