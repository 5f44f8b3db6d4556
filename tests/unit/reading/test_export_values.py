"""What an export writes: cells that no spreadsheet runs, documents in one line, typed values."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_values import Number
from storetwin.reading.export_columns import DECLARED_RESOURCES, Kind, columns_of
from storetwin.reading.export_formats import CsvWriter, JsonWriter, marked, one_line
from storetwin.reading.export_values import Exported, defused, exported, text_of, typed, value_at
from storetwin.reading.fields import read_field


@pytest.mark.parametrize("text", ["=1+1", "+49 30", "-x", "@a", "\tx", "\rx", "\nx", "'x", "＝1"])
def test_a_formula_is_defused(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "-5.00", "-5", "5", "a=b", "Ann"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert defused(text) == text


@given(st.text(max_size=20))
def test_defusing_can_be_undone(text: str) -> None:
    cell = defused(text)
    assert cell.removeprefix("'") == text
    assert cell[:1] not in set("=+@\t\r\n")


@given(st.text(max_size=20).filter(lambda text: "\x00" not in text))
def test_a_cell_comes_back_as_it_was(text: str) -> None:
    row = {"payload": json.dumps({"code": text}), "clean": None}
    row |= dict.fromkeys(("remote_id", "parent_id", "state", "status", "created_at", "modified_at"))
    record = exported(row, "shop")
    columns = [column for column in columns_of("coupons") if column.name in ("code", "id")]
    writer = CsvWriter(columns)
    data = (writer.begin() + writer.write([record]) + writer.end()).decode()
    [found] = csv.DictReader(io.StringIO(data, newline=""))
    expected = text.encode("utf-8", "replace").decode()
    assert found["code"].removeprefix("'") == expected


def test_documents_in_a_list_and_in_lines() -> None:
    records = [Exported(b'{"a":\n 1}', b"", {}), Exported(None, b'{"b":2}', {})]
    lines = JsonWriter()
    body = lines.begin() + lines.write(records[:1]) + lines.write(records[1:]) + lines.end()
    assert body == b'{"a":  1}\n{"$clean":true,"b":2}\n'
    whole = JsonWriter(is_list=True)
    body = whole.begin() + whole.write(records[:1]) + whole.write(records[1:]) + whole.end()
    assert json.loads(body) == [{"a": 1}, {"$clean": True, "b": 2}]
    empty = JsonWriter(is_list=True)
    assert json.loads(empty.begin() + empty.end()) == []


def test_a_clean_copy_says_so() -> None:
    assert json.loads(marked(b"{}")) == {"$clean": True}
    assert json.loads(marked(b" [1]")) == {"$clean": True, "document": [1]}
    assert one_line(b"\r\n{ }\n") == b"{ }"


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("10.50", Kind.MONEY, Decimal("10.50")),
        (Number("1e2"), Kind.MONEY, Decimal(100)),
        ("1.123456789", Kind.MONEY, None),
        ("1e40", Kind.MONEY, None),
        ("", Kind.MONEY, None),
        ("free", Kind.MONEY, None),
        (7, Kind.INTEGER, 7),
        ("7", Kind.INTEGER, 7),
        ("7.5", Kind.INTEGER, None),
        (2**63, Kind.INTEGER, None),
        (True, Kind.INTEGER, None),
        (True, Kind.BOOLEAN, True),
        ("yes", Kind.BOOLEAN, None),
        ("2026-01-02T03:04:05", Kind.TIME, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0000-00-00T00:00:00", Kind.TIME, None),
        ({"a": Number("1.10")}, Kind.TEXT, '{"a": 1.10}'),
        (None, Kind.TEXT, None),
    ],
)
def test_a_value_of_its_type(value: object, kind: Kind, expected: object) -> None:
    assert typed(value, kind) == expected


def test_values_as_text() -> None:
    assert text_of("2026-01-02T03:04:05", Kind.TIME) == "2026-01-02T03:04:05Z"
    assert text_of(datetime(2026, 1, 2, tzinfo=UTC), Kind.TIME) == "2026-01-02T00:00:00Z"
    assert [text_of(v, Kind.TEXT) for v in (None, True, 5, Number("1.10"), [])] == [
        "", "true", "5", "1.10", "[]",
    ]  # fmt: skip


def test_a_path_through_lists() -> None:
    document = {"a": [{"b": [1, 2]}, {"b": None}, {"b": [3]}, 4]}
    assert value_at(document, read_field("a[].b[]")) == [1, 2, 3]
    assert value_at(document, read_field("a[].c")) == [None] * 4
    assert value_at(document, read_field("a.b")) is None


@pytest.mark.parametrize("resource", [*DECLARED_RESOURCES, "anything"])
def test_columns_have_names_of_their_own(resource: str) -> None:
    names = [column.name for column in columns_of(resource)]
    assert len(names) == len(set(names))
