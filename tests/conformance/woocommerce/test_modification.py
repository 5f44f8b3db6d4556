"""What moves a modification date, and what changes a record without moving it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest
from conformance.woocommerce.subjects import found

pytestmark = pytest.mark.writes

LONG_AGO = {"modified_before": "2026-11-20T00:00:00", "orderby": "id", "order": "asc"}


def modified(store: StoreUnderTest, path: str) -> Any:
    return store.get(path)["date_modified_gmt"]


def an_old_order(store: StoreUnderTest) -> str:
    """The path of an unrefunded order that nobody touched for a while."""
    rows = store.get("orders", **LONG_AGO, status="completed", per_page=50)
    fit = (row["id"] for row in rows if not row["refunds"] and float(row["total"]) > 10)
    return f"orders/{next(fit)}"


@pytest.mark.parametrize("path", ["orders", "products", "customers"])
def test_every_put_moves_it_even_an_empty_one(store: StoreUnderTest, path: str) -> None:
    rows = store.get(path, per_page=20, orderby="id", order="asc")
    row = next(row for row in rows if (row["date_modified_gmt"] or "9") < "2026-11-20")
    assert store.put(f"{path}/{row['id']}", {})["date_modified_gmt"] > row["date_modified_gmt"]


def test_trash_moves_it_so_that_new_trash_is_found(store: StoreUnderTest) -> None:
    path = an_old_order(store)
    before = modified(store, path)
    store.delete(path)
    assert modified(store, path) > before
    since = {"modified_after": before, "dates_are_gmt": "true", "status": "trash"}
    assert int(path.partition("/")[2]) in store.ids("orders", **since, orderby="modified")


def test_a_refund_moves_its_order_and_its_deletion_does_not(store: StoreUnderTest) -> None:
    path = an_old_order(store)
    before = modified(store, path)
    store.post(f"{path}/refunds", {"amount": "1.50", "api_refund": False})
    assert modified(store, path) > before
    order, refund = found(store, "an order with refunds"), found(store, "a refund of it")
    before = modified(store, f"orders/{order}")
    store.delete(f"orders/{order}/refunds/{refund}", force="true")
    after = store.get(f"orders/{order}")
    assert refund not in [entry["id"] for entry in after["refunds"]]
    assert after["date_modified_gmt"] == before


def test_a_full_refund_makes_an_order_refunded(store: StoreUnderTest) -> None:
    path = an_old_order(store)
    total = store.get(path)["total"]
    made = store.post(f"{path}/refunds", {"amount": total, "api_refund": False})
    assert [entry["value"] for entry in made["meta_data"]] == ["full"]
    assert store.get(path)["status"] == "refunded"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"amount": "-3", "api_refund": False}, "Refund amount must be greater than zero."),
        ({"amount": "9999999", "api_refund": False}, "Invalid refund amount."),
        ({"amount": "1"}, "The payment gateway for this order does not"),
    ],
)
def test_a_refund_is_refused_with_a_500(
    store: StoreUnderTest, fields: dict[str, Any], message: str
) -> None:
    answer = store.ask("POST", f"{an_old_order(store)}/refunds", body=fields)
    assert answer.status == 500
    assert message in answer.text


def test_a_renamed_parent_does_not_move_its_variations(
    store: StoreUnderTest,
) -> None:
    parent = found(store, "a variable product")
    variation = f"products/{parent}/variations/{found(store, 'a variation of it')}"
    before = modified(store, variation)
    store.put(f"products/{parent}", {"name": "Renamed"})
    assert modified(store, variation) == before


def test_a_variation_moves_its_parent(store: StoreUnderTest) -> None:
    parent = f"products/{found(store, 'a variable product')}"
    before = modified(store, parent)
    store.put(f"{parent}/variations/{found(store, 'a variation of it')}", {"regular_price": "9"})
    assert modified(store, parent) > before


def test_a_renamed_category_changes_its_products_unseen(store: StoreUnderTest) -> None:
    rows = store.get("products", **LONG_AGO, per_page=50)
    product = next(row for row in rows if row["categories"])
    category = product["categories"][0]["id"]
    store.put(f"products/categories/{category}", {"name": "Renamed category"})
    after = store.get(f"products/{product['id']}")
    assert "Renamed category" in [each["name"] for each in after["categories"]]
    assert after["date_modified_gmt"] == product["date_modified_gmt"]


def test_a_gone_product_leaves_its_lines_without_moving_their_orders(store: StoreUnderTest) -> None:
    product = store.post("products", {"name": "Short-lived", "sku": "CONFORMANCE-1"})["id"]
    path = f"orders/{store.post('orders', {'line_items': [{'product_id': product}]})['id']}"
    before = store.get(path)
    store.delete(f"products/{product}", force="true")
    [line] = store.get(path)["line_items"]
    assert (line["product_id"], line["sku"], line["name"]) == (0, None, "Short-lived")
    assert modified(store, path) == before["date_modified_gmt"]


def test_orders_of_a_gone_customer_become_a_guests(store: StoreUnderTest) -> None:
    customer = store.post("customers", {"email": "conformance@example.test"})["id"]
    path = f"orders/{store.post('orders', {'customer_id': customer})['id']}"
    store.delete(f"customers/{customer}", force="true")
    assert store.get(path)["customer_id"] == 0
