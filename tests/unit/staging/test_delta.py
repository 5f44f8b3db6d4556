"""What promoting a record would change: each column that differs once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.mapping.documents import read
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Mapped
from storetwin.mapping.nouns import NOUNS
from storetwin.staging.delta import LONGEST, Known, as_text, columns_of, differences
from storetwin.staging.models import FieldChange

ORDERS = NOUNS["orders"]
MAPPER = compile_mapper(ORDERS)
ORDER = (
    '{"id": 1, "status": "processing", "currency": "EUR", "total": "12.00", "customer_note": "",'
    ' "line_items": [{"id": 5, "name": "A", "quantity": 2, "total": "12.00"}], "odd": {"one": 1}}'
)


def mapped(text: str) -> Mapped:
    return MAPPER.map(read(text))


def known(of: Mapped, **more: Any) -> Known:
    return Known(of.values, of.references, of.parts, of.extra, of.level, **more)


def paths(before: str, after: str, **more: Any) -> set[str]:
    found = differences(ORDERS, known(mapped(before), **more), mapped(after))
    names = [change.path for change in found]
    assert len(names) == len(set(names))
    return set(names)


def test_the_same_differs_in_nothing() -> None:
    assert paths(ORDER, ORDER) == set()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"processing"', '"completed"', "status"),
        ('"quantity": 2', '"quantity": 3', "order_lines/5/quantity"),
        ('"one": 1', '"one": 2', "extra/odd"),
    ],
)
def test_a_change_is_told_where_it_is(old: str, new: str, expected: str) -> None:
    assert expected in paths(ORDER, ORDER.replace(old, new))


def test_rows_come_and_go_whole() -> None:
    more = ORDER.replace('"total": "12.00"}]', '"total": "12.00"}, {"id": 6, "name": "B"}]')
    assert "order_lines/6" in paths(ORDER, more)
    [gone] = [
        change
        for change in differences(ORDERS, known(mapped(more)), mapped(ORDER))
        if change.path == "order_lines/6"
    ]
    assert gone.new is None
    assert gone.old is not None
    assert '"B"' in gone.old


def test_what_a_person_changed_is_no_difference() -> None:
    other = ORDER.replace('"processing"', '"completed"')
    assert "status" not in paths(ORDER, other, fixed=frozenset({"status"}))


def test_columns_are_told_without_the_names_of_rows() -> None:
    changes = [
        FieldChange(path, "", None, None)
        for path in ("total", "order_lines/5/quantity", "order_lines/6/quantity", "order_lines/7", "extra/a/b")
    ]  # fmt: skip
    assert columns_of(changes) == ["total", "order_lines/quantity", "order_lines", "extra"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", ""),
        (True, "true"),
        (7, "7"),
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (["a", 1], '["a",1]'),
        ("x" * 300, "x" * (LONGEST - 1) + "…"),
    ],
)
def test_values_are_told_as_people_read_them(value: Any, text: str | None) -> None:
    assert as_text(value) == text


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(_JSON)
def test_any_value_is_told_in_a_short_text(value: Any) -> None:
    text = as_text(value)
    assert (text is None) is (value is None)
    assert text is None or len(text) <= LONGEST
