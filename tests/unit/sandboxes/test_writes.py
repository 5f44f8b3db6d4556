import json

import pytest

from storetwin.sandboxes.woocommerce.model.draft import stored_value

LATER = 1_900_000_000
REFUND = {"amount": "1.50", "reason": "x", "api_refund": False}


def code(answer):
    return answer.status, json.loads(answer.body)["code"]


def first(counter, resource, **members):
    for number in counter.store.ids(resource):
        found = json.loads(counter.store.document(resource, number))
        if all(found[name] == value for name, value in members.items()):
            return found
    raise AssertionError(f"no {resource} with {members}")


def modified(counter, resource, number):
    return json.loads(counter.store.document(resource, number))["date_modified_gmt"]


def test_an_order_lives_and_dies(counter):
    made = counter.ask("POST", "orders", {"customer_note": "hi"})
    assert made.status == 201
    number = json.loads(made.body)["id"]
    assert ("Location", f"https://shop.test/wp-json/wc/v3/orders/{number}") in made.headers
    gone = counter.ask("DELETE", f"orders/{number}")
    assert json.loads(gone.body)["status"] == "pending"
    assert counter.json(f"orders/{number}")["status"] == "trash"
    assert number in counter.ids("orders", status="trash")
    assert number not in counter.ids("orders")
    assert code(counter.ask("DELETE", f"orders/{number}")) == (
        410,
        "woocommerce_rest_already_trashed",
    )
    assert counter.ask("PUT", f"orders/{number}", {"status": "on-hold"}).status == 200
    assert number in counter.ids("orders")
    assert counter.ask("DELETE", f"orders/{number}", force="true").status == 200
    missing = "woocommerce_rest_shop_order_invalid_id"
    assert code(counter.get(f"orders/{number}")) == (404, missing)
    assert code(counter.ask("PUT", f"orders/{number}", {})) == (400, missing)
    assert counter.store.changes.deleted["orders"] == {number}


def test_every_put_bumps_even_an_empty_one(counter, clock):
    clock(LATER)
    for resource in ("orders", "products", "customers"):
        number = counter.store.ids(resource)[3]
        counter.ask("PUT", f"{resource}/{number}", {})
        assert modified(counter, resource, number) == "2030-03-17T17:46:40"


def test_two_writes_in_one_second_keep_one_date(counter, clock):
    clock(LATER)
    number = counter.ids("orders")[0]
    counter.ask("PUT", f"orders/{number}", {"customer_note": "a"})
    counter.ask("PUT", f"orders/{number}", {"customer_note": "b"})
    assert counter.json(f"orders/{number}")["customer_note"] == "b"
    assert counter.ids("orders", modified_after="2030-03-17T17:46:40Z") == []
    assert counter.ids("orders", modified_after="2030-03-17T17:46:39Z") == [number]
    assert counter.store.changes["orders"] == {number: 2}


def test_a_refund_bumps_its_order_and_a_deleted_one_does_not(counter, clock):
    clock(LATER)
    number = counter.ids("orders", status="processing")[0]
    made = counter.ask("POST", f"orders/{number}/refunds", REFUND)
    refund = json.loads(made.body)["id"]
    assert modified(counter, "orders", number) == "2030-03-17T17:46:40"
    assert [entry["id"] for entry in counter.json(f"orders/{number}")["refunds"]] == [refund]
    clock(LATER + 60)
    counter.ask("DELETE", f"orders/{number}/refunds/{refund}", force="true")
    assert counter.json(f"orders/{number}")["refunds"] == []
    assert modified(counter, "orders", number) == "2030-03-17T17:46:40"


def test_a_variation_bumps_its_parent_and_not_the_other_way(counter, clock):
    clock(LATER)
    variation = first(counter, "variations", status="publish")
    parent = variation["parent_id"]
    path = f"products/{parent}/variations/{variation['id']}"
    counter.ask("PUT", path, {"regular_price": "9.50"})
    assert modified(counter, "products", parent) == "2030-03-17T17:46:40"
    clock(LATER + 60)
    counter.ask("PUT", f"products/{parent}", {"name": "New name"})
    assert modified(counter, "variations", variation["id"]) == "2030-03-17T17:46:40"
    assert counter.json(path)["regular_price"] == "9.50"


