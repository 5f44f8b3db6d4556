"""What a store's own records have that could be mapped: their attributes and custom fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from storetwin.mapping.documents import joined, mended
from storetwin.mapping.mapper import CUSTOM
from storetwin.mapping.models import Noun
from storetwin.mapping.sources import ATTRIBUTE, LONGEST, META
from storetwin.mapping.written import is_text

MOST_SOURCES = 500
MOST_SUGGESTED = 30
RARE = 0.02  # of the records: what fewer have is not suggested
LONGEST_EXAMPLE = 80
_HOUSEKEEPING = re.compile(
    r"_?(wp|edit|oembed|elementor|yoast|wc|wpml|jetpack|transient|vc|et_pb|aioseo|rank_math)_",
    re.ASCII,
)
_NO_LETTER = re.compile(r"[^a-z0-9]+", re.ASCII)
_LIST = "attributes"


@dataclass(frozen=True, slots=True)
class Seen:
    """A source that records have.

    Args:
        records: in how many it says something.
        example: what one of them says.
    """

    source: str
    records: int
    example: str


@dataclass(slots=True)
class Survey:
    """What some records of a noun have."""

    noun: Noun
    records: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, document: Mapping[str, Any]) -> None:
        """Look at a record."""
        self.records += 1
        for source, value in dict(_sources(document)).items():
            is_full = source not in self.counts and len(self.counts) >= MOST_SOURCES
            if is_full or len(source) > LONGEST or not is_text(source):
                continue
            self.counts[source] += 1
            self.examples.setdefault(source, value)

    def sources(self) -> list[Seen]:
        """Return what was seen, members by name, then attributes and custom fields by how common."""
        every = [Seen(source, n, self.examples[source]) for source, n in self.counts.items()]
        return sorted(every, key=lambda one: (_sort(one.source), -one.records, one.source))

    def rules(self) -> list[dict[str, Any]]:
        """Return rules that take the attributes and custom fields that are not rare as own fields."""
        taken: set[str] = set()
        rules: list[dict[str, Any]] = []
        known = {one.source for one in self.noun.fields}
        for one in self.sources():
            if not _is_own(one.source) or one.source in known:
                continue
            if one.records < RARE * self.records or len(rules) == MOST_SUGGESTED:
                continue
            name = _name(one.source)
            if name and name not in taken:
                taken.add(name)
                rules.append({"field": f"{CUSTOM}{name}", "source": one.source})
        return rules


def _sources(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in document.items():
        path = joined(prefix, name)
        if isinstance(value, dict):
            if not prefix.count("."):
                yield from _sources(value, path)
        elif isinstance(value, list):
            if not prefix and name == "meta_data":
                yield from _named(value, META, ("key",), ("value",))
            elif not prefix and name == _LIST:
                yield from _named(value, ATTRIBUTE, ("name", "slug"), ("options", "option"))
        elif value not in (None, ""):
            yield path, _shown(value)


def _named(
    listed: list[Any], start: str, names: tuple[str, ...], values: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for one in listed:
        if not isinstance(one, dict):
            continue
        name = next((one[key] for key in names if isinstance(one.get(key), str) and one[key]), None)
        value = next((one[key] for key in values if one.get(key) not in (None, "", [])), None)
        if name is not None and value is not None:
            yield f"{start}{name}", _shown(value)


def _shown(value: Any) -> str:
    text: str
    if isinstance(value, list):
        text = ", ".join(str(one) for one in value if not isinstance(one, dict | list))
    elif isinstance(value, dict):
        text = "{…}"
    else:
        text = str(value)
    text = mended(text, "", [])
    return text if len(text) <= LONGEST_EXAMPLE else text[: LONGEST_EXAMPLE - 1] + "…"


def _sort(source: str) -> int:
    return 1 if source.startswith(ATTRIBUTE) else 2 if source.startswith(META) else 0


def _is_own(source: str) -> bool:
    if source.startswith(META):
        return _HOUSEKEEPING.match(source.removeprefix(META)) is None
    return source.startswith(ATTRIBUTE)


def _name(source: str) -> str:
    """Return what an own field is called after its source; empty where no letter is left."""
    bare = source.partition(":")[2].lower()
    name = _NO_LETTER.sub("_", bare).strip("_")[:60].strip("_")
    return name if name and name[0].isalpha() else f"f_{name}" if name else ""
