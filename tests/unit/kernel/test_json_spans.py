"""Values are found and replaced where they stand; every other byte stays."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_spans import elements, members, replaced, spans_of, value_at

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(st.text(max_size=4), VALUES, max_size=5),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_members_are_those_a_parser_finds(document, indent, ascii_only):
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    found = [(name, value_at(text, span)) for name, span in members(text)]
    assert found == list(document.items())
    assert all(json.loads(text[a:b]) == document[name] for name, (a, b) in members(text))


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 1]))
def test_elements_are_those_a_parser_finds(document, indent):
    text = json.dumps(document, indent=indent)
    assert [json.loads(text[a:b]) for a, b in elements(text)] == document


@given(st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=5), st.data())
def test_replacing_one_value_leaves_every_other(document, data):
    text = json.dumps(document, indent=1)
    name = data.draw(st.sampled_from(sorted(document)))
    changed = replaced(text, [(span, '"new"') for span in spans_of(text, [name])])
    assert json.loads(changed) == {**document, name: "new"}


def test_a_name_that_stands_twice_is_found_twice():
    text = '{"a":{"b":1,"b":2},"a":[{"b":3},4,{"c":{"b":5}}]}'
    assert [text[a:b] for a, b in spans_of(text, ["a", "b"])] == ["1", "2", "3"]


def test_of_spans_inside_one_another_the_outer_one_counts():
    text = '{"a":{"b":1}}'
    outer, inner = next(spans_of(text, ["a"])), next(spans_of(text, ["a", "b"]))
    assert replaced(text, [(inner, "x"), (outer, "y")]) == '{"a":y}'


@pytest.mark.parametrize("text", ['"a"', "7", "[]", "{}", "null"])
def test_what_holds_nothing_yields_nothing(text):
    assert list(members(text)) == []
    assert list(spans_of(text, ["a"])) == []


@pytest.mark.parametrize(
    "text", ['{"a"', '{"a":1', '{"a" 1}', "{1:2}", '{"a":1;"b":2}', "[1", "[1 2]"]
)
def test_what_is_no_json_is_an_error(text):
    with pytest.raises(ValueError):
        list(members(text)) + list(elements(text))
