"""Core over the API: lists, records, changes of people, customers' figures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api_callers import Api, key_of, serving_api
from core_stores import NOON, Stores, customer, order, product
from database_clones import clone
from hubs import settings_for
from storetwin.bootstrap import open_hub
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub import Hub
from storetwin.tenancy.models import Permission, Role


@dataclass
class World:
    api: Api
    hub: Hub
    stores: Stores


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Any:
    with clone(postgres, template) as found:
        yield found


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_hub(settings_for(dsn, tmp_path)) as opened:
        stores = await Stores.open(opened.database)
        hub = opened.of(stores.organisation_id)
        async with serving_api(opened) as api:
            yield World(api.by(await key_of(hub)), hub, stores)


async def test_records_are_listed_filtered_and_paged(world: World) -> None:
    for number in range(5):
        await world.stores.put(
            product(f"tea-{number}", status="publish", price=Decimal("4.50")), str(number)
        )
    await world.stores.put(product("jam", status="draft"), "9", store=1)
    everything = await world.api.get("/core/products")
    assert [row["values"]["sku"] for row in everything["data"]] == [
        "jam",
        *(f"tea-{n}" for n in range(4, -1, -1)),
    ]
    assert everything["data"][1]["values"]["price"] == "4.50"
    first = await world.api.get("/core/products", limit=4)
    rest = await world.api.get("/core/products", limit=4, cursor=first["next_cursor"])
    assert first["data"] + rest["data"] == everything["data"]
    for asked, count in (
        ({"q": "TEA-"}, 5), ({"q": "tea-3"}, 1), ({"q": "milk"}, 0), ({"filter": "status:draft"}, 1),
        ({"connection": str(world.stores.connections[1])}, 1), ({"gone": "true"}, 0), ({"gone": "false"}, 6),
        ({"edited": "true"}, 0), ({"changed_since": "2099-01-01T00:00:00Z"}, 0), ({"q": everything["data"][0]["id"]}, 1),
    ):  # fmt: skip
        assert len((await world.api.get("/core/products", **asked))["data"]) == count, asked
    await world.api.get("/core/products", 422, filter="price:4.50")
    await world.api.get("/core/nothing", 404)
    nouns = await world.api.get("/core")
    assert {"products", "orders", "customers"} <= {row["name"] for row in nouns["data"]}


async def test_a_record_tells_where_it_comes_from_and_what_changed(world: World) -> None:
    made = await world.stores.put(order("10", email="ada@example.org", lines=["7"]), "1")
    await world.stores.put(order("12", email="ada@example.org", lines=["7"]), "1", version=2)
    shown = await world.api.get(f"/core/orders/{made.core_id}")
    assert shown["parts"]["order_lines"][0]["remote_product_id"] == "7"
    assert [(one["remote_id"], one["version"]) for one in shown["links"]] == [("1", 2)]
    assert [one["action"] for one in shown["changes"]] == ["updated", "created"]
    assert shown["changes"][0]["fields"]["total"] == ["10", "12"] or shown["changes"][0]["fields"][
        "total"
    ] == [10, 12]
    page = await world.api.get(f"/core/orders/{made.core_id}/changes", limit=1)
    rest = await world.api.get(
        f"/core/orders/{made.core_id}/changes", limit=1, cursor=page["next_cursor"]
    )
    assert [one["action"] for one in (*page["data"], *rest["data"])] == ["updated", "created"]
    await world.api.get(f"/core/products/{made.core_id}", 404)


async def test_people_change_records_who_may(world: World) -> None:
    made = await world.stores.put(product("tea", name="Tea"), "7")
    path = f"/core/products/{made.core_id}"
    answer = await world.api.ask(
        "PATCH", path, json={"set": {"name": "Finest tea", "price": "6.50"}}
    )
    assert (answer.status, answer.json["values"]["name"]) == (200, "Finest tea")
    (name, price) = answer.json["edits"]
    assert (name["said"], price["value"], name["editor"] is not None) == ("Tea", "6.50", True)
    back = await world.api.ask("PATCH", path, json={"take_back": ["name"], "set": {"price": 7}})
    assert (back.json["values"]["name"], back.json["values"]["price"]) == ("Tea", "7")
    for body in ({}, {"set": {"meta": "x"}}, {"set": {"price": "much"}}, {"set": {"name": "\0"}}):
        assert (await world.api.ask("PATCH", path, json=body)).status in {400, 422}, body
    viewer = world.api.by(await key_of(world.hub, Role.VIEWER, frozenset({Permission.READ})))
    assert (await viewer.ask("PATCH", path, json={"set": {"name": "x"}})).status == 403


async def test_another_organisations_records_are_not_there(world: World) -> None:
    other = await Stores.open(world.hub.database)
    made = await other.put(product("tea"), "7")
    assert (await world.api.get("/core/products"))["data"] == []
    await world.api.get(f"/core/products/{made.core_id}", 404)
    assert (
        await world.api.ask("PATCH", f"/core/products/{made.core_id}", json={"set": {"name": "x"}})
    ).status == 404
    await world.api.get(f"/customers/{made.core_id}/figures", 404)


async def test_customers_have_figures_and_segments(world: World) -> None:
    now = world.hub.clock()
    ada = await world.stores.put(customer("ada@example.org"), "5")
    for number in range(3):
        placed = now - timedelta(days=number)
        await world.stores.put(
            order("300", customer="5", placed_at=placed, refunded="-100"), str(number)
        )
    await world.stores.put(
        order("20", email="lost@example.org", placed_at=NOON - timedelta(days=900)), "9"
    )
    (figures,) = (await world.api.get(f"/customers/{ada.core_id}/figures"))["data"]
    assert (figures["orders"], figures["lifetime_value"], figures["recency_score"]) == (
        3,
        "600.00",
        5,
    )
    assert figures["segment"] == "champion"
    counts = {
        row["segment"]: row["customers"] for row in (await world.api.get("/segments"))["data"]
    }
    assert counts == {"champion": 1, "lost": 1}
    (lost,) = (await world.api.get("/segments/lost"))["data"]
    assert (lost["email"], lost["is_guest"], lost["segment"]) == ("lost@example.org", True, "lost")
    other = order(
        "20", email="lost@example.org", placed_at=NOON - timedelta(days=900), currency="JPY"
    )
    await world.stores.put(other, "10")
    first = await world.api.get("/segments/lost", limit=1)
    second = await world.api.get("/segments/lost", limit=1, cursor=first["next_cursor"])
    assert [first["data"][0]["currency"], second["data"][0]["currency"]] == ["EUR", "JPY"]
    assert (await world.api.get("/segments/lost", currency="JPY"))["data"] == second["data"]
    settings = await world.api.get("/segments/settings")
    changed = settings | {"counted_statuses": ["shipped"]}
    assert (await world.api.ask("PUT", "/segments/settings", json=changed)).status == 200
    assert (await world.api.get("/segments"))["data"] == []
    back = settings | {"frequency": [5, 6, 7, 8], "money": [1000, 2000, 3000, 4000]}
    assert (await world.api.ask("PUT", "/segments/settings", json=back)).status == 200
    (figures,) = (await world.api.get(f"/customers/{ada.core_id}/figures"))["data"]
    assert figures["segment"] == "new"
    bad = settings | {"recency": [9, 8, 7, 6]}
    assert (await world.api.ask("PUT", "/segments/settings", json=bad)).status in {400, 422}
