"""The releases that the sandbox plays: what their index names, what lists obey, what records show."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.versions import RELEASES, release_of
from unit.sandboxes.conftest import Counter

OLD, ALL = ("3.9", "6", "8", "9"), tuple(RELEASES)
BY_ID = {"orderby": "id", "order": "asc", "per_page": 100}


@cache
def shop(version: str) -> Counter:
    store = Store(seed=5, orders=260, version=version)
    return Counter(Shop(store, Board(store)))


def index(version: str) -> dict[str, Any]:
    request = Request("GET", "/wp-json/wc/v3", "", {}, b"", "https://shop.test")
    found: dict[str, Any] = json.loads(shop(version).shop.respond(request).body)["routes"]
    return found


def arguments(version: str, path: str) -> dict[str, Any]:
    endpoints = index(version)[f"/wc/v3/{path}"]["endpoints"]
    return next(dict(each["args"]) for each in endpoints if "GET" in each["methods"])


def test_a_release_that_is_not_played_is_named():
    with pytest.raises(ValueError, match=r"does not play WooCommerce '4.2'. It plays: 3.9, 6,"):
        release_of("4.2")
    assert release_of("8.0.0") is release_of("8")


# -- routes -----------------------------------------------------------------------------------------

_BY_ID = r"(?P<id>[\d]+)"
SINCE = {
    "refunds": "9", "variations": "10.5", "orders/statuses": "10.5", "products/brands": "10.5",
    f"products/brands/{_BY_ID}": "10.5", "products/custom-fields/names": "10.5",
    f"orders/{_BY_ID}/receipt": "9", "orders": "3.9", "products": "3.9", "data/countries": "3.9",
    "reports/orders/totals": "3.9", r"orders/(?P<order_id>[\d]+)/refunds": "3.9",
    r"products/(?P<product_id>[\d]+)/variations": "3.9",
}  # fmt: skip


@pytest.mark.parametrize("path", SINCE)
@pytest.mark.parametrize("version", ALL)
def test_the_index_names_the_routes_of_the_release(version, path):
    is_there = ALL.index(version) >= ALL.index(SINCE[path])
    assert (f"/wc/v3/{path}" in index(version)) is is_there
    if "(?P" not in path:
        answer = shop(version).get(path)
        assert answer.status == (200 if is_there else 404)
        assert is_there or json.loads(answer.body)["code"] == "rest_no_route"


@pytest.mark.parametrize(
    ("path", "argument", "since"),
    [
        ("orders", "modified_after", "6"), ("orders", "dates_are_gmt", "6"),
        ("products", "modified_after", "6"), ("coupons", "modified_before", "6"),
        ("orders", "include_meta", "8"), ("products", "search_sku", "8"),
        ("products", "include_status", "10.5"), ("products", "brand", "10.5"),
        (r"products/(?P<product_id>[\d]+)/variations", "include_status", "10.5"),
        (r"products/(?P<product_id>[\d]+)/variations", "has_price", "9"),
        ("orders", "created_via", "10.5"), ("products/categories", "offset", "6"),
        (r"products/attributes/(?P<attribute_id>[\d]+)/terms", "offset", "6"),
        ("products/tags", "offset", "3.9"), ("customers", "role", "3.9"), ("orders", "page", "3.9"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", ALL)
def test_the_index_names_the_arguments_of_the_release(version, path, argument, since):
    is_there = ALL.index(version) >= ALL.index(since)
    assert (argument in arguments(version, path)) is is_there


def test_an_undeclared_argument_is_ignored_without_a_word():
    old, new = shop("3.9"), shop("10.5")
    everything = old.get("orders").total
    assert old.get("orders", modified_after="2100-01-01T00:00:00").total == everything
    assert old.get("orders", modified_after="nonsense").status == 200
    assert new.get("orders", modified_after="nonsense").status == 400
    assert shop("9").get("products", include_status="trash").total == new.get("products").total


def test_categories_of_old_stores_have_no_offset():
    """A pager by offset reads the first page again and again."""
    first = shop("3.9").ids("products/categories", orderby="id", per_page=10)
    assert shop("3.9").ids("products/categories", orderby="id", per_page=10, offset=10) == first
    assert shop("6").ids("products/categories", orderby="id", per_page=10, offset=10) != first


def test_the_trash_of_products_came_to_their_list_after_3_9():
    assert shop("3.9").get("products", status="trash").status == 400
    counter = shop("6")
    counter.store.trash("products", counter.store.ids("products")[0])
    assert counter.get("products", status="trash").total


@pytest.mark.parametrize("version", ALL)
def test_every_list_that_the_index_names_answers(version):
    for pattern, route in index(version).items():
        path = pattern.removeprefix("/wc/v3/")
        if pattern == "/wc/v3" or "(?P" in path or "GET" not in route["methods"]:
            continue
        needed = [n for e in route["endpoints"] for n, a in dict(e["args"]).items()
                  if a.get("required") and "GET" in e["methods"]]  # fmt: skip
        answer = shop(version).get(path, **dict.fromkeys(needed, "x"))
        assert answer.status in (200, 501), (path, answer.body)
        if answer.status == 501:
            assert json.loads(answer.body)["code"] == "sandbox_does_not_play_this"


# -- records ----------------------------------------------------------------------------------------


def first(version: str, path: str, wanted: Callable[[Any], bool] = bool) -> Any:
    rows = shop(version).json(path, per_page=100)
    return next(row for row in rows if wanted(row))


@pytest.mark.parametrize(
    ("path", "member", "since"),
    [
        ("orders", "payment_url", "8"), ("orders", "is_editable", "8"),
        ("orders", "needs_payment", "8"), ("orders", "currency_symbol", "6"),
        ("products", "has_options", "8"), ("products", "post_password", "9"),
        ("products", "brands", "10.5"), ("products", "global_unique_id", "10.5"),
        ("products", "low_stock_amount", "6"), ("products/reviews", "product_name", "8"),
        ("taxes", "postcodes", "6"), ("payment_gateways", "needs_setup", "6"),
        ("orders", "date_modified_gmt", "3.9"), ("products", "date_modified_gmt", "3.9"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", ALL)
def test_records_show_what_the_release_knew(version, path, member, since):
    assert (member in first(version, path)) is (ALL.index(version) >= ALL.index(since))


@pytest.mark.parametrize(
    ("member", "since"), [("image", "8"), ("parent_name", "6"), ("global_unique_id", "10.5")]
)
@pytest.mark.parametrize("version", ALL)
def test_lines_of_orders_show_what_the_release_knew(version, member, since):
    line = first(version, "orders", lambda order: order["line_items"])["line_items"][0]
    assert (member in line) is (ALL.index(version) >= ALL.index(since))


@pytest.mark.parametrize("version", OLD)
def test_what_a_list_shows_is_what_the_model_holds(version):
    counter = shop(version)
    answer = counter.get("orders", per_page=100)
    for raw, row in zip(_split(answer.body), json.loads(answer.body), strict=True):
        counter.store.base = counter.base
        assert raw == counter.store.document("orders", row["id"])


def _split(body: bytes) -> list[bytes]:
    text, at, found = body.decode(), 1, []
    while text[at] != "]":
        end = json.JSONDecoder().raw_decode(text, at)[1]
        found.append(text[at:end].encode())
        at = end + (text[end] == ",")
    return found


@pytest.mark.parametrize("version", OLD)
def test_what_is_written_shows_no_more_than_what_was_there(version):
    store = Store(seed=5, orders=40, version=version)
    counter = Counter(Shop(store, Board(store)))
    for path in ("orders", "products"):
        before = set(counter.json(path)[0])
        fields = {"name": "New"} if path == "products" else {"status": "completed"}
        made = json.loads(counter.ask("POST", path, fields).body)
        more = {"permalink_template", "generated_slug"} if path == "products" else set()
        assert set(made) - more == before
        changed = json.loads(counter.ask("PUT", f"{path}/{made['id']}", {"sku": "x"}).body)
        assert set(changed) - more == before


@pytest.mark.parametrize("version", ALL)
def test_the_status_report_says_which_release_it_is(version):
    report = shop(version).json("system_status")
    number = RELEASES[version].number
    assert report["environment"]["version"] == number
    assert ("store_id" in report["environment"]) is (version in ("9", "10.5"))
    assert first(version, "orders")["version"] == number


@pytest.mark.parametrize("version", ALL)
def test_a_variation_answers_as_a_product_and_names_its_parent(version):
    store = shop(version).store
    number = store.ids("variations")[0]
    parent = store.tables["variations"].owner[0]
    seen = shop(version).json(f"products/{number}")
    assert (seen["type"], seen["parent_id"]) == ("variation", parent)
    assert set(seen) - {"related_ids"} == set(first(version, "products")) - {"related_ids"} | (
        set(seen) & {"lang"}
    )


# -- where orders are kept --------------------------------------------------------------------------


def types(version: str) -> dict[str, int]:
    rows = shop(version).json("system_status")["post_type_counts"]
    return {row["type"]: int(row["count"]) for row in rows}


@pytest.mark.parametrize("version", ALL)
def test_orders_are_posts_before_8_2(version):
    found, counts = types(version), shop(version).store.counts()
    if version in ("3.9", "6", "8"):
        assert found["shop_order"] == counts["orders"]
        assert found["shop_order_refund"] == counts["refunds"]
        assert "shop_order_placehold" not in found
    else:
        assert found["shop_order_placehold"] == counts["orders"] + counts["refunds"]
        assert "shop_order" not in found


@pytest.mark.parametrize("version", ALL)
def test_orders_of_an_unregistered_status_are_listed_where_orders_are_posts(version):
    store = shop(version).store
    lost = {n for n in store.ids("orders") if store.status_of("orders", n) == "shipped"}
    listed: set[int] = set()
    page = 1
    while found := shop(version).ids("orders", **{**BY_ID, "page": page}):
        listed |= set(found)
        page += 1
    assert lost
    assert lost <= listed if version in ("3.9", "6", "8") else not lost & listed
    assert shop(version).get("orders", status="shipped").status == 400


@pytest.mark.parametrize("version", ALL)
def test_the_total_behind_the_last_page_is_right_where_orders_are_posts(version):
    total = shop(version).get("orders").total
    beyond = shop(version).get("orders", page=900).total
    assert beyond == (total if version in ("3.9", "6", "8") else 0)


def test_the_checkout_block_and_its_drafts_are_not_in_3_9():
    def statuses(version: str) -> list[str]:
        found: list[str] = arguments(version, "orders")["status"]["items"]["enum"]
        return found

    assert "checkout-draft" not in statuses("3.9")
    assert "checkout-draft" in statuses("6")
    assert "auto-draft" in statuses("8")
    assert "auto-draft" not in statuses("6")
    assert "checkout-draft" not in set(shop("3.9").store.tables["orders"].status)


@pytest.mark.parametrize("version", ALL)
def test_the_same_seed_gives_the_same_bytes(version):
    one, other = Store(5, 60, version=version), Store(5, 60, version=version)
    for resource in one.tables:
        assert [one.document(resource, n) for n in one.ids(resource)] == [
            other.document(resource, n) for n in other.ids(resource)
        ]
