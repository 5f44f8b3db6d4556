import json

import pytest

from storetwin.sandboxes.woocommerce.auth import READ_WRITE
from storetwin.sandboxes.woocommerce.generate.plan import BULK_SECOND
from storetwin.sandboxes.woocommerce.site_time import NEVER, SiteTime


def walk(reading, path, **params):
    found, page = [], 1
    while rows := reading.ids(path, page=page, **params):
        found += rows
        page += 1
    return found


@pytest.mark.parametrize("orderby", ["id", "date", "modified"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_scan_shows_every_order_once(reading, orderby, order):
    found = walk(reading, "orders", orderby=orderby, order=order)
    assert len(found) == len(set(found)) == reading.get("orders").total


def test_any_leaves_out_trash_and_auto_draft_and_shows_checkout_draft(reading):
    found = walk(reading, "orders")
    statuses = {reading.store.status_of("orders", number) for number in found}
    assert "checkout-draft" in statuses
    assert not statuses & {"trash", "auto-draft", "shipped"}
    assert reading.ids("orders", status="any,trash") == reading.ids("orders")


def test_every_status_together_shows_what_was_asked_for(reading):
    statuses = "pending,processing,on-hold,completed,cancelled,refunded,failed,checkout-draft,trash"
    assert reading.get("orders", status=statuses).total == 2000


def test_an_unregistered_status_is_in_no_list_but_answers_by_id(reading):
    shipped = [
        n for n in reading.store.ids("orders") if reading.store.status_of("orders", n) == "shipped"
    ]
    assert reading.ids("orders", include=",".join(map(str, shipped))) == []
    assert reading.json(f"orders/{shipped[0]}")["status"] == "shipped"
    assert reading.get("orders", status="shipped").status == 400


def test_past_the_end_orders_count_nothing_and_products_count_on(reading):
    orders = reading.get("orders", page=999, per_page=100)
    assert (orders.body, orders.total, orders.pages) == (b"[]", 0, 0)
    assert orders.link == (
        '<https://shop.test/wp-json/wc/v3/orders?page=0&per_page=100&status%5B0%5D=any>; rel="prev"'
    )
    products = reading.get("products", page=999, per_page=100)
    assert products.body == b"[]"
    assert products.total > 0
    assert f"page={products.pages}" in products.link


def test_links_carry_the_defaults_of_orders(reading):
    link = reading.get("orders", per_page=5, page=2, orderby="id", order="asc").link
    assert link == (
        "<https://shop.test/wp-json/wc/v3/orders?per_page=5&page=1&orderby=id&order=asc"
        '&status%5B0%5D=any&dp=2&context=view>; rel="prev", '
        "<https://shop.test/wp-json/wc/v3/orders?per_page=5&page=3&orderby=id&order=asc"
        '&status%5B0%5D=any&dp=2&context=view>; rel="next"'
    )


def test_offset_overrides_page_and_leaves_the_totals(reading):
    everything = walk(reading, "orders", orderby="id", order="asc")
    answer = reading.get("orders", offset=7, page=3, per_page=10, orderby="id", order="asc")
    assert [row["id"] for row in json.loads(answer.body)] == everything[7:17]
    assert answer.total == len(everything)
    assert "offset=7" in answer.link


def test_include_obeys_the_status_and_its_order_only_when_asked(reading):
    first, second = walk(reading, "orders", orderby="id", order="asc")[:2]
    asked = f"{first},{second},99999999"
    assert reading.ids("orders", include=asked) == [second, first]
    assert reading.ids("orders", include=asked, orderby="include") == [first, second]
    trashed = [
        n for n in reading.store.ids("orders") if reading.store.status_of("orders", n) == "trash"
    ]
    assert reading.ids("orders", include=str(trashed[0])) == []


def test_fields_drop_links_in_lists_and_keep_them_on_singles(reading):
    assert all(list(row) == ["id", "status"] for row in reading.json("orders", _fields="id,status"))
    assert all(list(row) == ["id"] for row in reading.json("orders", _fields="id"))
    number = reading.ids("orders")[0]
    assert list(reading.json(f"orders/{number}", _fields="id")) == ["id", "_links"]
    assert reading.json("taxes/classes", _fields="id") == [[], [], [], []]
    assert reading.json("orders", _fields="billing.email", per_page=1)[0]["billing"].keys() == {
        "email"
    }


def test_the_light_fields_say_what_the_full_record_says(reading):
    light = reading.json(
        "orders", _fields="id,date_modified_gmt", per_page=100, orderby="modified", order="asc"
    )
    full = reading.json("orders", per_page=100, orderby="modified", order="asc")
    assert light == [{k: row[k] for k in ("id", "date_modified_gmt")} for row in full]
    assert light[0]["date_modified_gmt"] is None


def test_lists_that_ignore_paging_give_everything_again_and_again(reading):
    for path in ("products/attributes", "taxes/classes", "shipping/zones", "settings"):
        assert reading.json(path) == reading.json(path, page=1000000, per_page=101)
    assert reading.get("products/attributes").pages == 1
    assert reading.get("settings").total is None


def test_customers_ignore_a_date_filter_they_do_not_have(reading):
    plain = reading.get("customers").total
    assert reading.get("customers", modified_after="2030-01-01T00:00:00").total == plain
    assert reading.get("customers", modified_after="garbage").total == plain
    assert reading.get("customers", role="all").total > plain


def test_sorts_without_a_tie_break_lose_rows(reading):
    seen = walk(reading, "variations", orderby="menu_order", order="asc")
    total = reading.get("variations").total
    assert len(seen) == total
    assert len(set(seen)) < total


def test_orders_sort_by_id_whatever_title_asks(reading):
    assert reading.ids("orders", orderby="title", order="desc") == reading.ids(
        "orders", orderby="id", order="asc"
    )


def test_the_top_level_list_shows_variations_with_other_links(reading):
    row = reading.json("variations", per_page=1)[0]
    assert row["_links"]["up"][0]["href"].endswith("/products/0")
    assert "targetHints" not in row["_links"]["self"][0]
    own = reading.json(f"products/{row['parent_id']}/variations/{row['id']}")
    assert {**own, "_links": 0} == {**row, "_links": 0}


def test_post_type_counts_count_every_row(reading):
    counts = reading.json("system_status", _fields="post_type_counts")["post_type_counts"]
    by_type = {entry["type"]: int(entry["count"]) for entry in counts}
    store = reading.store
    assert by_type["shop_order_placehold"] == store.count("orders") + store.count("refunds")
    assert by_type["product"] == store.count("products")


class TestDates:
    SITE = SiteTime("America/New_York")

    def total(self, reading, **params):
        return reading.get("orders", status="any,trash", **params).total

    def test_the_boundary_second_is_left_out_on_both_sides(self, reading):
        text, before, after = (self.SITE.gmt(BULK_SECOND + d) + "Z" for d in (0, -1, 1))
        inside = self.total(reading, modified_after=before, modified_before=after)
        assert inside >= 20
        assert self.total(reading, modified_after=text, modified_before=after) == 0
        assert self.total(reading, modified_after=before, modified_before=text) == 0

    def test_a_zone_together_with_dates_are_gmt_is_shifted(self, reading):
        window = {
            "modified_after": self.SITE.gmt(BULK_SECOND - 1),
            "modified_before": self.SITE.gmt(BULK_SECOND + 1),
            "dates_are_gmt": "true",
        }
        assert self.total(reading, **window) >= 20
        shifted = {k: v + "Z" if k != "dates_are_gmt" else v for k, v in window.items()}
        assert self.total(reading, **shifted) == 0

    def test_a_fraction_makes_orders_forget_the_zone(self, reading):
        local = self.SITE.local(BULK_SECOND - 1)
        assert self.total(reading, modified_after=local + ".000Z") == self.total(
            reading, modified_after=local
        )
        gmt = self.SITE.gmt(BULK_SECOND - 1)
        products = reading.get("products", modified_after=gmt + ".000Z").total
        assert products == reading.get("products", modified_after=gmt + "Z").total

    def test_rows_without_a_date_match_no_filter(self, reading):
        table = reading.store.tables["orders"]
        dateless = sum(moment == NEVER for moment in table.modified)
        everything = self.total(reading)
        assert self.total(reading, modified_after="1970-01-01T00:00:00") == everything - dateless
        assert self.total(reading, modified_before="2100-01-01T00:00:00") == everything - dateless

    @pytest.mark.parametrize("text", ["2026-09-01", "2026-09-01T07:00", "1788246000", "garbage"])
    def test_what_is_no_date_is_refused(self, reading, text):
        answer = reading.get("orders", modified_after=text)
        assert answer.status == 400
        assert b"rest_invalid_date" in answer.body


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"per_page": 101}, "per_page must be between 1 (inclusive) and 100 (inclusive)"),
        ({"per_page": 0}, "per_page must be between 1 (inclusive) and 100 (inclusive)"),
        ({"per_page": "abc"}, "per_page is not of type integer."),
        ({"page": 0}, "page must be greater than or equal to 1"),
        ({"order": "sideways"}, "order is not one of asc and desc."),
    ],
)
def test_wrong_parameters_are_told(reading, params, message):
    answer = reading.get("orders", **params)
    [name] = params
    assert answer.status == 400
    assert json.loads(answer.body)["data"]["params"] == {name: message}


