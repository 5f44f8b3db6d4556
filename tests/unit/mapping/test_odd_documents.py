"""Records of every noun, spoiled at random: nothing is raised, nothing is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from accounting import Account
from spoiling import NOUNS_WITH_RECORDS, spoiled
from storetwin.mapping import documents
from storetwin.mapping.mapper import compile_mapper
from storetwin.mapping.models import Mapped
from storetwin.mapping.nouns import NOUNS

MAPPERS = {noun.name: compile_mapper(noun) for noun in NOUNS_WITH_RECORDS}


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
