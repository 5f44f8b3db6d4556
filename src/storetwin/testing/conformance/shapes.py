"""What real answers look like, learned from the recordings: keys, types and formats by path.

A path is the kind of a record and the way into it: ``orders.line_items[].price``. All recordings
of a kind teach together, so that an order of a list and an order of a batch have one shape.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from storetwin.testing.conformance.exchange import STORE, Json, Recording
from storetwin.testing.conformance.routes import (
    ALSO,
    ANYTHING,
    MAPS,
    TAUGHT,
    kind_of,
    records_in,
)

_FORMATS = {
    "a date without zone": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    "an amount with two decimals": re.compile(r"-?\d+\.\d\d"),
    "an address of the store": re.compile(re.escape(STORE) + ".*", re.DOTALL),
}
_BLANKED = "_all_meta_empty"  # one broken record blanked a part of all others on its page
_ENOUGH = 3  # fewer texts than that may look alike by chance
_CLOSED = 2  # more templates of links than that are data
_DIGITS = re.compile(r"(?<=/)\d+(?=/|$)")


def type_of(value: Json) -> str:
    """Return the JSON type of a value, integers and other numbers apart."""
    names = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "object"}
    return "null" if value is None else names[type(value)]


def link_template(address: str) -> str:
    """Return the address of a record with its ids and query left out."""
    return _DIGITS.sub("#", address.partition("?")[0])


@dataclass(slots=True)
class Shape:
    """What was seen at one path.

    Args:
        types: the JSON types.
        layouts: each sequence of keys an object had.
        texts: the strings that were not empty.
    """

    types: set[str] = field(default_factory=set)
    layouts: set[tuple[str, ...]] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def broken_format(self, text: str) -> str | None:
        """Return the format that every text seen here has and this one has not."""
        if text in ("", *self.texts):
            return None
        for name, pattern in _FORMATS.items():
            shared = len(self.texts) >= _ENOUGH and all(map(pattern.fullmatch, self.texts))
            if shared and not pattern.fullmatch(text):
                return name
        return None

    def link_templates(self) -> set[str] | None:
        """Return the forms a link may have here, or None if they are data."""
        templates = {link_template(text) for text in self.texts}
        return templates if 0 < len(templates) <= _CLOSED else None


class Shapes:
    """The shapes of all paths, learned once and asked often."""

    def __init__(self) -> None:
        self._known: dict[str, Shape] = {}

    @classmethod
    def learned_from(cls, recordings: Iterable[Recording]) -> Shapes:
        """Learn from every recording that holds proper records; errors teach nothing."""
        shapes = cls()
        for path, value in TAUGHT:
            shapes._learn(path, value)
        for recording in recordings:
            for record in _lessons(recording):
                shapes._learn(kind_of(recording.route), record)
        return shapes

    def at(self, path: str) -> Shape | None:
        """Return what is known of a path, or None if no recording held a value there."""
        known = self._known.get(path)
        if known is None:
            return None
        wider = [types for pattern, types in ALSO if pattern.search(path)]
        return Shape(known.types.union(*wider), known.layouts, known.texts)

    def _learn(self, path: str, value: Json) -> None:
        shape = self._known.setdefault(path, Shape())
        shape.types.add(type_of(value))
        if ANYTHING.search(path):
            return
        if isinstance(value, str) and value:
            shape.texts.add(value)
        if isinstance(value, dict):
            shape.layouts.add(tuple(value))
        for step, _, inner in children(path, value):
            self._learn(path + step, inner)


def children(path: str, value: Json) -> Iterator[tuple[str, str, Json]]:
    """Return what a value holds: its step in the path, its own name, and itself.

    The step is ``[]`` for any member of a list and ``.*`` for any key of a map.
    """
    if isinstance(value, list):
        for number, member in enumerate(value):
            yield "[]", f"[{number}]", member
    elif isinstance(value, dict):
        is_map = MAPS.search(path)
        for key, member in value.items():
            yield ".*" if is_map else f".{key}", f".{key}", member


def _lessons(recording: Recording) -> Iterator[Json]:
    if recording.status >= 400 or recording.method == "OPTIONS" or _BLANKED in recording.name:
        return
    try:
        document = json.loads(recording.text)
    except ValueError:
        return  # a broken store: what it sent is no document
    for located in records_in(recording.route, document):
        if not (isinstance(located.record, dict) and "error" in located.record):
            yield located.record
