"""Every scalar of a JSON text with the path that leads to it, in one pass over the text.

It minds no more than strings and brackets, so it goes through what no parser takes as well: raw
control characters, ``NaN``, half characters, a text that is cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storetwin.kernel.json_spans import Span

Step = str | int
Path = tuple[Step, ...]

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_ESCAPE = re.compile(
    r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.)",
    re.DOTALL,
)


def leaves(text: str) -> Iterator[tuple[Path, Span]]:
    """Yield (path, span) of each scalar, in the order of the text.

    A path names members by their names and elements by their places, from the outside in.
    """
    path: list[Step | None] = []  # None: an object whose next member has no name yet
    for match in _WORD.finditer(text):
        word = match[0]
        if word == "{":
            path.append(None)
        elif word == "[":
            path.append(0)
        elif word in ("}", "]"):
            if path:
                path.pop()
        elif word == ",":
            if path:
                last = path[-1]
                path[-1] = last + 1 if isinstance(last, int) else None
        elif word == ":":
            continue
        elif path and path[-1] is None:
            path[-1] = string_of(word)
        else:
            yield tuple(step for step in path if step is not None), match.span()


def string_of(word: str) -> str:
    """Return what a string of JSON says, whatever stands in it; other scalars as they stand."""
    if not word.startswith('"'):
        return word
    return _ESCAPE.sub(_unescaped, word[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        high, low = int(match[1], 16) - 0xD800, int(match[2], 16) - 0xDC00
        return chr(0x10000 + (high << 10) + low)
    if match[3]:
        return chr(int(match[3], 16))
    return _SHORT.get(match[4], match[4])
