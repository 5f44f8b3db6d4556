"""What of a record stands in columns; whatever a store holds, it costs no record."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.resources import RESOURCES, named
from storetwin.woocommerce.columns import Extracted
from storetwin.woocommerce.records import read_record

ORDER: dict[str, Any] = {
    "id": 4100, "number": "A-4100", "status": "completed", "currency": "USD", "total": "120.50",
    "billing": {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.test"},
    "line_items": [{"quantity": 2, "total": "100.00"}, {"quantity": 3}, {"quantity": "1"}],
    "refunds": [{"id": 1, "reason": "", "total": "-20.25"}, {"id": 2, "total": "-0.25"}],
}  # fmt: skip


def columns(resource: str = "orders", **changed: Any) -> Extracted:
    document = json.dumps((ORDER if resource == "orders" else {"id": 7}) | changed)
    return read_record(named(resource), document.encode()).extracted


def test_an_order() -> None:
    assert columns() == Extracted("A-4100", "a-044100", "Ada Lovelace", None, "USD", 12050, 2050, 6)


def test_a_product_and_a_customer() -> None:
    product = columns("products", name="Hoodie", sku="H-1")
    assert (product.name, product.sku, product.number, product.number_key) == (
        "Hoodie", "H-1", None, "017",
    )  # fmt: skip
    assert columns("customers", first_name="", last_name="Bartok").name == "Bartok"
    assert columns("customers", first_name="", last_name="").name is None


@pytest.mark.parametrize(
    "total", ["abc", "", None, [], {}, True, "1e400", "9" * 40, {"a": 1}, "NaN", "\x00"]
)
def test_an_absurd_total_leaves_its_column_empty(total: Any) -> None:
    found = columns(total=total)
    assert (found.total_minor, found.refunded_minor) == (None, None)
    assert found.currency == "USD"


@pytest.mark.parametrize("total", [b"1e400", b"123456789012345678901234567890", b"-1e999"])
def test_an_absurd_number_is_no_reason_to_refuse_an_order(total: bytes) -> None:
    document = b'{"id":1,"currency":"USD","total":%b}' % total
    assert read_record(named("orders"), document).extracted.total_minor is None


def test_a_total_that_is_a_number() -> None:
    assert columns(total=12.5).total_minor == 1250


def test_the_minor_unit_is_the_currencys() -> None:
    assert columns(currency="JPY", total="500").total_minor == 500
    assert columns(currency="KWD", total="5.125").total_minor == 5125
    assert columns(currency="x" * 1000, total="5").currency is None


def test_texts_without_end_fit_an_index() -> None:
    found = columns(
        number="7" * 100_000, status="s" * 100_000, billing={"first_name": "n" * 100_000}
    )
    assert max(len(v) for v in found if isinstance(v, str)) <= 240
    record = read_record(named("orders"), json.dumps(ORDER | {"status": "s" * 100_000}).encode())
    assert len(record.status or "") == 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["quantity", "total", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(set(ORDER) - {"id"})), ANYTHING))
def test_anything_may_stand_anywhere(changed: dict[str, Any]) -> None:
    found = columns(**changed)
    assert found.number_key
    assert found.items is None or 0 <= found.items < 2**31


def test_what_is_odd_hides_nothing_that_is_no_json_behind_it() -> None:
    """PHP writes an empty address as a list, and PHP's INF is no JSON: both in one record."""
    text = json.dumps(ORDER | {"billing": [], "meta_data": [{"value": float("inf")}]})
    record = read_record(named("orders"), text.encode())
    assert record.extracted.number == ORDER["number"]
    assert not record.is_strict


def test_every_declared_member_is_read() -> None:
    for resource in RESOURCES:
        if not resource.is_document and resource.key in ("id", "slug", "code"):
            document = json.dumps({"id": 1, "slug": "a", "code": "a"}).encode()
            if resource.secrets is None:
                assert read_record(resource, document).extracted.number_key
