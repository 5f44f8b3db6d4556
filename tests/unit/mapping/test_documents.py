"""Documents are read to the last digit."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.errors import RecordError
from storetwin.mapping import documents

TEXT = st.text(st.characters(exclude_categories=()))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)


def test_numbers_stay_as_they_were_written() -> None:
    read = documents.read(
        '{"a": 1.10, "b": 123456789012345678901234567890, "c": 1e400, "d": 1.0e-17, "e": -5,'
        ' "f": 0.30000000000000004}'
    )
    assert [str(value) for value in read.values()] == [
        "1.10",
        "123456789012345678901234567890",
        "1E+400",
        "1.0E-17",
        "-5",
        "0.30000000000000004",
    ]
    assert isinstance(read["b"], int)


def test_what_no_parser_takes_is_read() -> None:
    read = documents.read(b'\xef\xbb\xbf{"a": NaN, "b": -Infinity, "c": "x\ty", "d": "\xff"}')
    assert read == {"a": "NaN", "b": "-Infinity", "c": "x\ty", "d": "\udcff"}


def test_numbers_beyond_reason_are_kept() -> None:
    read = documents.read('{"a": ' + "7" * 5000 + ', "b": 1e99999999999999999999, "c": 1}')
    assert (str(read["a"]), read["b"], read["c"]) == ("7" * 5000, "1e99999999999999999999", 1)


def test_a_name_that_stands_there_twice_hides_nothing() -> None:
    assert documents.read('{"a": 1, "a": 2, "a (2)": 3}') == {"a": 1, "a (2)": 2, "a (2) (2)": 3}


@pytest.mark.parametrize(
    "text", ["[]", "17", "null", '"x"', "", '{"a":', '{"a": 1} x', "[" * 100_000, '{"a":' * 9999]
)
def test_what_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="cannot be mapped"):
        documents.read(text)


@given(value=VALUES)
def test_what_postgresql_cannot_keep_is_mended_and_named(value: Any) -> None:
    found: list[str] = []
    whole = documents.mended(value, "", found)
    text = json.dumps(whole, ensure_ascii=False)
    assert "\\u0000" not in json.dumps(whole).replace("\\\\", "")
    text.encode()
    assert (whole == value) == (found == [])


@given(value=st.dictionaries(st.text(), VALUES, max_size=4))
def test_what_is_written_is_read_again(value: Any) -> None:
    assert documents.read(documents.written(value)) == value


def test_members_are_written_in_one_order_with_their_digits() -> None:
    assert documents.written({"b": [Decimal("1.10"), None, True], "a": {}, "c": []}) == (
        '{"a":{},"b":[1.10,null,true],"c":[]}'
    )


def test_paths_and_what_stands_there() -> None:
    document: dict[str, Any] = {"a": {"b": {"c": 1}}, "d": 2}
    assert documents.joined("a", "b.c\\") == "a.b\\.c\\\\"
    assert documents.at(document, "a.b.c") == 1
    assert documents.at(document, "a.x.c") is None
    assert documents.at(document, "d.x") is None
    assert documents.without(document, ("a.b.c", "x.y", "d", "a.x.y")) == {"a": {"b": {}}}
    assert document == {"a": {"b": {"c": 1}}, "d": 2}


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"b":[{"a" : {"x":1},"a":2}]}',
        '{"a":{"x:y":":"},"a":1}',
        '{"a":1,"b":"\\u003a","a":2}',
        '{"b":"\\u003A:","a":":","a" :2}',
        '{"a":"","\\u0061":2}',
    ],
)
def test_no_member_is_hidden_however_the_document_is_written(text: str) -> None:
    assert "(2)" in documents.written(documents.read(text))
