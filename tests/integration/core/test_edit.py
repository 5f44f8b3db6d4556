"""What people change wins over what stores say, until it is taken back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from core_stores import UPDATED, Stores, customer, order, product
from storetwin.core.edit import edit, take_back
from storetwin.core.given import BadValueError
from storetwin.kernel.errors import UnknownNameError
from storetwin.mapping.nouns import NOUNS

PRODUCT = "SELECT name, price, weight FROM core.products"


async def change(stores: Stores, noun: str, core_id: Any, **given: Any) -> set[str]:
    async with stores.transaction() as tx:
        return set((await edit(tx, NOUNS[noun], core_id, given, None, stores.now)).fields)


async def back(stores: Stores, noun: str, core_id: Any, *fields: str) -> set[str]:
    async with stores.transaction() as tx:
        return set((await take_back(tx, NOUNS[noun], core_id, fields, None, stores.now)).fields)


async def test_a_change_stands_whatever_the_store_says_and_is_taken_back_to_what_it_says_now(
    stores: Stores,
) -> None:
    made = await stores.put(product("tea", name="Tea", price=Decimal(5)), "7")
    assert await change(stores, "products", made.core_id, name="Finest tea", price="6.50") == {
        "name",
        "price",
    }
    assert await stores.one(PRODUCT) == {
        "name": "Finest tea",
        "price": Decimal("6.50"),
        "weight": None,
    }
    outcome = await stores.put(
        product("tea", name="Thé", price=Decimal(5), weight=Decimal(1)), "7", version=2
    )
    assert (outcome.action, outcome.fields) == (UPDATED, ("weight",))
    assert (await stores.one(PRODUCT))["name"] == "Finest tea"
    assert await back(stores, "products", made.core_id, "name", "slug") == {"name"}
    assert await stores.one(PRODUCT) == {
        "name": "Thé",
        "price": Decimal("6.50"),
        "weight": Decimal(1),
    }
    last = await stores.one("SELECT fields FROM core.changes ORDER BY change DESC LIMIT 1")
    assert json.loads(last["fields"]) == {"name": ["Finest tea", "Thé"]}


async def test_what_follows_from_a_change_follows(stores: Stores) -> None:
    made = await stores.put(order("10", email="ada@example.org"), "1")
    await change(stores, "orders", made.core_id, total="12.50", email="grace@example.org")
    row = await stores.one("SELECT total_minor, email FROM core.orders")
    assert row == {"total_minor": 1250, "email": "grace@example.org"}
    figures = await stores.one(
        "SELECT c.email, f.spent FROM core.customer_figures f JOIN core.customers c ON c.id = f.customer_id"
    )
    assert figures == {"email": "grace@example.org", "spent": Decimal("12.50")}


async def test_an_order_of_an_account_stays_with_it(stores: Stores) -> None:
    account = await stores.put(customer("ada@example.org"), "5")
    made = await stores.put(order("10", email="ada@example.org", customer="5"), "1")
    await change(stores, "orders", made.core_id, email="other@example.org")
    row = await stores.one("SELECT customer_id FROM core.orders")
    assert row["customer_id"] == account.core_id


@pytest.mark.parametrize(
    "given",
    [
        {"nothing": 1}, {"meta": []}, {"currency": "USD"}, {"sku_key": "x"}, {"price": "many"}, {"price": True},
        {"price": "NaN"}, {"price": "1e99"}, {"name": 5}, {"menu_order": 2**70}, {"is_featured": "yes"},
        {"listed_at": "2026-01-01T00:00:00"},
    ],
)  # fmt: skip
async def test_what_cannot_stand_there_is_refused(stores: Stores, given: dict[str, Any]) -> None:
    made = await stores.put(product("tea"), "7")
    with pytest.raises(BadValueError):
        await change(stores, "products", made.core_id, **given)


async def test_what_is_not_there_cannot_be_changed(stores: Stores) -> None:
    with pytest.raises(UnknownNameError):
        await change(stores, "products", uuid4(), name="x")