def test_decimals_are_rounded_as_asked(reading):
    number = reading.ids("orders", status="completed")[0]
    assert reading.json(f"orders/{number}", dp=0)["total"].isdecimal()
    assert reading.json(f"orders/{number}", dp=4)["total"].partition(".")[2].endswith("00")


def test_related_ids_differ_at_every_look_and_nothing_else_does(reading):
    first, second = reading.json("products"), reading.json("products")
    assert first != second
    assert [{**row, "related_ids": 0} for row in first] == [
        {**row, "related_ids": 0} for row in second
    ]


def test_an_envelope_wraps_the_page(reading):
    wrapped = reading.json("orders", _envelope=1, per_page=2)
    assert wrapped["status"] == 200
    assert len(wrapped["body"]) == 2


def test_the_index_tells_the_arguments_of_each_route(reading):
    reading.pair = None
    routes = reading.json("")["routes"]
    statuses = routes["/wc/v3/orders"]["endpoints"][0]["args"]["status"]["items"]["enum"]
    assert "checkout-draft" in statuses
    assert "include_status" in routes["/wc/v3/products"]["endpoints"][0]["args"]
    assert "modified_after" not in routes["/wc/v3/customers"]["endpoints"][0]["args"]
    assert READ_WRITE.secret not in json.dumps(routes)


def test_older_versions_answer_and_the_first_knows_no_orders(reading):
    from storetwin.sandboxes.woocommerce.request import Request

    def ask(version):
        keys = f"consumer_key={READ_WRITE.key}&consumer_secret={READ_WRITE.secret}"
        url = f"/wp-json/wc/{version}/orders"
        return reading.shop.respond(Request("GET", url, keys, {}, b"", "https://shop.test"))

    assert json.loads(ask("v2").body) == reading.json("orders")
    assert ask("v1").body == b"[]"
    assert ask("v4").status == 404
