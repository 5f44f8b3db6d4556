"""Traps of lists: paging that is ignored, totals that vanish, sorts and parameters that are not."""

from __future__ import annotations

import pytest

from conformance.woocommerce.store_under_test import StoreUnderTest, counted, header

OLDEST = {"orderby": "id", "order": "asc"}
COUNTED_WHOLE = [
    "products/attributes", "taxes/classes", "shipping/zones", "shipping_methods",
    "payment_gateways",
]  # fmt: skip
UNCOUNTED_WHOLE = [
    "settings", "data", "system_status/tools", "reports", "reports/orders/totals",
    "orders/statuses",
]  # fmt: skip


@pytest.mark.parametrize("path", COUNTED_WHOLE + UNCOUNTED_WHOLE)
def test_some_lists_give_everything_on_every_page(store: StoreUnderTest, path: str) -> None:
    whole = store.answer(path)
    again = store.answer(path, page=1_000_000, per_page=101)
    assert (again.status, again.body) == (200, whole.body)


@pytest.mark.parametrize("path", COUNTED_WHOLE)
def test_of_those_some_count_one_page(store: StoreUnderTest, path: str) -> None:
    answer = store.answer(path, per_page=1)
    assert header(answer, "X-WP-TotalPages") == "1"
    assert counted(answer) == len(store.get(path))


@pytest.mark.parametrize("path", UNCOUNTED_WHOLE)
def test_and_others_do_not_count(store: StoreUnderTest, path: str) -> None:
    assert header(store.answer(path), "X-WP-Total") == ""


def test_a_whole_list_that_is_empty_has_no_page(store: StoreUnderTest) -> None:
    answer = store.answer("shipping/zones/0/locations")  # the rest of the world
    assert (counted(answer), header(answer, "X-WP-TotalPages")) == (0, "0")


@pytest.mark.parametrize("path", ["orders", "refunds"])
def test_past_the_end_orders_forget_their_total(store: StoreUnderTest, path: str) -> None:
    answer = store.answer(path, page=9999, per_page=100)
    assert (answer.status, answer.body, counted(answer)) == (200, b"[]", 0)
    assert "page=0" in header(answer, "Link")
    assert store.answer(path, page=0).status == 400


@pytest.mark.parametrize(
    "path", ["products", "variations", "customers", "coupons", "products/tags", "products/reviews"]
)
def test_past_the_end_others_keep_it(store: StoreUnderTest, path: str) -> None:
    answer = store.answer(path, page=9999, per_page=100)
    assert (answer.status, answer.body) == (200, b"[]")
    assert counted(answer) == store.total(path) > 0


@pytest.mark.parametrize("path", ["orders", "products", "customers"])
def test_an_offset_overrides_the_page_and_its_links_lead_nowhere(
    store: StoreUnderTest, path: str
) -> None:
    ids = store.ids(path, **OLDEST, per_page=20)
    asked = {**OLDEST, "offset": 7, "page": 3, "per_page": 5}
    assert store.ids(path, **asked) == ids[7:12]
    answer = store.answer(path, **asked)
    assert counted(answer) == store.total(path)
    assert "offset=7" in header(answer, "Link")


def test_a_head_request_counts(store: StoreUnderTest) -> None:
    answer = store.ask("HEAD", "orders", {"per_page": 5})
    assert answer.body == b""
    assert counted(answer) == store.total("orders")


def test_fields_drop_links_on_lists_and_not_on_singles(store: StoreUnderTest) -> None:
    row = store.get("orders", _fields="id", per_page=1)[0]
    assert list(row) == ["id"]
    assert list(store.get(f"orders/{row['id']}", _fields="id")) == ["id", "_links"]


def test_fields_that_do_not_exist_make_rows_lists(store: StoreUnderTest) -> None:
    rows = store.get("taxes/classes", _fields="id")
    assert rows == [[] for _ in store.get("taxes/classes")]


def test_fields_kill_a_list_of_words(store: StoreUnderTest) -> None:
    assert store.answer("products/custom-fields/names", _fields="id").status == 500


@pytest.mark.parametrize("orderby", ["title", "slug", "include"])
def test_orders_sort_by_id_upwards_whatever_title_asks(store: StoreUnderTest, orderby: str) -> None:
    upwards = store.ids("orders", **OLDEST)
    assert store.ids("orders", orderby=orderby, order="desc") == upwards
    assert store.ids("orders", orderby=orderby, order="asc") == upwards


def test_include_sorts_only_when_asked(store: StoreUnderTest) -> None:
    first, second = store.ids("products", **OLDEST, per_page=2)
    both = f"{second},{first},99999999"
    assert set(store.ids("products", include=both)) == {first, second}
    assert store.ids("products", include=both, orderby="include") == [second, first]


@pytest.mark.parametrize(
    "path", ["customers", "products/categories", "products/tags", "taxes", "products/reviews"]
)
@pytest.mark.parametrize("text", ["2100-01-01T00:00:00", "garbage"])
def test_a_date_filter_that_a_list_has_not_is_ignored(
    store: StoreUnderTest, path: str, text: str
) -> None:
    assert store.total(path, modified_after=text) == store.total(path)


def test_taxes_cannot_be_included(store: StoreUnderTest) -> None:
    [first] = store.ids("taxes", per_page=1)
    assert store.total("taxes", include=first) == store.total("taxes")


def test_unknown_parameters_are_ignored(store: StoreUnderTest) -> None:
    assert store.total("orders", no_such_parameter="x") == store.total("orders")


def test_customers_have_one_role_unless_all_are_asked_for(store: StoreUnderTest) -> None:
    assert {row["role"] for row in store.get("customers", per_page=100)} == {"customer"}
    assert store.total("customers", role="all") > store.total("customers")


def test_the_meta_of_an_order_comes_sorted_by_key(store: StoreUnderTest) -> None:
    orders = store.get("orders", per_page=100, orderby="id", order="asc")
    keys = [[entry["key"].lower() for entry in order["meta_data"]] for order in orders]
    assert max(map(len, keys)) > 1
    assert keys == [sorted(each) for each in keys]


def test_what_is_below_a_gone_record_is_empty_or_not_found(store: StoreUnderTest) -> None:
    assert store.get("products/99999999/variations") == []
    assert store.get("orders/99999999/refunds") == []
    gone = store.answer("orders/99999999/notes")
    assert (gone.status, "shop_order_invalid_id" in gone.text) == (404, True)


@pytest.mark.parametrize("kind", ["refunds", "products"])
def test_an_order_is_not_found_by_the_id_of_something_else(
    store: StoreUnderTest, kind: str
) -> None:
    [number] = store.ids(kind, per_page=1)
    assert store.answer(f"orders/{number}").status == 404
