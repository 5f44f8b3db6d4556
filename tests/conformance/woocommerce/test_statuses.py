"""Traps of statuses: what ``any`` leaves out, and records that answer only by their id."""

from __future__ import annotations

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest, code_of


def test_any_is_neither_trash_nor_a_companion_of_it(store: StoreUnderTest) -> None:
    assert store.total("orders", status="any,trash") == store.total("orders", status="any")
    assert store.total("orders") == store.total("orders", status="any")
    together = store.total("orders", status="pending,trash")
    apart = [store.total("orders", status=status) for status in ("pending", "trash")]
    assert together == sum(apart)


def test_any_shows_drafts_of_the_checkout(store: StoreUnderTest) -> None:
    statuses = [row["slug"] for row in store.get("orders/statuses")]
    assert store.total("orders", status="checkout-draft") > 0
    assert store.total("orders") == sum(store.total("orders", status=each) for each in statuses)


@pytest.mark.parametrize("status", ["wc-completed", "all", "publish", "shipped"])
def test_a_status_that_is_not_registered_is_refused(store: StoreUnderTest, status: str) -> None:
    answer = store.answer("orders", status=status)
    assert (answer.status, code_of(answer)) == (400, "rest_invalid_param")


def test_products_take_one_status_or_a_list_of_another_name(store: StoreUnderTest) -> None:
    assert store.answer("products", status="publish,draft").status == 400
    both = store.total("products", include_status="any,trash")
    assert both == store.total("products") + store.total("products", status="trash")


def test_include_obeys_the_status(store: StoreUnderTest) -> None:
    [trashed] = store.ids("orders", status="trash", per_page=1)
    assert store.ids("orders", include=trashed) == []
    assert store.ids("orders", include=trashed, status="trash") == [trashed]
    assert store.get(f"orders/{trashed}")["status"] == "trash"


def test_a_status_that_nobody_registers_is_in_no_list(store: StoreUnderTest) -> None:
    """Such orders lie in the gaps between listed ids: a plugin is gone, its orders are not."""
    number = hidden_order(store, "shipped")
    assert store.ids("orders", include=number) == []
    assert store.get(f"orders/{number}")["status"] == "shipped"


def test_an_auto_draft_is_in_no_list_either(store: StoreUnderTest) -> None:
    number = hidden_order(store, "auto-draft")
    assert store.total("orders", status="auto-draft") == 0
    assert store.ids("orders", include=number, status="auto-draft") == []
    assert store.get(f"orders/{number}")["status"] == "auto-draft"


def test_variations_and_reviews_hide_their_trash(store: StoreUnderTest) -> None:
    shown = {row["status"] for row in store.get("variations", per_page=100)}
    assert shown <= {"publish", "private"}
    reviews = store.get("products/reviews", per_page=100, status="all")
    assert {row["status"] for row in reviews} <= {"approved", "hold"}


def test_coupons_obey_a_status_that_they_do_not_declare(store: StoreUnderTest) -> None:
    trashed = store.ids("coupons", status="trash")
    assert trashed
    assert not set(trashed) & set(store.ids("coupons"))


def hidden_order(store: StoreUnderTest, status: str) -> int:
    """Return an order that no list shows; only a sandbox says which there are."""
    if store.sandbox is None:
        store.lacks(f"a way to name its orders of status {status}")
    assert store.sandbox is not None
    model = store.sandbox.store
    return next(n for n in model.ids("orders") if model.status_of("orders", n) == status)
