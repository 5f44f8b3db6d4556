"""What records come to in core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from recorded import recorded
from storetwin.mapping import documents
from storetwin.mapping.mapper import Mapper, Rule, compile_mapper
from storetwin.mapping.models import Kind, Mapped, Problem, Site, Value
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.resources import RESOURCES


def mapper_of(resource: str, site: Site | None = None) -> Mapper:
    noun = noun_of(resource)
    assert noun is not None
    return compile_mapper(noun, None, site or Site())


def mapped(resource: str, document: dict[str, Any], container: str | None = None) -> Mapped:
    return mapper_of(resource).map(document, container)


def first(resource: str) -> dict[str, Any]:
    return documents.read(recorded()[resource][0])


def test_every_resource_becomes_something() -> None:
    assert noun_of("unheard_of") is None
    for resource in RESOURCES:
        noun = noun_of(resource.name)
        assert noun is not None
        assert noun.name in NOUNS
        assert noun.resource == resource.name


def test_an_order() -> None:
    document = first("orders")
    order = mapper_of("orders").map(document)
    assert order.problems == ()
    assert order.extra == {}
    assert order.values["total"] == Decimal("1268.87")
    assert order.values["total_minor"] == 126887
    assert order.values["item_count"] == 9
    assert order.values["placed_at"] == datetime(2025, 5, 20, 6, 53, tzinfo=UTC)
    assert order.references == {"customer_id": "1201", "parent_order_id": None}
    assert [row["key"] for row in order.parts["order_lines"]] == ["1", "2", "3"]
    assert [row["kind"] for row in order.parts["order_addresses"]] == ["billing", "shipping"]
    line = order.parts["order_lines"][1]
    assert (line["remote_product_id"], line["remote_variation_id"]) == ("248", None)
    assert (line["quantity"], line["total"]) == (Decimal(7), Decimal("815.85"))


def test_every_column_is_there_in_every_record() -> None:
    for resource in RESOURCES:
        noun = noun_of(resource.name)
        assert noun is not None
        empty = mapped(resource.name, {})
        assert empty.values.keys() == {one.name for one in noun.fields} | noun.constants.keys()
        assert empty.references.keys() == {one.name for one in noun.references}
        assert empty.level.keys() == {one.name for one in noun.levels}
        assert empty.parts == {part.table: [] for part in noun.parts}
        assert (empty.extra, empty.problems) == ({}, ())
        for document in recorded().get(resource.name, ()):
            full = mapped(resource.name, documents.read(document))
            assert full.values.keys() == empty.values.keys()
            for part in noun.parts:
                columns = {one.name for one in part.fields} | part.constants.keys()
                columns |= {"key", "position"} | {one.remote for one in part.references}
                own = [r for r in full.parts[part.table] if part.constants.items() <= r.items()]
                assert all(row.keys() == columns for row in own)


def test_what_the_site_says_stands_in_the_record() -> None:
    site = Site(currency="EUR", weight_unit="kg", dimension_unit="cm")
    product = mapper_of("products", site).map(first("products"))
    assert [product.values[name] for name in ("currency", "weight_unit", "dimension_unit")] == [
        "EUR",
        "kg",
        "cm",
    ]
    assert product.hash != mapper_of("products").map(first("products")).hash


def test_a_record_that_does_not_name_its_container_was_found_below_it() -> None:
    assert mapped("terms", {"id": 5, "name": "Red"}, "7").references == {"attribute_id": "7"}
    assert mapped("refunds", {"id": 5}, "17").references == {"order_id": "17"}
    assert mapped("refunds", {"id": 5, "parent_id": 18}, "17").references == {"order_id": "18"}


def test_entities_are_decoded_where_the_store_writes_them() -> None:
    assert mapped("categories", {"name": "Caf\u00e9 &amp; Bar"}).values["name"] == "Café & Bar"
    assert mapped("coupons", {"code": "10% &amp; &quot;off&quot;"}).values["code"] == '10% & "off"'
    assert mapped("products", {"name": "Fish &amp; Chips"}).values["name"] == "Fish &amp; Chips"


def test_stock_is_what_each_store_says_for_itself() -> None:
    document = {"manage_stock": "parent", "stock_quantity": 5, "stock_status": "instock"}
    variation = mapped("variations", document)
    assert variation.level == {
        "manage_stock": "parent",
        "quantity": Decimal(5),
        "status": "instock",
        "backorders": None,
        "low_quantity": None,
    }
    assert variation.values.keys().isdisjoint({"manage_stock", "quantity"})
    assert mapped("products", {"manage_stock": True}).level["manage_stock"] == "true"
    assert mapped("variations", {**document, "stock_quantity": 6}).hash != variation.hash


def test_a_refunds_line_names_the_line_of_the_order() -> None:
    [line, *_] = mapped("refunds", first("refunds")).parts["refund_lines"]
    assert line["quantity"] < 0 > line["total"]
    assert line["order_line_key"] == line["meta"][0]["value"]


def test_lists_of_ids_are_rows_that_name_records() -> None:
    coupon = mapped("coupons", {"product_ids": [15, 17], "excluded_product_ids": [15]})
    assert [
        (row["key"], row["kind"], row["remote_product_id"])
        for row in coupon.parts["coupon_products"]
    ] == [
        ("included:15", "included", "15"),
        ("included:17", "included", "17"),
        ("excluded:15", "excluded", "15"),
    ]


def test_what_php_made_of_lists_and_objects_is_read() -> None:
    odd = {"line_items": {"2": {"id": 3}, "0": {"id": 1}}, "billing": [], "fee_lines": {}}
    order = mapped("orders", odd)
    assert [(row["key"], row["position"]) for row in order.parts["order_lines"]] == [
        ("1", 0),
        ("3", 1),
    ]
    assert order.parts["order_addresses"] == []
    assert (order.extra, order.problems) == ({}, ())


def test_an_address_that_says_nothing_is_no_row() -> None:
    order = mapped("orders", {"billing": {"email": "a@b.test"}, "shipping": {"city": "", "x": ""}})
    assert [row["kind"] for row in order.parts["order_addresses"]] == ["billing"]
    assert order.values["email"] == "a@b.test"
    assert order.extra == {"shipping.x": ""}


def test_what_does_not_fit_is_kept_beside_the_columns_and_named() -> None:
    order = mapped(
        "orders",
        {
            "total": "free",
            "date_paid_gmt": "0000-00-00T00:00:00",
            "date_paid": "2026-01-01T00:00:00",
            "customer_id": {"id": 5},
            "billing": "nobody",
            "line_items": [{"id": 7, "quantity": "many", "news": {"a": 1}}, "odd", None],
            "fee_lines": "none",
            "a.b": 1,
        },
    )
    assert order.extra == {
        "total": "free",
        "date_paid_gmt": "0000-00-00T00:00:00",
        "date_paid": "2026-01-01T00:00:00",
        "customer_id": {"id": 5},
        "billing": "nobody",
        "line_items.0.quantity": "many",
        "line_items.0.news": {"a": 1},
        "line_items.1": "odd",
        "fee_lines": "none",
        "a\\.b": 1,
    }
    assert {problem.field for problem in order.problems} == {
        "total",
        "paid_at",
        "customer_id",
        "billing",
        "order_lines/7/quantity",
        "line_items",
        "fee_lines",
    }
    assert not any(problem.is_fatal for problem in order.problems)
    assert "free" not in str(order.problems), "a value may be personal"


def test_rows_are_named_once_and_briefly() -> None:
    long = "x" * 201
    ids: list[Any] = [5, 5, "5", None, long, [1], "#3"]
    order = mapped("orders", {"line_items": [{"id": one} for one in ids]})
    keys = [row["key"] for row in order.parts["order_lines"]]
    assert keys == ["5", "5 #1", "5 #2", "#3", "#4", "#5", "#3 #6"]
    assert order.extra == {
        "line_items.1.id": 5,
        "line_items.2.id": "5",
        "line_items.4.id": long,
        "line_items.5.id": [1],
        "line_items.6.id": "#3",
    }
    assert len(order.problems) == 5


def test_attributes_with_one_id_are_rows_of_their_own() -> None:
    own = [{"id": 0, "name": "Length", "options": ["1 m"]}, {"id": 0, "name": "Width"}]
    rows = mapped("products", {"attributes": own}).parts["product_attributes"]
    assert [(row["key"], row["remote_attribute_id"]) for row in rows] == [
        ("Length", None),
        ("Width", None),
    ]


def test_what_no_database_keeps_is_replaced_and_named() -> None:
    document = documents.read(
        '{"number": "1\\u0000", "customer_note": "\\ud800", "meta_data": [{"key": "k\\u0000"}]}'
    )
    order = mapped("orders", document)
    assert order.values["number"] == "1\ufffd"
    assert order.values["customer_note"] == "\ufffd"
    assert order.values["meta"] == [{"key": "k\ufffd"}]
    assert [problem.field for problem in order.problems] == [
        "number",
        "customer_note",
        "meta_data.0.key",
    ]
    assert mapped("orders", {"number": "\\u0000"}).problems == ()


def test_a_record_without_end_is_a_problem_and_no_crash() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"a": deep}
    order = mapped("orders", {"meta_data": deep})
    assert [problem.is_fatal for problem in order.problems] == [True]
    assert set(order.values.values()) == {None}


def test_equal_records_hash_alike_in_whatever_order_their_members_stand() -> None:
    for resource, texts in recorded().items():
        for text in texts:
            document = documents.read(text)
            assert mapped(resource, document).hash == mapped(resource, turned_round(document)).hash


def turned_round(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: turned_round(inner) for name, inner in reversed(value.items())}
    return [turned_round(one) for one in value] if isinstance(value, list) else value


def test_only_what_counts_changes_the_hash() -> None:
    base = {"id": 1, "total": "5.00", "line_items": [{"id": 2, "total": "5.00"}]}
    known = mapped("orders", base).hash
    for same in (
        {"date_modified_gmt": "2026-01-01T00:00:00"},
        {"_links": {"self": []}},
        {"total": "5.0000"},
        {"total": 5},
        {"payment_url": "https://elsewhere.test"},
    ):
        assert mapped("orders", base | same).hash == known, same
    for other in (
        {"total": "5.01"},
        {"news": 1},
        {"customer_id": 5},
        {"line_items": [{"id": 3, "total": "5.00"}]},
        {"billing": {"city": "Paris"}},
    ):
        assert mapped("orders", base | other).hash != known, other


def test_reference_records_keep_their_document_but_what_differs_each_time() -> None:
    status = first("system_status")
    record = mapped("system_status", status)
    document = record.values["document"]
    assert isinstance(document, dict)
    assert record.values["kind"] == "system_status"
    assert document["settings"] == status["settings"]
    assert "database_tables" not in document["database"]
    assert mapped("tax_classes", {"slug": "a", "name": "A &amp; B"}).values["name"] == "A & B"
    assert mapped("zones", {"id": 7}).values["name"] == "7"
    assert mapped("zones", {"name": [], "slug": True}).values["name"] is None


@dataclass(frozen=True)
class Said:
    """A rule that reads some members, and says what it was told to."""

    sources: tuple[str, ...]
    answer: Value | Problem

    def value(self, document: Mapping[str, Any]) -> Value | Problem:
        return self.answer


@dataclass(frozen=True)
class Rules:
    rules: Mapping[str, Rule]


def ruled(document: dict[str, Any], **rules: Rule) -> Mapped:
    noun = noun_of("products")
    assert noun is not None
    own = {name.replace("custom_", "custom."): rule for name, rule in rules.items()}
    return compile_mapper(noun, Rules(own)).map(document)


def test_a_rule_stands_in_place_of_the_source() -> None:
    document = {"name": "Tea", "sku": "T-1", "weight": "0.5", "maker": {"name": "Ada", "x": 1}}
    product = ruled(
        document,
        name=Said(("maker.name",), "Ada's"),
        weight=Said(("weight",), 500),
        custom_maker=Said(("maker.name",), "Ada"),
    )
    assert product.values["name"] == "Ada's"
    assert product.values["weight"] == Decimal(500)
    assert product.values["custom"] == {"maker": "Ada"}
    assert product.extra == {"name": "Tea", "maker.x": 1}, "what no rule reads any more is kept"
    assert product.hash != ruled(document).hash


def test_what_a_rule_can_make_nothing_of_is_kept_beside_the_columns() -> None:
    odd = Problem("weight", "It has no unit.")
    product = ruled(
        {"weight": "heavy", "menu_order": 5, "maker": "Ada"},
        weight=Said(("weight",), odd),
        menu_order=Said(("menu_order",), "five"),
        custom_maker=Said(("maker",), odd),
    )
    assert product.values["weight"] is product.values["menu_order"] is None
    assert product.values["custom"] == {}
    assert product.extra == {"weight": "heavy", "menu_order": 5, "maker": "Ada"}
    assert [problem.field for problem in product.problems] == ["weight", "menu_order", "weight"]


def test_a_mapper_does_not_change_what_it_reads() -> None:
    document = first("orders")
    before = documents.written(document)
    mapper = mapper_of("orders")
    assert mapper.map(document) == mapper.map(document)
    assert documents.written(document) == before


def test_names_of_columns_are_plain_words() -> None:
    for noun in NOUNS.values():
        names = [one.name for one in (*noun.fields, *noun.references, *noun.lookups)]
        names += [one.remote for one in noun.references]
        assert len(names) == len(set(names)), noun.name
        for name in [*names, *(part.table for part in noun.parts)]:
            assert name.isidentifier(), name
            assert name == name.lower(), name


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_used_or_known(kind: Kind) -> None:
    noun = replace(NOUNS["products"], fields=(replace(NOUNS["products"].fields[0], kind=kind),))
    assert compile_mapper(noun).map({}).values["name"] is None
