"""The comparison itself: each recording agrees with itself, and with nothing that was tampered with."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest

from storetwin.testing.conformance import Answer, Recording, Shapes, compare

FOLDER = Path(__file__).parents[2] / "conformance" / "recordings" / "woocommerce"
RECORDINGS = {
    file.stem: Recording.read(file)
    for file in sorted(FOLDER.glob("*.json"))
    if file.stem != "webhook_deliveries"
}
SHAPES = Shapes.learned_from(RECORDINGS.values())
OTHER = "https://other.example"


def php(document):
    return json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()


def answer_to(name, change=None, **headers):
    """The recorded answer with its parsed body changed, and headers set (None removes one)."""
    answer = RECORDINGS[name].answer()
    if change is not None:
        document = json.loads(answer.body)
        change(document)
        answer = replace(answer, body=php(document))
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    kept = {key: value for key, value in {**answer.headers, **named}.items() if value is not None}
    return replace(answer, headers=kept)


def tampered(name, change=None, **headers):
    """Where the comparison finds that an answer was tampered with."""
    return {
        each.where for each in compare(RECORDINGS[name], answer_to(name, change, **headers), SHAPES)
    }


def with_text(name, text):
    """Where the comparison finds that a body is another text."""
    found = compare(RECORDINGS[name], replace(answer_to(name), body=text.encode()), SHAPES)
    return {each.where for each in found}


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_agrees_with_itself(name):
    assert compare(RECORDINGS[name], RECORDINGS[name].answer(), SHAPES) == []


def test_another_status_is_told_with_what_was_said():
    answer = replace(answer_to("single_order"), status=500)
    [difference] = compare(RECORDINGS["single_order"], answer, SHAPES)
    assert difference.where == "status"
    assert str(difference).startswith("status: expected 200, found 500 {")


class TestHeaders:
    @pytest.mark.parametrize(
        ("headers", "where"),
        [
            ({"Allow": None}, "header allow"),
            ({"Allow": "GET"}, "header allow"),
            ({"ETag": '"1"'}, "header etag"),
            ({"Content_Type": "application/json"}, "header content-type"),
            ({"X_WP_Total": None}, "header x-wp-total"),
            ({"X_WP_Total": "many"}, "header X-WP-Total"),
            ({"X_WP_TotalPages": "12"}, "header X-WP-TotalPages"),
        ],
    )
    def test_names_and_values_count(self, headers, where):
        assert where in tampered("list_tags_p1", **headers)

    def test_what_the_web_server_says_does_not(self):
        assert not tampered("list_tags_p1", Server="Apache", Date="today", Content_Length="3")

    def test_names_are_the_same_however_they_are_written(self):
        answer = answer_to("list_tags_p1")
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        assert not compare(RECORDINGS["list_tags_p1"], replace(answer, headers=lowered), SHAPES)

    def test_other_totals_that_agree_with_each_other_pass(self):
        assert not tampered("list_tags_p1", X_WP_Total="12", X_WP_TotalPages="3")

    def test_a_page_holds_as_many_records_as_its_totals_say(self):
        assert tampered("list_tags_p1", lambda rows: rows.pop()) == {"body"}

    def test_orders_past_the_end_have_to_forget_their_total(self):
        found = tampered("error_orders_page_beyond", X_WP_Total="300", X_WP_TotalPages="3")
        assert "header X-WP-Total" in found

    def test_a_list_that_is_never_paged_stays_one_page(self):
        assert "header X-WP-TotalPages" in tampered("list_attributes_p1", X_WP_TotalPages="2")


class TestLinks:
    ROUTE = f"{RECORDINGS['list_orders_p2'].origin}/wp-json/wc/v3/orders"
    QUERY = "per_page=5&page={}&orderby=id&order=asc&status%5B0%5D=any&dp=2&context=view"

    def found(self, *links):
        header = ", ".join(f'<{address}>; rel="{relation}"' for relation, address in links)
        return tampered("list_orders_p2", Link=header)

    def link(self, relation, page):
        return relation, f"{self.ROUTE}?{self.QUERY.format(page)}"

    def test_the_recorded_ones_pass(self):
        assert not self.found(self.link("prev", 1), self.link("next", 3))

    def test_each_neighbour_is_linked(self):
        assert self.found(self.link("next", 3)) == {"header Link"}

    def test_a_link_leads_to_its_page(self):
        assert self.found(self.link("prev", 1), self.link("next", 4)) == {"header Link next"}

    def test_parameters_are_the_recorded_ones(self):
        bare = f"{self.ROUTE}?per_page=5&page=3&orderby=id&order=asc"
        assert self.found(self.link("prev", 1), ("next", bare)) == {"header Link next"}

    def test_a_link_leads_to_its_own_store_and_route(self):
        address = f"{OTHER}/wp-json/wc/v3/orders?{self.QUERY.format(3)}"
        assert self.found(self.link("prev", 1), ("next", address)) == {"header Link next"}

    def test_without_neighbours_the_header_names_the_api(self):
        assert tampered("single_order", Link=f'<{OTHER}/wp-json/>; rel="https://api.w.org/"')
        assert tampered("list_attributes_p2", Link=f'<{self.ROUTE}?page=1>; rel="prev"')


class TestRecords:
    def test_keys_keep_their_order(self):
        def swap(order):
            order["status"] = order.pop("status")

        assert tampered("single_order", swap) == {"body"}

    def test_keys_of_what_is_inside_keep_theirs(self):
        def swap(order):
            order["line_items"][0]["sku"] = order["line_items"][0].pop("sku")

        assert tampered("single_order", swap) == {"body.line_items[0]"}

    def test_no_further_keys(self):
        assert tampered("list_orders_p1", lambda rows: rows[1].update(more=1)) == {"body[1]"}

    def test_links_may_be_absent_but_not_invented(self):
        def invent(order):
            order["_links"]["elsewhere"] = []

        assert not tampered("list_orders_p1", lambda rows: rows[0]["_links"].pop("customer", None))
        assert tampered("single_order", invent) == {"body._links"}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", "4100"), ("total", 464.32), ("total", None), ("customer_id", None),
            ("meta_data", {}), ("is_editable", 1), ("date_created", "2024-10-17T04:13:30Z"),
            ("total", "464.3"), ("payment_url", "https://elsewhere.example/checkout"),
        ],
    )  # fmt: skip
    def test_types_and_formats_count(self, field, value):
        assert tampered("single_order", lambda order: order.update({field: value})) == {
            f"body.{field}"
        }

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", 7), ("status", "failed"), ("date_paid", None), ("total", "1.00"),
            ("transaction_id", ""), ("refunds", []), ("billing", {}),
        ],
    )  # fmt: skip
    def test_other_values_of_their_kind_pass(self, field, value):
        if field == "billing":  # any value inside, but not another object
            change = {"billing": {**json.loads(RECORDINGS["single_order"].body_text)["billing"]}}
            change["billing"]["city"] = "Lübeck"
        else:
            change = {field: value}
        assert not tampered("single_order", lambda order: order.update(change))

    def test_a_price_may_be_any_number_and_a_meta_anything(self):
        def change(order):
            order["line_items"][0]["price"] = 7
            order["meta_data"][0]["value"] = {"a": [1, {"b": None}]}

        assert not tampered("single_order", change)

    def test_a_price_of_a_product_comes_as_entered(self):
        assert not tampered("single_product_simple", lambda row: row.update(price="7"))

    def test_a_link_leads_where_such_links_lead(self):
        def change(order):
            order["_links"]["self"][0]["href"] = RECORDINGS["single_order"].origin + "/orders/1"

        assert tampered("single_order", change) == {"body._links.self[0].href"}

    def test_another_store_has_another_address(self):
        recording = RECORDINGS["single_order"]
        moved = recording.body_text.replace(
            recording.origin.replace("/", "\\/"), OTHER.replace("/", "\\/")
        )
        headers = {**recording.headers, "Link": f'<{OTHER}/wp-json/>; rel="https://api.w.org/"'}
        assert not compare(recording, Answer(200, headers, moved.encode(), OTHER), SHAPES)

    def test_lists_that_are_the_same_everywhere_have_the_same_members(self):
        assert "body[].id" in tampered("list_system_status_tools_p1", lambda rows: rows.pop())

    def test_a_first_page_without_records_compares_nothing_and_says_so(self):
        found = tampered(
            "list_webhooks_p1", list.clear, X_WP_Total="0", X_WP_TotalPages="0",
            Link=RECORDINGS["single_order"].headers["Link"],
        )  # fmt: skip
        assert found == {"records"}

    @pytest.mark.parametrize("name", ["single_order", "single_product_variable", "single_refund"])
    def test_no_key_can_vanish_unseen(self, name):
        unseen = [way for way in ways_to_keys(json.loads(RECORDINGS[name].body_text)) if not (
            tampered(name, lambda record, way=way: parent_of(record, way).pop(way[-1]))
        )]  # fmt: skip
        # A link may be absent; the rest of a meta's value is whatever somebody stored.
        assert [way for way in unseen if way[0] != "_links" and "value" not in way] == []

    @pytest.mark.parametrize(
        ("name", "never_filled"),  # by any store that we saw, so that nothing is known inside
        [
            ("single_order", {("tax_lines", "meta_data")}),
            ("single_product_variable", {("downloads",), ("images",)}),
            (
                "single_refund",
                {("tax_lines", "meta_data"), ("fee_lines",), ("shipping_lines",)},
            ),
        ],
    )
    def test_no_value_can_become_a_list_of_lists_unseen(self, name, never_filled):
        def nest(record, way):
            parent_of(record, way)[way[-1]] = [[["x"]]]

        unseen = {
            tuple(key for key in way if isinstance(key, str))
            for way in ways_to_keys(json.loads(RECORDINGS[name].body_text))
            if not tampered(name, lambda record, way=way: nest(record, way))
        }
        assert {way for way in unseen if not {"value", "display_value"} & set(way)} == never_filled


def ways_to_keys(value, way=()):
    """Every way from the top of a document to a key of one of its objects."""
    members = enumerate(value) if isinstance(value, list) else value.items()
    for key, inner in members:
        if isinstance(value, dict):
            yield (*way, key)
        if isinstance(inner, dict | list):
            yield from ways_to_keys(inner, (*way, key))


def parent_of(document, way):
    for key in way[:-1]:
        document = document[key]
    return document


class TestErrors:
    @pytest.mark.parametrize("field", ["code", "message", "data"])
    def test_errors_are_compared_word_for_word(self, field):
        change = {"data": {"status": 410}}.get(field, "another word")
        found = tampered("error_order_404", lambda error: error.update({field: change}))
        assert found == {"body.data.status" if field == "data" else f"body.{field}"}

    def test_a_number_is_not_an_object(self):
        change = {"data": {"status": 404}}
        assert tampered("error_refund_wrong_order", lambda error: error.update(change)) == {
            "body.data"
        }

    def test_what_was_asked_for_is_named(self):
        aimed = RECORDINGS["error_dup_sku"].aimed({"12": "77", "SKU-00001": "HAT"})
        assert aimed.json == {"name": "dup", "sku": "HAT"}
        data = json.loads(aimed.body_text)["data"]
        assert data == {"status": 400, "resource_id": 77, "unique_sku": "HAT-1"}
        assert compare(aimed, RECORDINGS["error_dup_sku"].answer(), SHAPES)

    def test_numbers_that_are_no_ids_stay(self):
        aimed = RECORDINGS["batch_products_stock"].aimed({"12": "77", "9": "1000", "1": "1000"})
        assert aimed.json["update"][0] == {"id": 77, "stock_quantity": 9}
        assert aimed.path == RECORDINGS["batch_products_stock"].path

    def test_a_page_may_be_another_one(self):
        aimed = RECORDINGS["list_products_p2"].aimed({}, page="3")
        assert aimed.query == {**RECORDINGS["list_products_p2"].query, "page": "3"}


class TestBatches:
    def test_each_member_has_its_result(self):
        assert "body" in tampered("batch_orders", lambda results: results["update"].pop())

    def test_what_failed_says_the_recorded_error(self):
        def change(results):
            results["update"][1]["error"]["code"] = "other"

        assert tampered("batch_orders", change) == {"body.update[1].error.code"}

    def test_what_succeeded_is_a_record(self):
        def change(results):
            results["update"][0] = copy.deepcopy(results["update"][1])

        assert tampered("batch_orders", change) == {"body.update[0]"}


class TestText:
    """How PHP writes JSON."""

    NAME = "single_order"

    def rewritten(self, old, new):
        text = RECORDINGS[self.NAME].body_text
        assert old in text
        return with_text(self.NAME, text.replace(old, new, 1))

    def test_ascii_only(self):
        assert self.rewritten("Zo\\u00eb", "Zoë") == {"body"}

    def test_slashes_are_escaped(self):
        assert self.rewritten("Mozilla\\/5.0", "Mozilla/5.0") == {"body"}
        assert self.rewritten("Mozilla\\/5.0", "Mozilla\\\\\\/5.0") == set()
        assert self.rewritten("Mozilla\\/5.0", "Mozilla\\\\/5.0") == {"body"}

    def test_escapes_are_in_small_letters(self):
        assert self.rewritten("Zo\\u00eb", "Zo\\u00EB") == {"body"}
        assert self.rewritten("Zo\\u00eb", "Zo\\u00ebEB") == set()

    def test_no_space_between_tokens(self):
        assert self.rewritten('"parent_id":0,', '"parent_id": 0,') == {"body"}


class TestBrokenStores:
    @pytest.mark.parametrize(
        ("name", "old", "new", "where"),
        [
            ("fault_bom_before_json", "\ufeff", "", "body before the JSON"),
            ("fault_notice_before_json", "Warning", "Notice", "body before the JSON"),
            ("fault_html_after_json", "<!-- Page", "<!-- page", "body after the JSON"),
            ("fault_maintenance", "minute", "second", "body"),
            ("fault_fatal_order_page", "critical", "small", "body"),
            ("fault_truncate_json", "[{", "", "body"),
        ],
    )
    def test_dirt_and_pages_are_compared_word_for_word(self, name, old, new, where):
        text = RECORDINGS[name].body_text
        assert old in text
        assert with_text(name, text.replace(old, new, 1)) == {where}

    def test_what_was_cut_off_stays_cut_off(self):
        whole = RECORDINGS["fault_sleep_ms"].body_text
        assert with_text("fault_truncate_json", whole) == {"body"}
        assert with_text("fault_truncate_json", whole[: len(whole) // 3]) == set()

    def test_nothing_stays_nothing(self):
        assert with_text("fault_empty_200", "[]") == {"body"}

    def test_no_json_is_told(self):
        assert with_text("single_order", "<html></html>") == {"body"}

    def test_blank_meta_has_to_be_blank(self):
        def fill(rows):
            rows[0]["meta_data"] = [{"id": 1, "key": "k", "value": "v"}]

        found = tampered("page_with_INF_meta_all_meta_empty", fill)
        assert found == {"body[0].meta_data"}
        assert tampered("single_order", lambda order: order.update(meta_data=[{}])) == {
            "body.meta_data[0]"
        }
