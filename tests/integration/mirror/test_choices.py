"""What a person chose for a connection: plugins' lists, languages, notes; and stores without some routes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hubs import NAME, finding, lacking, open_twin
from plain_stores import PlainStore, plain_store
from storetwin.connections.choices import Choices
from storetwin.connections.options import Endpoint
from storetwin.kernel.errors import UnknownNameError
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import running_store

SUBSCRIPTIONS = Endpoint("subscriptions", "wc/v3/subscriptions", params={"status": "any"})
BOOKINGS = Endpoint("bookings", "wc-bookings/v1/bookings")
SHIPMENTS = Endpoint(
    "shipments", "wc-ship/v1/orders/{parent}/shipments", parent="orders", key="code", is_paged=False
)


def rows(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": number, "status": "active", **more} for number in range(1, count + 1)]


async def test_a_plugins_lists_are_pulled_and_proved_like_our_own(
    database_dsn: str, tmp_path: Path
) -> None:
    lists: dict[str, Any] = {
        "wc/v3/orders": rows(2),
        "wc/v3/subscriptions": rows(250),
        "wc-bookings/v1/bookings": rows(3),
        "wc-ship/v1/orders/1/shipments": [{"code": "A/1"}, {"code": "B"}],
        "wc-ship/v1/orders/2/shipments": [],
    }
    unpaged = frozenset(path for path in lists if path.endswith("shipments"))
    with plain_store(PlainStore(lists, unpaged=unpaged)) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            endpoints = (SUBSCRIPTIONS, BOOKINGS, SHIPMENTS)
            await twin.hub.configure(NAME, Choices(endpoints=endpoints))
            outcome = await twin.pull()
            assert outcome.is_complete, lacking(outcome)
            assert finding(outcome, "subscriptions")["in_twin"] == 250
            assert finding(outcome, "subscriptions")["lists"] == ["subscriptions?status=any"]
            assert finding(outcome, "bookings")["in_twin"] == 3
            assert set(await twin.documents("shipments")) == {"A/1", "B"}
            assert (await twin.snapshots("shipments"))["B"]["parent_id"] == "1"
            assert "wc-bookings/v1" in store.paths()

            del lists["wc/v3/subscriptions"][99], lists["wc-bookings/v1/bookings"][1]
            del lists["wc-ship/v1/orders/1/shipments"][1]
            lists["wc-bookings/v1/bookings"][0]["status"] = "paid"
            second = await twin.verify(level=Level.BYTES)
            assert second.is_complete, lacking(second)
            assert set(await twin.snapshots("subscriptions", gone=True)) == {"100"}
            assert set(await twin.snapshots("bookings", gone=True)) == {"2"}
            assert set(await twin.snapshots("shipments", gone=True)) == {"B"}
            assert set(await twin.earlier_versions("bookings")) == {"1", "2"}

            [standing] = await twin.hub.standings.every()
            assert {"subscriptions", "bookings"} <= {r.resource for r in standing.resources}
            row, versions = await twin.hub.history.record(NAME, "bookings", "1")
            assert ('"paid"' in row["payload"], len(versions)) == (True, 1)
            assert await twin.hub.reports.dead_letters(resource="bookings") == []


async def test_a_plugin_that_is_gone_buries_nothing(database_dsn: str, tmp_path: Path) -> None:
    lists: dict[str, Any] = {"wc-bookings/v1/bookings": rows(3)}
    with plain_store(PlainStore(lists)) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.hub.configure(NAME, Choices(endpoints=(BOOKINGS,)))
            await twin.pull("bookings")
            lists.clear()
            outcome = await twin.pull("bookings")
            found = finding(outcome, "bookings")
            assert outcome.is_complete
            assert found["remarks"] == ["the store has no route for it"]
            assert len(await twin.documents("bookings")) == 3


async def test_a_record_in_several_languages_is_there_once(
    database_dsn: str, tmp_path: Path
) -> None:
    lists: dict[str, Any] = {"wc/v3/products/categories": rows(120), "wc/v3/taxes": rows(2)}
    spoken = {n: ("de" if n % 2 else "fr") for n in range(1, 101)}  # the last 20 have no language
    store = PlainStore(lists, {"wc/v3/products/categories": spoken}, translate=True)
    with plain_store(store):
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.hub.configure(NAME, Choices(languages=("de", "fr")))
            outcome = await twin.pull("categories", "taxes")
            assert outcome.is_complete, lacking(outcome)
            found = finding(outcome, "categories")
            assert (found["in_store"], found["in_twin"]) == (120, 120)
            assert found["lists"] == ["products/categories?lang=de", "products/categories?lang=fr"]
            assert finding(outcome, "taxes")["lists"] == ["taxes"]
            kept = await twin.documents("categories")
            assert sum(b'"shown_in":"fr"' in document for document in kept.values()) == 50
            assert (await twin.verify("categories", level=Level.BYTES)).is_complete
            assert await twin.earlier_versions("categories") == {}, "no version from list to list"

            await twin.hub.configure(NAME, Choices(languages=("all",)))
            assert (await twin.pull("categories")).is_complete
            assert len(await twin.documents("categories")) == 120


async def test_a_store_without_a_route_says_so_and_is_complete(
    database_dsn: str, tmp_path: Path
) -> None:
    with plain_store(PlainStore({"wc/v3/taxes": rows(2)})) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            outcome = await twin.pull()
            assert outcome.is_complete, lacking(outcome)
            for found in outcome.certificate["resources"]:
                remarks = [] if found["resource"] == "taxes" else ["the store has no route for it"]
                assert found["remarks"] == remarks, found["resource"]


async def test_older_stores_are_read_parent_by_parent(database_dsn: str, tmp_path: Path) -> None:
    order = {"status": "refunded", "refunds": [{"id": 11}]}
    lists: dict[str, Any] = {
        "wc/v3/orders": [{"id": 1, **order}, {"id": 2, "status": "completed", "refunds": []}],
        "wc/v3/orders/1/refunds": [{"id": 11, "reason": "broken"}],
        "wc/v3/products": [{"id": 5, "variations": [51, 52]}, {"id": 6, "variations": []}],
        "wc/v3/products/5/variations": [{"id": 51}, {"id": 52}],
        "wc/v3/reports/orders/totals": [{"slug": "pending", "name": "Pending", "total": 3}],
    }
    unpaged = frozenset({"wc/v3/reports/orders/totals"})
    with plain_store(PlainStore(lists, unpaged=unpaged)) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            outcome = await twin.pull()
            assert outcome.is_complete, lacking(outcome)
            assert (await twin.snapshots("refunds"))["11"]["parent_id"] == "1"
            assert set(await twin.documents("variations")) == {"51", "52"}
            assert set(await twin.documents("order_statuses")) == {"pending"}
            asked = set(store.paths())
            assert not {"wc/v3/refunds", "wc/v3/orders/2/refunds"} & asked
            assert not {"wc/v3/variations", "wc/v3/products/6/variations"} & asked

            lists["wc/v3/reports/orders/totals"][0]["total"] = 4
            del lists["wc/v3/products/5/variations"][0]
            second = await twin.verify(level=Level.BYTES)
            assert second.is_complete, lacking(second)
            assert set(await twin.snapshots("variations", gone=True)) == {"51"}
            assert await twin.earlier_versions("order_statuses") == {}


async def test_order_notes_are_read_only_where_they_are_chosen(
    database_dsn: str, tmp_path: Path
) -> None:
    with running_store(orders=20) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.pull("orders")
            with pytest.raises(UnknownNameError) as caught:
                await twin.pull("order_notes")
            assert "--extra order_notes" in (caught.value.remedy or "")
            assert not any("/notes" in exchange.path for exchange in store.requests.log)

            await twin.hub.configure(NAME, Choices(notes=True))
            outcome = await twin.pull("order_notes")
            assert outcome.is_complete, lacking(outcome)
            assert await twin.documents("order_notes")
            assert all(r["parent_id"] for r in (await twin.snapshots("order_notes")).values())
            await twin.verify("order_notes", level=Level.BYTES)
            assert await twin.earlier_versions("order_notes") == {}

            await twin.hub.configure(NAME, Choices(notes=False))
            whole = await twin.pull()
            assert "order_notes" not in {f["resource"] for f in whole.certificate["resources"]}


async def test_a_list_that_cannot_be_read_buries_none_of_its_records(
    database_dsn: str, tmp_path: Path
) -> None:
    """Records without an address of their own exist while their list shows them, if it is read."""
    lists: dict[str, Any] = {"wc/v3/taxes/classes": [{"slug": "standard"}, {"slug": "zero"}]}
    with plain_store(PlainStore(lists, unpaged=frozenset(lists))) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            await twin.pull("tax_classes")
            lists["wc/v3/taxes/classes"] = {"an": "object"}  # type: ignore[assignment]
            outcome = await twin.pull("tax_classes")
            assert not outcome.is_complete
            assert set(lacking(outcome)["tax_classes"]) == {"the list taxes/classes"}
            assert len(await twin.documents("tax_classes")) == 2
            lists["wc/v3/taxes/classes"] = [{"slug": "standard"}]
            assert (await twin.pull("tax_classes")).is_complete
            assert set(await twin.snapshots("tax_classes", gone=True)) == {"zero"}


async def test_the_tried_examples_arrive_from_a_store_that_has_those_plugins(
    database_dsn: str, tmp_path: Path
) -> None:
    plugins = ("subscriptions", "bookings", "polylang")
    with running_store(orders=150, seed=7, plugins=plugins) as store:
        async with open_twin(database_dsn, tmp_path, store) as twin:
            alone = finding(await twin.pull("products"), "products")
            assert alone["unlisted"] == [], "a variation answers at a product's address, too"
            assert "no address" in alone["remarks"][0], "the hidden ones come after all orders"
            in_one = finding(await twin.pull(), "products")
            assert in_one["unlisted"], "the store counts more than its lists in one language show"
            choices = Choices(endpoints=(SUBSCRIPTIONS, BOOKINGS), languages=("all",))
            await twin.hub.configure(NAME, choices)
            whole = await twin.pull()
            assert whole.is_complete, lacking(whole)
            for resource in ("subscriptions", "bookings", "products", "categories", "orders"):
                got = (await twin.documents(resource)).keys()
                assert got == twin.expected(resource).keys(), resource
                assert got, resource
            assert finding(whole, "products")["unlisted"] == []
            for resource in ("subscriptions", "bookings"):
                number = store.store.ids(resource)[0]
                store.store.edit(resource, number, {"status": "cancelled"})
            proved = await twin.verify(level=Level.BYTES)
            assert proved.is_complete, lacking(proved)
            assert len(await twin.earlier_versions("subscriptions")) == 1
            assert len(await twin.earlier_versions("bookings")) == 1
