"""The odd things that real stores hold, sale windows, and addresses that lead to the API anyway."""

from __future__ import annotations

import json

import pytest

from storetwin.sandboxes.woocommerce import running_store
from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.odd import make_odd
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from unit.sandboxes.conftest import BASE, Counter


@pytest.fixture(scope="module")
def odd():
    store = Store(seed=4, orders=400)
    found = make_odd(store)
    return Counter(Shop(store, Board(store))), found


def everything(counter, path, **params):
    page, found = 1, []
    while rows := counter.json(path, **{"per_page": 100, "page": page, "orderby": "id", **params}):
        found += rows
        page += 1
    return found


def test_nothing_of_it_counts_as_a_change(odd):
    assert not odd[0].store.changes.versions
    assert all(odd[1].values())


def test_the_same_seed_gives_the_same_odd_bytes(odd):
    other = Store(seed=4, orders=400)
    assert make_odd(other) == odd[1]
    other.base = odd[0].store.base
    for resource in other.tables:
        for number in other.ids(resource):
            assert other.document(resource, number) == odd[0].store.document(resource, number)


def test_orders_that_no_list_shows_answer_alone(odd):
    counter, found = odd
    listed = {row["id"] for row in everything(counter, "orders", _fields="id")}
    for name in ("orders of a status that is gone", "orders that are auto-drafts"):
        assert not listed & set(found[name])
        assert {counter.get(f"orders/{number}").status for number in found[name]} == {200}
    assert set(found["orders of guests"]) <= listed


def test_infinity_blanks_the_meta_of_its_page(odd):
    counter, found = odd
    [number] = found["orders with INF in their meta"]
    assert counter.json("orders", include=number)[0]["meta_data"] == [{}] * len(
        counter.json("orders", include=number)[0]["meta_data"]
    )


def test_meta_holds_nul_and_a_megabyte(odd):
    counter, found = odd
    nul = found["products with NUL in their meta"][0]
    assert rb"\u0000" in counter.get(f"products/{nul}").body
    assert len(counter.get(f"products/{found['products with a megabyte of meta'][0]}").body) > 10**6


def test_dates_are_null_or_zero(odd):
    counter, found = odd
    for name, path in (("orders", "orders"), ("products", "products")):
        for number in found[f"{name} without a modification date"]:
            assert counter.json(f"{path}/{number}")["date_modified_gmt"] is None
            assert number not in counter.ids(path, modified_after="1970-01-01T00:00:00")
    review = found["reviews with a date of zeros"][0]
    assert counter.json(f"products/reviews/{review}")["date_created"] == "-0001-11-30T00:00:00"
    counter.store.set_timezone("Asia/Tokyo")
    assert counter.json(f"products/reviews/{review}")["date_created"] == "-0001-11-30T00:00:00"
    counter.store.set_timezone("America/New_York")


def test_variations_of_trashed_and_of_gone_parents(odd):
    counter, found = odd
    trashed = found["products in the trash that have variations"][0]
    below = counter.store.tables["variations"].owned(trashed)
    statuses = {counter.store.status_of("variations", number) for number in below}
    assert "trash" in statuses
    assert counter.store.status_of("products", trashed) == "trash"
    for number in found["variations without a parent"]:
        row = counter.json("variations", include=number, status="any")
        assert row == [] or row[0]["id"] == number


def test_a_sku_may_be_there_twice_and_every_role_buys(odd):
    counter, found = odd
    skus = {counter.json(f"products/{n}")["sku"] for n in found["products of the same SKU"]}
    assert skus == {"TWICE-1"}
    roles = {counter.json(f"customers/{n}")["role"] for n in found["customers of every role"]}
    assert roles == {"customer", "shop_manager", "editor", "subscriber", "administrator"}
    shown = set(counter.ids("customers"))
    assert len(shown & set(found["customers of every role"])) <= 1


@pytest.mark.parametrize("version", ["3.9", "8"])
def test_older_stores_are_odd_too(version):
    store = Store(seed=4, orders=100, version=version)
    make_odd(store)
    assert Counter(Shop(store, Board(store))).get("orders").total


def test_a_running_store_is_made_odd():
    with running_store(orders=60, odd=True) as sandbox:
        assert any(
            sandbox.store.status_of("orders", n) == "packed-away"
            for n in sandbox.store.ids("orders")
        )


# -- sale windows -----------------------------------------------------------------------------------


def test_a_sale_begins_and_ends_at_its_second_and_bumps(counter, clock):
    clock(1_900_000_000)
    sent = {
        "name": "Coat", "regular_price": "90", "sale_price": "60",
        "date_on_sale_from_gmt": "2030-03-17T18:00:00", "date_on_sale_to_gmt": "2030-03-17T19:00:00",
    }  # fmt: skip
    made = json.loads(counter.ask("POST", "products", sent).body)
    assert (made["on_sale"], made["price"]) == (False, "90")
    assert made["date_on_sale_from_gmt"] == sent["date_on_sale_from_gmt"]
    assert made["date_on_sale_from"] == "2030-03-17T14:00:00"
    first = 1_900_000_800
    for moment, price in ((first, "60"), (first + 3600, "60"), (first + 3601, "90")):
        clock(moment)
        seen = counter.json(f"products/{made['id']}")
        assert (seen["price"], seen["on_sale"]) == (price, price == "60")
    assert seen["date_modified_gmt"] == "2030-03-17T19:00:01"
    assert counter.store.changes["products"][made["id"]] == 3


def test_a_sale_without_a_window_is_on_at_once(counter):
    number = counter.store.create("products", {"regular_price": "9", "sale_price": "5"})
    assert counter.json(f"products/{number}")["on_sale"] is True
    counter.store.edit("products", number, {"date_on_sale_to": "2001-01-01"})
    seen = counter.json(f"products/{number}")
    assert (seen["on_sale"], seen["price"]) == (False, "9")
    assert seen["date_on_sale_to"] == "2001-01-01T23:59:59"
    counter.store.edit("products", number, {"date_on_sale_to": None})
    assert counter.json(f"products/{number}")["on_sale"] is True


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query", "route"),
    [
        ("/", "rest_route=/wc/v3/orders", "/wc/v3/orders"),
        ("/nonsense/deeper/", "rest_route=/", "/"),
        ("/wp-json/wc/v3/orders", "rest_route=/wc/v3/products", "/wc/v3/products"),
        ("/index.php", "rest_route=/wc/v3/", "/wc/v3"),
        ("/index.php/wp-json/wc/v3", "", "/wc/v3"),
        ("/nonsense.php", "rest_route=/", None),
        ("/sub/wp-json/wc/v3", "", None),
        ("/", "", None),
    ],
)
def test_the_route_of_an_address(path, query, route):
    """Measured on a real store, all of them."""
    assert Request("GET", path, query, {}, b"", BASE).route == route
