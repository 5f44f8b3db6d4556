"""Where members stand in a JSON text, so that one can be replaced and every other byte stays.

Positions are those of the text; nothing is rebuilt. A name that stands twice in an object is found
twice: a parser would show only the last, the bytes hold both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

Span = tuple[int, int]

_JSON = json.JSONDecoder(strict=False)
_SPACE = re.compile(r"[ \t\r\n]*")
_MARKS = {"{": "}", "[": "]"}


def value_at(text: str, span: Span) -> Any:
    """Return the value of a span.

    Raises:
        ValueError: it is no JSON.
    """
    return _JSON.raw_decode(text, span[0])[0]


def members(text: str, at: int = 0) -> Iterator[tuple[str, Span]]:
    """Yield name and span of each member of the object that begins at ``at``; none if none does.

    Raises:
        ValueError: it is no JSON.
    """
    for position in _inside(text, at, "{"):
        name, end = _JSON.raw_decode(text, position)
        colon = _skip(text, end)
        start = _skip(text, colon + 1)
        if not isinstance(name, str) or text[colon : colon + 1] != ":":
            raise ValueError("a member without a name")
        yield name, (start, _JSON.raw_decode(text, start)[1])


def elements(text: str, at: int = 0) -> Iterator[Span]:
    """Yield the span of each element of the list that begins at ``at``; none if none does.

    Raises:
        ValueError: it is no JSON.
    """
    for position in _inside(text, at, "["):
        yield position, _JSON.raw_decode(text, position)[1]


def spans_of(text: str, path: Sequence[str], at: int = 0) -> Iterator[Span]:
    """Yield the span of each value that a path leads to; lists on the way are gone through.

    Args:
        path: names of members, from the outside in; empty for the value at ``at`` itself.

    Raises:
        ValueError: it is no JSON.
    """
    if path and text[at : at + 1] == "[":
        for element in elements(text, at):
            yield from spans_of(text, path, element[0])
    elif path:
        for name, span in members(text, at):
            if name == path[0]:
                yield from spans_of(text, path[1:], span[0])
    else:
        yield at, _JSON.raw_decode(text, at)[1]


def replaced(text: str, pieces: Sequence[tuple[Span, str]]) -> str:
    """Return the text with some spans replaced; of spans inside one another the outer one counts."""
    parts, at = [], 0
    for (start, end), piece in sorted(pieces, key=lambda found: (found[0][0], -found[0][1])):
        if start >= at:
            parts += [text[at:start], piece]
            at = end
    return "".join([*parts, text[at:]])


def _inside(text: str, at: int, mark: str) -> Iterator[int]:
    """Yield where each member or element of a container begins."""
    if text[at : at + 1] != mark:
        return
    position = _skip(text, at + 1)
    if text[position : position + 1] == _MARKS[mark]:
        return
    while True:
        yield position
        end = _end(text, position, mark)
        behind = _skip(text, end)
        if text[behind : behind + 1] == _MARKS[mark]:
            return
        if text[behind : behind + 1] != ",":
            raise ValueError("neither a comma nor the end")
        position = _skip(text, behind + 1)


def _end(text: str, position: int, mark: str) -> int:
    """Return where the member or element that begins here ends."""
    end = _JSON.raw_decode(text, position)[1]
    if mark == "{":
        end = _JSON.raw_decode(text, _skip(text, _skip(text, end) + 1))[1]
    return end


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