def test_orders_of_a_deleted_customer_become_a_guests(counter, clock):
    clock(LATER)
    order = next(row for row in counter.json("orders", per_page=100) if row["customer_id"])
    number, customer = order["id"], order["customer_id"]
    if customer not in counter.store.ids("customers"):
        customer = counter.store.create("customers", {"email": "late@example.test"})
        counter.store.edit_order(number, {"customer_id": customer})
    counter.ask("DELETE", f"customers/{customer}", force="true")
    after = counter.json(f"orders/{number}")
    assert after["customer_id"] == 0
    assert "customer" not in after["_links"]
    assert after["date_modified_gmt"] == "2030-03-17T17:46:40"


def test_a_deleted_product_leaves_its_lines_without_moving_their_orders(counter, clock):
    clock(LATER)
    order = next(row for row in counter.json("orders", per_page=100) if row["line_items"])
    sold = order["line_items"][0]["product_id"]
    counter.ask("DELETE", f"products/{sold}", force="true")
    after = counter.json(f"orders/{order['id']}")
    line = after["line_items"][0]
    assert (line["product_id"], line["variation_id"], line["sku"]) == (0, 0, None)
    assert line["name"] == order["line_items"][0]["name"]
    assert after["date_modified_gmt"] == order["date_modified_gmt"]
    assert counter.store.changes["orders"][order["id"]] == 1


def test_a_renamed_category_shows_in_products_that_are_not_bumped(counter, clock):
    clock(LATER)
    product = next(row for row in counter.json("products", per_page=100) if row["categories"])
    number = product["categories"][0]["id"]
    counter.ask("PUT", f"products/categories/{number}", {"name": "Bread & Wine"})
    after = counter.json(f"products/{product['id']}")
    assert after["categories"][0]["name"] == "Bread &amp; Wine"
    assert after["date_modified_gmt"] == product["date_modified_gmt"]


def test_trashing_a_variable_product_takes_its_variations_along(counter):
    product = first(counter, "products", type="variable", status="publish")
    counter.ask("DELETE", f"products/{product['id']}")
    assert counter.json(f"products/{product['id']}")["variations"] == []
    states = {counter.store.status_of("variations", n) for n in product["variations"]}
    assert states == {"trash"}
    counter.ask("DELETE", f"products/{product['id']}", force="true")
    assert not set(product["variations"]) & set(counter.store.ids("variations"))
    assert counter.json(f"products/{product['id']}/variations") == []


def test_a_sku_and_an_email_serve_once(counter):
    taken = first(counter, "products", sku="SKU-00001")["id"]
    answer = counter.ask("POST", "products", {"name": "dup", "sku": "SKU-00001"})
    assert json.loads(answer.body) == {
        "code": "product_invalid_sku", "message": "Invalid or duplicated SKU.",
        "data": {"status": 400, "resource_id": taken, "unique_sku": "SKU-00001-1"},
    }  # fmt: skip
    assert code(counter.ask("POST", "customers", {"email": "cust3@example.test"})) == (
        400, "registration-error-email-exists",
    )  # fmt: skip


def test_what_has_no_trash_says_so_but_attributes_go_at_once(counter):
    for path in ("customers/2", "products/tags/61", "taxes/2", "webhooks/2"):
        assert code(counter.ask("DELETE", path)) == (501, "woocommerce_rest_trash_not_supported")
    assert counter.ask("DELETE", "products/attributes/5").status == 200
    assert counter.get("products/attributes/5").status == 404


def test_a_post_may_say_that_it_deletes(counter):
    assert counter.ask("POST", "products/tags/61", _method="DELETE", force="true").status == 200
    assert counter.get("products/tags/61").status == 404


@pytest.mark.parametrize("stock", ["abc", 2.5])
def test_a_single_write_is_checked(counter, stock):
    answer = counter.ask("PUT", "products/11", {"stock_quantity": stock})
    assert code(answer) == (400, "rest_invalid_param")


def test_a_delta_moves_the_stock(counter):
    counter.ask("PUT", "products/11", {"manage_stock": True, "stock_quantity": 5})
    counter.ask("PUT", "products/11", {"inventory_delta": -3})
    assert counter.json("products/11")["stock_quantity"] == 2


