r"""JSON as values, without losing a digit: a number stays as it was written.

``1.10`` is not ``1.1`` here, thirty digits stay thirty, ``1e400`` is no infinity. What a strict
parser refuses and stores send all the same is read: raw control characters, ``NaN``, a byte order
mark, half surrogates, bytes that are no UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written; also ``NaN`` and ``Infinity``, which JSON does not have."""

    text: str


Json = dict[str, "Json"] | list["Json"] | Number | str | bool | None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object; a name that stands there twice is numbered, so that nothing is hidden."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        own, place = name, 1
        while own in found:
            place += 1
            own = f"{name} ({place})"
        found[own] = value
    return found


_DECODER = json.JSONDecoder(
    strict=False,
    parse_int=Number,
    parse_float=Number,
    parse_constant=Number,
    object_pairs_hook=_object,
)


def parse(document: bytes) -> Json:
    """Return the value of a document.

    Raises:
        ValueError: it is no JSON, or nested too deeply to be read.
    """
    text = document.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    try:
        value: Json = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def written(value: Any, *, indent: int | None = None) -> str:
    """Return a value as JSON text, numbers as they were read; what JSON does not know, as a string.

    Half surrogates come as escapes, so the text can always be encoded.

    Args:
        indent: spaces a level; None for one line.
    """
    text = "".join(_pieces(value, "\n" if indent is not None else "", indent or 0))
    return text.encode("utf-8", "backslashreplace").decode()


def _pieces(value: Any, line: str, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        members = ((f"{_string(str(name))}: ", inner) for name, inner in value.items())
        yield from _inside(members, "{}", line, indent)
    elif isinstance(value, list | tuple):
        yield from _inside((("", inner) for inner in value), "[]", line, indent)
    elif isinstance(value, Number):
        yield value.text if _NUMBER.fullmatch(value.text) else _string(value.text)
    elif value is None or isinstance(value, bool | int | float):
        yield json.dumps(value)
    else:
        yield _string(str(value))


def _inside(
    members: Iterator[tuple[str, Any]], marks: str, line: str, indent: int
) -> Iterator[str]:
    """Yield what stands between two marks, each member on a line of its own."""
    inner = line + " " * indent if line else ""
    before = marks[0] + inner
    for name, value in members:
        yield before + name
        yield from _pieces(value, inner, indent)
        before = "," + (inner or " ")
    yield marks if before[0] == marks[0] else line + marks[1]


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
