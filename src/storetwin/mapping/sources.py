r"""Where a rule reads: ``dimensions.length``, ``images.0.src``, ``categories.*.name``, ``meta:_care``.

A path is names with dots between them; a dot or a backslash within a name has a backslash before it.
Within a list a number is a place, the first is 0, and ``*`` is every element. ``meta:KEY`` is the
value of a custom field; ``attribute:NAME`` what an attribute of a product or variation says, by its
name or slug.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

META = "meta:"
ATTRIBUTE = "attribute:"
LONGEST = 300
DEEPEST = 12
EVERY = "*"
_PIECE = re.compile(r"((?:[^.\\]|\\.)*)(\.|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TAXONOMY = "pa_"  # WooCommerce writes it before the slug of an attribute that products share


class SourceError(ValueError):
    """It names nothing that could be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from.

    Args:
        text: as people write it.
        read: what returns the value; None where there is nothing. It never raises.
        takes: the dotted member that it takes whole, where it is one.
    """

    text: str
    read: Callable[[Mapping[str, Any]], Any]
    takes: str | None = None


def parse_source(text: str) -> Source:
    """Return what a source says.

    Raises:
        SourceError: it is none.
    """
    if not text.strip():
        raise SourceError("it names nothing")
    if len(text) > LONGEST:
        raise SourceError(f"it has more than {LONGEST} characters")
    for start, reader in ((META, _custom_field), (ATTRIBUTE, _attribute)):
        if text.startswith(start):
            name = text.removeprefix(start)
            if not name.strip():
                raise SourceError(f"a name is missing behind {start}")
            return Source(text, reader(name))
    return _path(text)


def _path(text: str) -> Source:
    names = names_of(text)
    if len(names) > DEEPEST:
        raise SourceError(f"it is more than {DEEPEST} levels deep")
    if any(not name for name in names):
        raise SourceError("a name is empty: two dots, or one at an end")
    is_whole = "\\" not in text and not any(name == EVERY or name.isdecimal() for name in names)

    def read(document: Mapping[str, Any]) -> Any:
        return _at(document, names)

    return Source(text, read, text if is_whole else None)


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of a path."""
    names: list[str] = []
    place = 0
    while True:
        found = _PIECE.match(text, place)
        if found is None:  # a backslash with nothing behind it
            raise SourceError("it ends in a backslash")
        names.append(_ESCAPED.sub(r"\1", found[1]))
        place = found.end()
        if not found[2]:
            return tuple(names)


def _at(value: Any, names: tuple[str, ...]) -> Any:
    for place, name in enumerate(names):
        if isinstance(value, dict):
            if name == EVERY and EVERY not in value:
                value = list(value.values())
            else:
                value = value.get(name)
                continue
        if not isinstance(value, list):
            return None
        if name == EVERY:
            rest = names[place + 1 :]
            found = [_at(one, rest) for one in value]
            return [one for one in found if one is not None] or None
        if not name.isdecimal() or len(name) > 6 or int(name) >= len(value):
            return None
        value = value[int(name)]
    return value


def _custom_field(key: str) -> Callable[[Mapping[str, Any]], Any]:
    def read(document: Mapping[str, Any]) -> Any:
        listed = document.get("meta_data")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("key") == key and one.get("value") is not None:
                return one["value"]
        return None

    return read


def _attribute(name: str) -> Callable[[Mapping[str, Any]], Any]:
    wanted = name.strip().casefold()
    slugs = frozenset({wanted, _TAXONOMY + wanted})

    def is_it(one: dict[str, Any]) -> bool:
        label, slug = one.get("name"), one.get("slug")
        if isinstance(label, str) and label.strip().casefold() == wanted:
            return True
        return isinstance(slug, str) and slug.casefold() in slugs

    def read(document: Mapping[str, Any]) -> Any:
        listed = document.get("attributes")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and is_it(one):
                several = one.get("options")
                return several if several is not None else one.get("option")
        return None

    return read
