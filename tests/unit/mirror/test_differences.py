"""The difference between two documents: applied to one it gives the other, whatever they hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.kernel.json_values import Number, parse, written
from storetwin.mirror.differences import Element, Kind, compare, difference

NUMBERS = st.sampled_from(["0", "1", "1.0", "1.1", "1.10", "-0", "1e400", "9" * 30]).map(Number)
TEXTS = st.sampled_from(["", "a", "1", "\0", "\ud800", "é", 'x"y.z', "NaN"])
SCALARS = NUMBERS | TEXTS | st.booleans() | st.none()
NAMES = st.sampled_from(["a", "b", "id", "k.c", "\0", "\udfff", "", "a b"])
IDS = st.sampled_from([Number("1"), Number("2"), Number("3"), "1", "x"])


def elements(values):
    """A list as WooCommerce has it: objects with ids of their own, in any order."""
    records = st.dictionaries(NAMES, values, max_size=3)
    made = st.dictionaries(IDS, records, max_size=4)
    return made.map(lambda found: [record | {"id": name} for name, record in found.items()])


VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES, inner, max_size=4)
        | elements(inner)
        | st.permutations([{"id": Number("1")}, {"id": Number("2"), "a": None}, {"id": "1"}])
    ),
    max_leaves=12,
)


def applied(value, changes):
    """Change a value as the changes say: written from their meaning, not from how they are found."""
    for change in changes:
        value = changed(value, change, change.path)
    return value


def changed(value, change, path):  # noqa: PLR0911 - one return a kind
    if not path:
        if change.kind is not Kind.REORDERED:
            return change.after
        return sorted(value, key=lambda element: change.after.index(element["id"]))
    step, rest = path[0], path[1:]
    is_last = not rest and change.kind in (Kind.ADDED, Kind.REMOVED)
    if isinstance(value, dict):
        left = {name: inner for name, inner in value.items() if name != step}
        if is_last and change.kind is Kind.REMOVED:
            assert value[step] == change.before
            return left
        assert (step in value) is not is_last
        return left | {step: change.after if is_last else changed(value[step], change, rest)}
    assert isinstance(value, list)
    if is_last and change.kind is Kind.ADDED:
        return [*value, change.after]
    places = [i for i, inner in enumerate(value) if is_at(step, i, inner)]
    if is_last:
        # Places count from the list as it was; those behind the new end go, whichever comes first.
        place = places[0] if isinstance(step, Element) else len(value) - 1
        return value[:place] + value[place + 1 :]
    [place] = places
    return [*value[:place], changed(value[place], change, rest), *value[place + 1 :]]


def is_at(step, place, value):
    return value["id"] == step.id if isinstance(step, Element) else place == step


@given(VALUES, VALUES)
def test_a_difference_applied_to_one_side_gives_the_other(before, after):
    assert applied(before, difference(before, after)) == after


@given(VALUES)
def test_what_is_equal_does_not_differ(value):
    assert difference(value, value) == []


@given(VALUES, VALUES)
def test_it_is_empty_only_where_the_values_are_equal(before, after):
    assert (difference(before, after) == []) is (before == after)


@given(VALUES, VALUES)
def test_every_name_can_be_shown_and_names_one_field(before, after):
    names = [change.name for change in difference(before, after) if change.kind != "reordered"]
    for name in names:
        name.encode()
    if not any(isinstance(step, Element) for c in difference(before, after) for step in c.path):
        assert len(set(names)) == len(names)  # ids may be 1 and "1": shown alike, kept apart


@given(VALUES)
def test_json_is_read_as_it_was_written(value):
    assert parse(written(value).encode()) == value
    assert parse(written(value, indent=2).encode()) == value


@given(st.binary(max_size=60) | VALUES.map(lambda v: written(v).encode()), st.binary(max_size=60))
def test_whatever_two_versions_hold_they_can_be_compared(before, after):
    assert compare(before, before).is_same
    found = compare(before, after)
    assert found.is_same is (before == after)
    for change in found.changes:
        written([change.name, change.before, change.after]).encode()


def names(before, after):
    return [
        (c.name, c.kind.value, written(c.before), written(c.after))
        for c in compare(before, after).changes
    ]


def test_numbers_are_compared_as_they_are_written():
    assert names(b'{"a":1.10,"b":2}', b'{"a":1.1,"b":2}') == [("a", "changed", "1.10", "1.1")]
    long = b"123456789012345678901234567890"
    assert names(b'{"a":%s}' % long, b'{"a":%s1}' % long[:-1]) == [
        ("a", "changed", long.decode(), long[:-1].decode() + "1")
    ]
    assert names(b'{"a":1e400}', b'{"a":Infinity}') == [("a", "changed", "1e400", '"Infinity"')]
    assert names(b'{"a":1}', b'{"a":"1"}') == [("a", "changed", "1", '"1"')]
    assert names(b'{"a":1}', b'{"a":true}') == [("a", "changed", "1", "true")]


def test_elements_are_matched_by_their_id():
    before = b'{"line_items":[{"id":1,"quantity":1},{"id":2,"quantity":5}]}'
    after = b'{"line_items":[{"id":3,"quantity":9},{"id":2,"quantity":6}]}'
    assert names(before, after) == [
        ("line_items[id=1]", "removed", '{"id": 1, "quantity": 1}', "null"),
        ("line_items[id=2].quantity", "changed", "5", "6"),
        ("line_items[id=3]", "added", "null", '{"id": 3, "quantity": 9}'),
        ("line_items", "reordered", "[1, 2]", "[3, 2]"),
    ]


def test_elements_without_ids_of_their_own_are_matched_by_place():
    before = b'{"attributes":[{"id":0,"name":"a"},{"id":0,"name":"b"}]}'
    after = b'{"attributes":[{"id":0,"name":"a"},{"id":0,"name":"c"},{"id":0}]}'
    assert [name for name, *_ in names(before, after)] == ["attributes[1].name", "attributes[2]"]


def test_a_list_of_plain_values_is_one_value():
    assert names(b'{"ids":[1,2,3]}', b'{"ids":[2,3]}') == [
        ("ids", "changed", "[1, 2, 3]", "[2, 3]")
    ]


def test_a_member_that_stands_there_twice_hides_nothing():
    assert names(b'{"a":1,"a":2}', b'{"a":3,"a":2}') == [("a", "changed", "1", "3")]
    assert names(b'{"a":1,"a":2}', b'{"a":1,"a":3}') == [('["a (2)"]', "changed", "2", "3")]


def test_what_differs_in_every_answer_is_left_out():
    before = b'{"id":1,"related_ids":[1],"links":[{"href":"a","rel":"x"}]}'
    after = b'{"id":1,"related_ids":[2],"links":[{"href":"b","rel":"x"}]}'
    found = compare(before, after, ("related_ids", "links.href"))
    assert (found.changes, found.is_same) == ((), False)


@pytest.mark.parametrize("document", [b"[" * 100_000, b"no json", b'{"a":', b"\xff\xfe", b""])
def test_what_is_no_json_is_compared_whole(document):
    found = compare(b'{"a":1}', document)
    assert [(c.name, c.kind) for c in found.changes] == [("(all of it)", Kind.CHANGED)]


def test_a_document_nested_as_deeply_as_can_be_read_is_compared():
    for depth in (400, 900, 990, 5_000):
        before, after = (b'{"a":' * depth + end + b"}" * depth for end in (b"1", b"2"))
        [change] = compare(before, after).changes
        assert change.kind is Kind.CHANGED


def test_written_json_is_json_to_others_as_well():
    value = {"a": [1, None, True, {"b": "é\u2028"}], "c": {}, "d": []}
    assert json.loads(written(value, indent=2)) == value
    assert written({"a": Number("1e400"), "n": Number("NaN")}) == '{"a": 1e400, "n": "NaN"}'
    assert json.loads(written("\ud800")) == "\ud800"
