"""Records of every noun, spoiled at random: nothing is raised, nothing is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accounting import Account
from recorded import recorded
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Mapped
from storetwin.mapping.nouns import NOUNS

NOUNS_WITH_RECORDS = [noun for noun in NOUNS.values() if noun.resource in recorded()]
MAPPERS = {noun.name: compile_mapper(noun) for noun in NOUNS_WITH_RECORDS}
NAMES = st.text(max_size=3) | st.sampled_from(
    ["id", "total", "name", "a.b", "a\\", "0", "2", "kind", "key", "position", "meta_data", "x\x00"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=()), max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        [
            "",
            "0",
            "parent",
            "12,50",
            "1e400",
            "0000-00-00T00:00:00",
            "0001-01-01T00:00:00+14:00",
            "99999-01-01T00:00:00",
            "2026-11-20T12:00:00Z",
            "\x00",
            "\ud800",
            "&amp;lt;",
            "x" * 5000,
            10**30,
            -(2**63),
            2**64,
            Decimal("1e400"),
            Decimal("-1e-40"),
            Decimal("1.10"),
        ]
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Return a noun, and a record of it in which some things are not what they were."""
    noun = draw(st.sampled_from(NOUNS_WITH_RECORDS))
    document = documents.read(draw(st.sampled_from(recorded()[noun.resource])))
    for _ in range(draw(st.integers(1, 4))):
        place: Any = document
        while True:
            names = list(place) if isinstance(place, dict) else list(range(len(place)))
            fresh = draw(NAMES) if isinstance(place, dict) else None
            name = draw(st.sampled_from(names)) if names else fresh
            inner = place[name] if names else None
            if isinstance(inner, dict | list) and inner and draw(st.booleans()):
                place = inner
                continue
            if isinstance(place, list):
                place.insert(0, draw(VALUES))
            else:
                place[draw(st.sampled_from([name, fresh]))] = draw(VALUES)
            break
    return noun.name, document


@given(spoiled=spoiled())
@settings(deadline=None)
def test_nothing_is_raised_and_nothing_is_lost(spoiled: tuple[str, dict[str, Any]]) -> None:
    name, document = spoiled
    noun, text = NOUNS[name], documents.written(document)
    mapped = MAPPERS[name].map(documents.read(text))
    account = Account()
    account.add(noun, text, mapped)
    assert account.dropped == []
    assert account.doubled == []
    assert_fit_for_postgresql(mapped)


@given(spoiled=spoiled())
@settings(deadline=None)
def test_equal_documents_hash_alike_whatever_the_order_of_their_members(
    spoiled: tuple[str, dict[str, Any]],
) -> None:
    name, document = spoiled
    read = documents.read(documents.written(document))
    first = MAPPERS[name].map(read)
    assert MAPPERS[name].map(turned_round(read)).hash == first.hash
    assert MAPPERS[name].map(read) == first


def turned_round(value: Any) -> Any:
    """Return a value with the members of each object in the opposite order."""
    if isinstance(value, dict):
        return {name: turned_round(inner) for name, inner in reversed(value.items())}
    return [turned_round(one) for one in value] if isinstance(value, list) else value


def assert_fit_for_postgresql(mapped: Mapped) -> None:
    """Check what tables ask for: texts without NUL, keys that differ and fit into an index."""
    found: list[str] = []
    for content in (mapped.values, mapped.references, mapped.parts, mapped.extra, mapped.level):
        documents.mended(content, "", found)
    assert found == []
    for rows in mapped.parts.values():
        keys = [row["key"] for row in rows]
        assert len(keys) == len(set(keys))
        assert all(isinstance(key, str) and 0 < len(key) < 600 for key in keys)
    assert all(remote is None or 0 < len(remote) <= 200 for remote in mapped.references.values())
