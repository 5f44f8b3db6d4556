"""What else has to be read again when a record has changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storetwin.mirror.follow import follow_ups, named_by_order, refunds_to_ask
from storetwin.resources import named
from storetwin.woocommerce.records import Record, read_record

ORDERS, PRODUCTS, VARIATIONS = named("orders"), named("products"), named("variations")


def order(number: int = 7, **members: Any) -> Record:
    return read_record(ORDERS, json.dumps({"id": number, **members}).encode())


def test_orders_name_their_customers_and_refunds_each_once() -> None:
    orders = [
        order(1, customer_id=5, refunds=[{"id": 90}, {"id": 91}]),
        order(2, customer_id=5, refunds=[]),
        order(3, customer_id=6),
    ]
    assert follow_ups(ORDERS, orders) == {"customers": ("5", "6"), "refunds": ("90", "91")}


@pytest.mark.parametrize("customer", [0, "0", None, False, True, [], {"id": 5}, ""])
def test_what_is_no_customer_is_not_followed(customer: object) -> None:
    assert follow_ups(ORDERS, [order(customer_id=customer)]) == {}


@pytest.mark.parametrize("refunds", [None, {}, "x", [None], [{"id": None}], [{"id": 0}], [7]])
def test_what_are_no_refunds_is_not_followed(refunds: object) -> None:
    assert follow_ups(ORDERS, [order(customer_id=4, refunds=refunds)]) == {"customers": ("4",)}


def test_an_order_that_is_no_json_by_the_letter_is_read_all_the_same() -> None:
    document = b'{"id":7,"customer_id":5,"note":"\\ud800","total":NaN,"refunds":[{"id":9}]}'
    assert named_by_order(read_record(ORDERS, document)) == ("5", ("9",))


def test_a_variation_changes_its_parent() -> None:
    one = read_record(VARIATIONS, b'{"id":8,"parent_id":3}')
    assert follow_ups(VARIATIONS, [one]) == {"products": ("3",)}
    assert follow_ups(VARIATIONS, [read_record(VARIATIONS, b'{"id":8,"parent_id":0}')]) == {}


def test_a_product_that_is_a_variation_belongs_there() -> None:
    found = [read_record(PRODUCTS, b'{"id":8,"type":"variation","parent_id":3}')]
    assert follow_ups(PRODUCTS, found) == {"variations": ("8",)}
    assert follow_ups(PRODUCTS, [read_record(PRODUCTS, b'{"id":8,"type":"simple"}')]) == {}


def test_refunds_are_asked_for_that_are_lacking_or_no_longer_named() -> None:
    held = {"90": "1", "91": "1", "92": "2"}
    assert refunds_to_ask(("90", "93"), held) == ("93", "91", "92")
    assert refunds_to_ask(("90", "91", "92"), held) == ()
