import json

import pytest

from storetwin.sandboxes.woocommerce.generate.plan import BULK_SECOND, NOW
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.site_time import NEVER

RESOURCES = (
    "orders", "refunds", "products", "variations", "customers", "categories", "tags", "brands",
    "shipping_classes", "attributes", "terms", "coupons", "reviews", "taxes", "tax_classes",
    "webhooks",
)  # fmt: skip


def everything(store: Store) -> dict[str, list[bytes | None]]:
    return {name: [store.document(name, n) for n in store.ids(name)] for name in RESOURCES}


def test_the_same_seed_and_size_give_the_same_bytes():
    assert everything(Store(seed=5, orders=150)) == everything(Store(seed=5, orders=150))


def test_another_seed_gives_other_orders():
    one, other = Store(seed=5, orders=50), Store(seed=6, orders=50)
    assert everything(one)["orders"] != everything(other)["orders"]


def test_a_document_does_not_depend_on_what_was_read_before(large_store):
    again = Store(seed=7, orders=2000)
    number = again.ids("orders")[1234]
    assert again.document("orders", number) == large_store.document("orders", number)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_document_is_ascii_json_and_names_itself(large_store, resource):
    for number in large_store.ids(resource):
        document = large_store.document(resource, number)
        found = json.loads(document.decode("ascii"))
        assert resource == "tax_classes" or found["id"] == number
        assert b"~BASE~" not in document


@pytest.mark.parametrize("orders", [1, 2, 7, 59, 500])
def test_lists_show_the_orders_asked_for_and_a_few_more_exist(orders):
    store = Store(seed=1, orders=orders)
    unlisted = [
        n for n in store.ids("orders") if store.status_of("orders", n) in ("shipped", "auto-draft")
    ]
    assert store.count("orders") - len(unlisted) == orders
    assert len(unlisted) == 5 + min(15, max(1, orders // 100))


def test_posts_share_one_space_of_ids(large_store):
    posts = ("orders", "refunds", "products", "variations", "coupons")
    ids = [number for name in posts for number in large_store.ids(name)]
    assert len(ids) == len(set(ids))


def test_orders_weigh_four_to_five_and_a_half_kilobytes(large_store):
    sizes = [len(large_store.document("orders", n)) for n in large_store.ids("orders")]
    assert 4000 < sum(sizes) / len(sizes) < 5500


def test_three_imported_orders_have_no_modification_date(large_store):
    table = large_store.tables["orders"]
    without = [n for n, moment in zip(table.ids, table.modified, strict=True) if moment == NEVER]
    assert len(without) == 3
    assert all(
        json.loads(large_store.document("orders", n))["date_modified_gmt"] is None for n in without
    )


def test_many_orders_were_modified_in_one_second(large_store):
    assert list(large_store.tables["orders"].modified).count(BULK_SECOND) >= 20


def test_nothing_was_modified_after_the_generated_now(large_store):
    for name in ("orders", "products", "variations", "customers", "coupons"):
        assert max(large_store.tables[name].modified) < NOW


def test_the_odd_shapes_of_the_recordings_occur(large_store):
    text = b"".join(large_store.document("orders", n) for n in large_store.ids("orders"))
    for shape in (
        b'"image":{"id":"","src":""}', b'"image":{"id":0,', b'"parent_name":null', rb"\u0000",
        b'"fee_lines":[{', b'"coupon_lines":[{', b'"refunds":[{', b'"tax_lines":[]',
        b'{"0":"a","2":"b","5":"c"}', b'"value":{"a":1,"b":{}}', b'"value":[]', rb"\ud83d",
        b'"big":9223372036854775807', b'"key":"_dup","value":"a"', b"&amp;", rb"https:\/\/"[5:],
    ):  # fmt: skip
        assert shape in text, shape


def test_totals_of_refunds_agree_with_their_orders(large_store):
    for number in large_store.ids("refunds"):
        refund = json.loads(large_store.document("refunds", number))
        order = json.loads(large_store.document("orders", refund["parent_id"]))
        [entry] = [found for found in order["refunds"] if found["id"] == number]
        assert entry["total"] == f"-{refund['amount']}"
        assert entry["reason"] == refund["reason"]


def test_products_list_their_variations_but_trashed_ones(large_store):
    shown = set()
    for number in large_store.ids("products"):
        shown |= set(json.loads(large_store.document("products", number))["variations"])
    alive = {
        n
        for n in large_store.ids("variations")
        if large_store.status_of("variations", n) != "trash"
    }
    assert shown == alive


def test_local_dates_follow_the_sites_zone():
    store = Store(seed=1, orders=20)
    number = store.ids("orders")[-1]
    before = json.loads(store.document("orders", number))
    store.set_timezone("Asia/Tokyo")
    after = json.loads(store.document("orders", number))
    assert before["date_created_gmt"] == after["date_created_gmt"]
    assert before["date_created"] != after["date_created"]
