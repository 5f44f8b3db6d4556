"""What the lines of an order come to, and why its total may be another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorded import recorded
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Row
from storetwin.mapping.nouns import noun_of
from storetwin.mapping.totals import derive_totals
from storetwin.sandboxes.woocommerce.model.store import Store

ORDERS = noun_of("orders")
assert ORDERS is not None
MAPPER = compile_mapper(ORDERS)


def order(total: str | None, *lines: str, **more: Any) -> Row:
    """Return what follows for an order of such lines."""
    document = {
        "currency": "EUR",
        "total": total,
        "line_items": [{"id": n, "total": one} for n, one in enumerate(lines, start=1)],
        **more,
    }
    return MAPPER.map(document).values


def tax(*amounts: str) -> dict[str, Any]:
    return {
        "tax_lines": [
            {"id": n, "tax_total": one, "shipping_tax_total": "0.00"}
            for n, one in enumerate(amounts)
        ]
    }


def said(values: Row) -> tuple[str | None, Any]:
    difference = values["totals_difference"]
    return (None if difference is None else str(difference)), values["totals_note"]


def test_of_every_recorded_order() -> None:
    texts = recorded()["orders"]
    assert len(texts) >= 15
    for text in texts:
        values = MAPPER.map(documents.read(text)).values
        assert said(values) == ("0.00", None), values["number"]


def test_of_every_order_of_a_sandbox() -> None:
    store = Store(seed=11, orders=10_000)
    table, odd = store.tables["orders"], []
    for number in store.ids("orders"):
        values = MAPPER.map(documents.read(table.document(number) or b"")).values
        if said(values) != ("0.00", None):
            odd.append((number, said(values)))
    assert odd == []


def test_everything_that_an_order_is_made_of_counts() -> None:
    values = order(
        "31.38",
        "10.00",
        "12.00",
        shipping_lines=[{"id": 5, "total": "4.00"}],
        fee_lines=[{"id": 6, "total": "3.00"}, {"id": 7, "total": "-2.50"}],
        refunds=[{"id": 8, "total": "-5.00"}, {"id": 9, "total": "-1.00"}],
        **tax("4.00", "0.88"),
    )
    assert said(values) == ("0.00", None)
    assert (values["fee_total"], values["refunded_total"]) == (Decimal("0.50"), Decimal("6.00"))
    assert (values["total_minor"], values["refunded_minor"]) == (3138, 600)


def test_a_total_is_never_below_nothing() -> None:
    assert said(order("0.00", "3.00", fee_lines=[{"id": 1, "total": "-5.00"}])) == ("0.00", None)


def test_rounding_is_called_so() -> None:
    values = order("25.00", "8.33", "8.33", "8.33")
    assert said(values) == ("0.01", said(values)[1])
    assert str(values["totals_note"]).startswith("Rounding")
    far = order("26.00", "8.33", "8.33", "8.33")
    assert not str(far["totals_note"]).startswith("Rounding")


def test_a_store_that_shows_no_decimals_rounds_to_whole_units() -> None:
    whole = order("1001", "333", "333", **tax("334"), currency="CZK")
    assert said(whole)[0] == "1.00"
    assert str(whole["totals_note"]).startswith("Rounding")
    plain = order("31.00", "10.00", "20.00")
    assert said(plain)[0] == "1.00"
    assert not str(plain["totals_note"]).startswith("Rounding"), "these are prices, and no taxes"


def test_amounts_below_the_currencys_unit_agree() -> None:
    assert said(order("464.32", "432.9307", "31.3893")) == ("0.00", None)
    yen = order("465", "432.9", "31.8", currency="JPY")
    assert said(yen) == ("0.00", None)
    assert yen["total_minor"] == 465


def test_taxes_that_two_places_tell_differently_are_named() -> None:
    values = order("12.01", "10.00", total_tax="2.01", **tax("2.00"))
    assert said(values) == ("0.00", "Its tax lines come to 2.00, and its taxes to 2.01.")
    assert said(order("12.01", "10.00", total_tax="2.01")) == ("0.00", None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"gift_cards": [{"code": "X", "amount": "4.00"}, {"amount": "1.00"}]}, "gift cards paid"),
        ({"meta_data": [{"id": 1, "key": "_store_credit_used", "value": "5"}]}, "credit_used"),
        ({"meta_data": [{"id": 1, "key": "_gift_cards", "value": {"A": 2, "B": "3.0"}}]}, "_gift"),
        ({}, "somebody, or a plugin, set it"),
        ({"meta_data": [{"id": 1, "key": "color", "value": "5"}]}, "somebody, or a plugin, set it"),
    ],
)
def test_what_was_paid_otherwise_is_named(more: dict[str, Any], words: str) -> None:
    difference, note = said(order("15.00", "20.00", **more))
    assert difference == "-5.00"
    assert words in note


def test_what_cannot_be_added_up_is_said() -> None:
    assert said(order(None, "5.00")) == (None, "The order has no total.")
    assert said(order("5.00")) == (
        "5.00",
        "It has no lines: the total was entered, or came, without them.",
    )
    difference, note = said(order("20.00", "5.00", "many"))
    assert (difference, note) == ("15.00", "An amount of its lines cannot be read.")


AMOUNTS = st.decimals(-(10**17), 10**17, places=2)


@given(
    lines=st.lists(AMOUNTS, max_size=6),
    fees=st.lists(AMOUNTS, max_size=2),
    off=AMOUNTS,
    tax=AMOUNTS,
)
def test_difference_and_parts_are_the_total(
    lines: list[Decimal], fees: list[Decimal], off: Decimal, tax: Decimal
) -> None:
    total = sum(lines, Decimal(0)) + sum(fees, Decimal(0)) + tax + off
    parts: dict[str, list[Row]] = {
        "order_lines": [{"total": one} for one in lines],
        "order_fee_lines": [{"total": one} for one in fees],
        "order_tax_lines": [{"tax_total": tax, "shipping_tax_total": None}],
    }
    derived = derive_totals({"total": total, "currency": "EUR"}, parts)
    if total - off >= 0:
        assert derived["totals_difference"] == off
        assert (derived["totals_note"] is None) == (off == 0)
    assert derived.keys() == {
        one.name
        for one in ORDERS.fields
        if one.source is None and one.name not in ("custom", "gift_cards")
    }
