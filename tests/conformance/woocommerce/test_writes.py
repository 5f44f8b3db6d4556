"""Traps of writing: trash and force, batches that check nothing, stock, refunds, odd meta."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest, code_of
from conformance.woocommerce.subjects import found

pytestmark = pytest.mark.writes

GONE_ORDER = "woocommerce_rest_shop_order_invalid_id"


def batch(store: StoreUnderTest, path: str, **verbs: list[Any]) -> dict[str, Any]:
    answer = store.ask("POST", f"{path}/batch", body=verbs)
    assert answer.status == 200, answer.text
    parsed: dict[str, Any] = json.loads(answer.body)
    return parsed


def stocked(store: StoreUnderTest, quantity: int) -> str:
    """The path of a product whose stock is set."""
    product = found(store, "a simple product that manages its stock")
    path = f"products/{product}"
    store.put(path, {"stock_quantity": quantity})
    return path


class TestTrash:
    def test_an_order_goes_to_the_trash_and_shows_in_its_list_only(
        self, store: StoreUnderTest
    ) -> None:
        number = store.post("orders", {})["id"]
        assert store.delete(f"orders/{number}")["status"] == "pending"  # as it was before
        assert store.get(f"orders/{number}")["status"] == "trash"
        assert store.ids("orders", include=number) == []
        assert store.ids("orders", include=number, status="trash") == [number]
        again = store.ask("DELETE", f"orders/{number}")
        assert (again.status, code_of(again)) == (410, "woocommerce_rest_already_trashed")

    def test_what_is_in_the_trash_can_be_changed_and_taken_out(self, store: StoreUnderTest) -> None:
        number = store.post("orders", {})["id"]
        store.delete(f"orders/{number}")
        assert store.put(f"orders/{number}", {"customer_note": "x"})["status"] == "trash"
        assert store.put(f"orders/{number}", {"status": "on-hold"})["status"] == "on-hold"
        assert store.ids("orders", include=number) == [number]

    def test_a_forced_deletion_is_a_404_to_readers_and_a_400_to_writers(
        self, store: StoreUnderTest
    ) -> None:
        number = store.post("orders", {})["id"]
        store.delete(f"orders/{number}", force="true")
        for method, status in (("GET", 404), ("DELETE", 404), ("PUT", 400)):
            answer = store.ask(method, f"orders/{number}", body={} if method == "PUT" else None)
            assert (answer.status, code_of(answer)) == (status, GONE_ORDER)

    @pytest.mark.parametrize("path", ["orders", "products"])
    def test_a_batch_deletes_for_good(self, store: StoreUnderTest, path: str) -> None:
        number = store.post(path, {})["id"]
        assert batch(store, path, delete=[number])["delete"][0]["id"] == number
        assert store.ask("GET", f"{path}/{number}").status == 404

    def test_refunds_and_attributes_are_deleted_without_force(self, store: StoreUnderTest) -> None:
        order, refund = found(store, "an order with refunds"), found(store, "a refund of it")
        attribute = store.post("products/attributes", {"name": "Conformance"})["id"]
        for path in (f"orders/{order}/refunds/{refund}", f"products/attributes/{attribute}"):
            store.delete(path)
            assert store.ask("GET", path).status == 404

    def test_an_auto_draft_is_in_no_list(self, store: StoreUnderTest) -> None:
        number = store.post("orders", {"status": "auto-draft"})["id"]
        assert store.ids("orders", include=number) == []
        assert store.ids("orders", include=number, status="auto-draft") == []
        assert store.get(f"orders/{number}")["status"] == "auto-draft"

    def test_a_trashed_parent_takes_its_variations_along(self, store: StoreUnderTest) -> None:
        parent = found(store, "a variable product")
        store.delete(f"products/{parent}")
        assert store.get(f"products/{parent}")["variations"] == []
        assert store.get(f"products/{parent}/variations") == []
        assert store.ids(f"products/{parent}/variations", status="trash")
        store.delete(f"products/{parent}", force="true")
        answer = store.answer(f"products/{parent}/variations", status="trash")
        assert (answer.status, answer.body) == (200, b"[]")


class TestBatch:
    def test_nothing_is_checked(self, store: StoreUnderTest) -> None:
        product = store.post("products", {"regular_price": "5", "manage_stock": True})["id"]
        order = store.post("orders", {"status": "on-hold"})["id"]
        bent = {"stock_quantity": "abc", "regular_price": "abc", "status": "bogus"}
        [stored] = batch(store, "products", update=[{"id": product, **bent}])["update"]
        assert [stored[name] for name in bent] == [0, "", "draft"]
        [stored] = batch(store, "products", update=[{"id": product, "stock_quantity": 2.5}])[
            "update"
        ]
        assert stored["stock_quantity"] == 2
        [stored] = batch(store, "orders", update=[{"id": order, "status": "bogus"}])["update"]
        assert stored["status"] == "pending"

    @pytest.mark.parametrize("fields", [{"stock_quantity": 2.5}, {"status": "bogus"}])
    def test_a_single_write_is_checked(self, store: StoreUnderTest, fields: dict[str, Any]) -> None:
        product = found(store, "a simple product that manages its stock")
        answer = store.ask("PUT", f"products/{product}", body=fields)
        assert (answer.status, code_of(answer)) == (400, "rest_invalid_param")

    def test_results_come_in_order_and_errors_one_by_one(self, store: StoreUnderTest) -> None:
        order = found(store, "an order")
        items = [{"id": "abc"}, {"id": order}, {"status": "completed"}, {"id": 99999999}]
        results = batch(store, "orders", update=items)["update"]
        assert [each["id"] for each in results] == ["abc", order, None, 99999999]
        assert ["error" in each for each in results] == [True, False, True, True]

    def test_a_record_twice_is_changed_twice(self, store: StoreUnderTest) -> None:
        path = stocked(store, 10)
        number = int(path.partition("/")[2])
        moves = [{"id": number, "inventory_delta": -1}, {"id": number, "inventory_delta": -2}]
        results = batch(store, "products", update=moves)["update"]
        assert [each["stock_quantity"] for each in results] == [9, 7]

    def test_a_hundred_items_and_no_more(self, store: StoreUnderTest) -> None:
        tags = [{"name": f"Conformance {number}"} for number in range(101)]
        answer = store.ask("POST", "products/tags/batch", body={"create": tags})
        assert answer.status == 413
        assert len(batch(store, "products/tags", create=tags[:100])["create"]) == 100

    def test_nothing_is_answered_with_a_list(self, store: StoreUnderTest) -> None:
        assert store.post("products/batch", {}, status=200) == []

    def test_an_object_where_a_list_belongs_kills_it(self, store: StoreUnderTest) -> None:
        answer = store.ask("POST", "products/batch", body={"create": {"name": "x"}})
        assert answer.status == 500


class TestStock:
    @pytest.mark.parametrize(
        ("delta", "left"), [(3, 13), (-4, 6), ("x", 10), (1.5, 11), (-30, -20)]
    )
    def test_a_delta_moves_the_stock_and_is_not_checked(
        self, store: StoreUnderTest, delta: object, left: int
    ) -> None:
        path = stocked(store, 10)
        assert store.put(path, {"inventory_delta": delta})["stock_quantity"] == left

    def test_a_quantity_wins_over_a_delta(self, store: StoreUnderTest) -> None:
        path = stocked(store, 10)
        sent = {"stock_quantity": 5, "inventory_delta": 2}
        assert store.put(path, sent)["stock_quantity"] == 5

    def test_null_is_nothing_left_alone_and_no_change_in_a_batch(
        self, store: StoreUnderTest
    ) -> None:
        path = stocked(store, 10)
        item = {"id": int(path.partition("/")[2]), "stock_quantity": None}
        assert batch(store, "products", update=[item])["update"][0]["stock_quantity"] == 10
        assert store.put(path, {"stock_quantity": None})["stock_quantity"] == 0

    def test_a_delta_moves_the_stock_of_a_variation(self, store: StoreUnderTest) -> None:
        parent = found(store, "a variable product")
        path = f"products/{parent}/variations/{found(store, 'a variation of it')}"
        store.put(path, {"manage_stock": True, "stock_quantity": 4})
        assert store.put(path, {"inventory_delta": -1})["stock_quantity"] == 3

    @pytest.mark.parametrize(
        ("sent", "stored"),
        [("12.5", "12.5"), ("12,50", "1250"), ("1 000", "1000"), ("$5", "5"), ("abc", "")],
    )
    def test_a_price_keeps_its_digits(self, store: StoreUnderTest, sent: str, stored: str) -> None:
        path = stocked(store, 10)
        assert store.put(path, {"regular_price": sent})["regular_price"] == stored


class TestMeta:
    @pytest.mark.parametrize(
        ("sent", "stored"),
        [
            (42, "42"), (True, "1"), (False, ""), (3.14159265358979, "3.1415926535898"),
            (1e22, "1.0E+22"), ({}, []), ({"a": {}}, {"a": []}), ([1, "x"], [1, "x"]),
            ({"0": "a", "2": "b"}, {"0": "a", "2": "b"}), ("a\0b", "a\0b"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["orders", "products"])
    def test_a_value_comes_back_as_php_stored_it(
        self, store: StoreUnderTest, path: str, sent: object, stored: object
    ) -> None:
        number = store.post(path, {})["id"]
        store.put(f"{path}/{number}", {"meta_data": [{"key": "conformance", "value": sent}]})
        entries = store.get(f"{path}/{number}")["meta_data"]
        [value] = [entry["value"] for entry in entries if entry["key"] == "conformance"]
        assert value == stored

    def test_the_meta_of_an_order_is_sorted_and_that_of_a_product_is_not(
        self, store: StoreUnderTest
    ) -> None:
        sent = {"meta_data": [{"key": key, "value": "x"} for key in ("zz", "aa", "Mm", "_b")]}
        shown = {}
        for path in ("orders", "products"):
            number = store.post(path, sent)["id"]
            shown[path] = [entry["key"] for entry in store.get(f"{path}/{number}")["meta_data"]]
        assert shown == {"orders": ["_b", "aa", "Mm", "zz"], "products": ["zz", "aa", "Mm", "_b"]}

    @pytest.mark.parametrize(
        ("body", "number"),
        [(b'{"customer_note":"\\ud83d"}', 10), (b"{", 4), (b'{"total":NaN}', 4)],
    )
    def test_what_is_no_json_is_told(self, store: StoreUnderTest, body: bytes, number: int) -> None:
        answer = store.ask("POST", "orders", body=body)
        assert (answer.status, code_of(answer)) == (400, "rest_invalid_json")
        assert json.loads(answer.body)["data"]["json_error_code"] == number