class TestBatch:
    def test_nothing_gives_nothing(self, counter):
        assert counter.ask("POST", "products/batch", {}).body == b"[]"

    def test_more_than_a_hundred_are_refused(self, counter):
        answer = counter.ask("POST", "products/batch", {"update": [{"id": 1}] * 101})
        assert code(answer) == (413, "woocommerce_rest_request_entity_too_large")

    def test_an_object_for_a_list_is_fatal(self, counter):
        assert code(counter.ask("POST", "products/batch", {"create": {"name": "x"}})) == (
            500, "internal_server_error",
        )  # fmt: skip

    def test_each_item_has_its_own_error(self, counter):
        body = {"update": [{"id": 11}, {"id": 99999999}, {"menu_order": 1}], "delete": [99999999]}
        found = json.loads(counter.ask("POST", "products/batch", body).body)
        assert [row["id"] for row in found["update"]] == [11, 99999999, None]
        assert found["update"][1]["error"]["data"] == {"status": 400}
        assert found["delete"][0]["error"]["data"] == {"status": 404}

    def test_a_failed_variation_is_named_by_an_object(self, counter):
        product = first(counter, "products", type="variable", status="publish")["id"]
        answer = counter.ask("POST", f"products/{product}/variations/batch", {"delete": [99999999]})
        [row] = json.loads(answer.body)["delete"]
        assert row["id"] == {"id": 99999999, "product_id": product, "force": True}

    def test_nothing_is_checked_and_much_is_bent(self, counter):
        items = [{"id": 11, "manage_stock": True, "stock_quantity": "abc", "status": "bogus"}]
        [row] = json.loads(counter.ask("POST", "products/batch", {"update": items}).body)["update"]
        assert (row["stock_quantity"], row["status"]) == (0, "draft")
        coupon = counter.ids("coupons")[0]
        counter.ask("POST", "coupons/batch", {"update": [{"id": coupon, "status": "bogus"}]})
        assert coupon not in counter.ids("coupons", status="publish,trash")
        assert counter.json(f"coupons/{coupon}")["status"] == "bogus"

    def test_a_delete_is_for_good(self, counter):
        number = counter.ids("orders")[0]
        counter.ask("POST", "orders/batch", {"delete": [number]})
        assert counter.get(f"orders/{number}").status == 404

    def test_a_fatal_in_the_middle_keeps_what_was_done(self, counter):
        one, two, three = counter.ids("orders")[:3]
        counter.faults.switch_on(f"poison:ids={two}")
        items = [{"id": n, "customer_note": "kept"} for n in (one, two, three)]
        assert counter.ask("POST", "orders/batch", {"update": items}).status == 500
        counter.faults.clear()
        notes = [counter.json(f"orders/{n}")["customer_note"] for n in (one, two, three)]
        assert [note == "kept" for note in notes] == [True, True, False]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (42, "42"), (True, "1"), (False, ""), (1.0, "1"), (3.14159265358979, "3.1415926535898"),
        (9223372036854775807, "9.2233720368548E+18"), (1e22, "1.0E+22"), ({}, []),
        ({"a": {}}, {"a": []}), ({"0": "a", "1": "b"}, ["a", "b"]), ([1, 2.5], [1, 2.5]),
    ],
)  # fmt: skip
def test_meta_comes_back_as_php_stored_it(sent, stored):
    assert stored_value(sent) == stored


def test_meta_is_merged_by_key_and_deleted_by_null(counter):
    number = counter.ids("orders")[0]
    counter.ask(
        "PUT", f"orders/{number}", {"meta_data": [{"key": "k\u0000x", "value": "a\u0000b"}]}
    )
    assert rb'"key":"k\u0000x","value":"a\u0000b"' in counter.store.document("orders", number)
    counter.ask("PUT", f"orders/{number}", {"meta_data": [{"key": "k\u0000x", "value": None}]})
    assert b"k\\u0000x" not in counter.store.document("orders", number)


def test_half_a_surrogate_pair_is_no_json(counter):
    answer = counter.ask("PUT", "products/11", {"name": "\ud83d"})
    assert code(answer) == (400, "rest_invalid_json")
