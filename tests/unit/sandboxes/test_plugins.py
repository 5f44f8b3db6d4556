"""Stores with plugins: subscriptions, bookings, and goods in two languages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from unit.sandboxes.conftest import Counter

PLUGINS = ("subscriptions", "bookings", "polylang")


def opened(orders: int = 400, plugins: tuple[str, ...] = PLUGINS) -> Counter:
    store = Store(seed=6, orders=orders, plugins=plugins)
    return Counter(Shop(store, Board(store)))


@pytest.fixture(scope="module")
def shop() -> Counter:
    """A store that tests only read."""
    return opened()


def ask(counter: Counter, path: str) -> Any:
    return counter.json(f"/{path}")


def booked(counter: Counter, path: str = "bookings", **params: Any) -> Any:
    answer = counter.ask("GET", f"/wc-bookings/v1/{path}", **params)
    return answer, json.loads(answer.body)


@pytest.mark.parametrize("path", ["subscriptions", "data/continents"])
def test_a_plugin_that_is_not_there_has_no_route(path, counter):
    there = path != "subscriptions"
    assert counter.get(path).status == (200 if there else 404)
    assert f"/wc/v3/{path}" in ask(counter, "wc/v3")["routes"] or not there
    assert ask(counter, "wc-bookings/v1")["code"] == "rest_no_route"


# -- subscriptions ----------------------------------------------------------------------------------


def test_subscriptions_are_paged_like_orders(shop):
    answer = shop.get("subscriptions", per_page=5, orderby="id", order="asc")
    assert (answer.total, answer.pages) == (19, 4)
    seen = [shop.ids("subscriptions", per_page=5, page=n, orderby="id") for n in range(1, 5)]
    listed = {number for page in seen for number in page}
    known = shop.store.tables["subscriptions"]
    assert listed == {n for n in known if known.status_of(n) != "trash"}
    assert shop.get("subscriptions", page=50).total == 0
    assert shop.get("subscriptions", status="bogus").status == 400
    assert {row["status"] for row in shop.json("subscriptions", status="on-hold")} == {"on-hold"}


def test_a_subscription_is_an_order_that_comes_again(shop):
    row = shop.json("subscriptions", status="active")[0]
    assert set(shop.json("orders")[0]) <= set(row)
    assert row["billing_period"] in ("week", "month", "year")
    assert row["next_payment_date_gmt"] > row["last_payment_date_gmt"]
    assert row["_links"]["self"][0]["href"].endswith(f"/wc/v3/subscriptions/{row['id']}")
    assert shop.json(f"subscriptions/{row['id']}") == row
    assert row["parent_id"] in shop.store.tables["orders"]


def test_the_index_tells_the_statuses_of_subscriptions(shop):
    routes = ask(shop, "wc/v3")["routes"]
    status = routes["/wc/v3/subscriptions"]["endpoints"][0]["args"]["status"]
    assert {"active", "switched"} <= set(status["items"]["enum"])
    assert "processing" not in status["items"]["enum"]


def test_ids_of_posts_are_shared(shop):
    known = [shop.store.ids(name) for name in ("orders", "products", "subscriptions", "bookings")]
    assert sum(map(len, known)) == len(set().union(*known))


def test_subscriptions_change_and_go():
    counter = opened(60)
    row = counter.json("subscriptions", status="active")[0]
    before = row["date_modified_gmt"]
    changed = json.loads(
        counter.ask("PUT", f"subscriptions/{row['id']}", {"status": "on-hold"}).body
    )
    assert changed["status"] == "on-hold"
    assert changed["date_modified_gmt"] > before
    assert row["id"] in counter.ids("subscriptions", modified_after="2026-11-20T12:00:00")
    made = counter.store.create("subscriptions", {"status": "active"})
    assert counter.json(f"subscriptions/{made}")["id"] == made
    counter.store.delete("subscriptions", made)
    assert counter.get(f"subscriptions/{made}").status == 404


# -- bookings ---------------------------------------------------------------------------------------


def test_bookings_have_a_namespace_of_their_own(shop):
    assert "wc-bookings/v1" in ask(shop, "")["namespaces"]
    told = ask(shop, "wc-bookings/v1")
    assert told["namespace"] == "wc-bookings/v1"
    arguments = told["routes"]["/wc-bookings/v1/bookings"]["endpoints"][0]["args"]
    assert {"page", "per_page", "offset", "orderby", "include"} <= set(arguments)
    assert not any(pattern.startswith("/wc/v3") for pattern in told["routes"])


def test_bookings_are_listed_and_answer_alone(shop):
    answer, rows = booked(shop, per_page=100)
    assert answer.total == len(rows) == 12
    assert {"start", "end", "product_id", "customer_id", "status"} <= set(rows[0])
    assert isinstance(rows[0]["date_created"], int)
    answer, one = booked(shop, f"bookings/{rows[0]['id']}")
    assert (answer.status, one) == (200, rows[0])
    assert booked(shop, "bookings/1")[0].status == 404
    assert booked(shop, per_page=101)[0].status == 400


def test_a_booking_changes():
    counter = opened(60)
    number = booked(counter)[1][0]["id"]
    counter.store.edit("bookings", number, {"status": "cancelled", "cost": "1.00"})
    _, one = booked(counter, f"bookings/{number}")
    assert (one["status"], one["cost"]) == ("cancelled", "1.00")
    assert one["date_modified"] > one["date_created"]


# -- languages --------------------------------------------------------------------------------------

SPOKEN = ("products", "products/categories", "products/tags", "products/attributes/1/terms")


@pytest.mark.parametrize("path", SPOKEN)
def test_a_list_shows_one_language_unless_it_is_asked_for_all(shop, path):
    found = {lang: _all(shop, path, lang) for lang in ("", "en", "de", "all")}
    assert found[""] == found["en"]
    assert not found["en"] & found["de"]
    assert found["en"] | found["de"] == found["all"]
    assert found["de"]
    assert shop.get(path, lang="all").total == len(found["all"])


def _all(counter: Counter, path: str, lang: str) -> set[int]:
    asked = {"lang": lang} if lang else {}
    found: set[int] = set()
    page = 1
    while rows := counter.ids(path, page=page, orderby="id", **asked):
        found |= set(rows)
        page += 1
    return found


def test_a_record_names_its_translations(shop):
    row = shop.json("products", lang="de")[0]
    assert row["lang"] == "de"
    other = shop.json(f"products/{row['translations']['en']}")
    assert other["translations"] == row["translations"] == {"en": other["id"], "de": row["id"]}
    assert row["name"] == f"{other['name']} (de)"
    assert row["sku"] == other["sku"]
    assert row["id"] not in shop.ids("products", include=row["id"])
    assert shop.ids("products", include=row["id"], lang="all") == [row["id"]]


def test_the_index_tells_which_lists_speak(shop, counter):
    def speaks(where: Counter, pattern: str) -> bool:
        return "lang" in ask(where, "wc/v3")["routes"][f"/wc/v3/{pattern}"]["endpoints"][0]["args"]

    for pattern in ("products", "variations", "products/categories", "products/brands",
                    r"products/attributes/(?P<attribute_id>[\d]+)/terms",
                    r"products/(?P<product_id>[\d]+)/variations"):  # fmt: skip
        assert speaks(shop, pattern)
        assert not speaks(counter, pattern)
    assert not speaks(shop, "orders")


def test_a_new_record_speaks_and_survives_a_backup():
    counter = opened(60)
    number = counter.store.create("products", {"name": "Jacke", "lang": "de"})
    assert counter.json(f"products/{number}")["lang"] == "de"
    backup = counter.store.take_backup()
    counter.store.delete("products", number)
    counter.store.restore_backup(backup)
    assert number in counter.ids("products", lang="de", orderby="id", order="desc")
    assert number not in counter.ids("products", orderby="id", order="desc")


def test_the_same_seed_gives_the_same_bytes():
    one, other = opened(80).store, opened(80).store
    for resource in one.tables:
        assert [one.document(resource, n) for n in one.ids(resource)] == [
            other.document(resource, n) for n in other.ids(resource)
        ]
