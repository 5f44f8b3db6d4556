"""Scalars and the paths that lead to them, of whatever text."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_leaves import Path, leaves, string_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def expected(value: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if isinstance(value, dict):
        return [pair for name, inner in value.items() for pair in expected(inner, (*path, name))]
    if isinstance(value, list):
        return [pair for at, inner in enumerate(value) for pair in expected(inner, (*path, at))]
    return [(path, value)]


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_it_finds_what_a_parser_finds(value: Any, is_ascii: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    found = list(leaves(text))
    assert [(path, json.loads(text[a:b])) for path, (a, b) in found] == expected(value)
    for path, (a, b) in found:
        if text[a] == '"':
            assert (path, string_of(text[a:b])) == (path, json.loads(text[a:b]))


@given(st.text(alphabet='{}[]",:\\ a1u0\n'))
def test_whatever_it_is_given_it_comes_to_an_end(text: str) -> None:
    for _, (start, end) in leaves(text):
        assert 0 <= start < end <= len(text)


def test_what_no_parser_takes_is_gone_through() -> None:
    text = '{"a":NaN,"b":"x\x01y","c":["\\ud800",{"d":"z"}],"cut":"off'
    assert [path for path, _ in leaves(text)][:4] == [("a",), ("b",), ("c", 0), ("c", 1, "d")]
    assert string_of('"\\ud83d\\ude00\\n\\/"') == "😀\n/"
