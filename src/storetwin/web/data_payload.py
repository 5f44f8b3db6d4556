"""A record's document and its changes, in pieces that a template can write. Pure.

Nothing in it is markup: numbers and texts stand as the store sent them, piece by piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from storetwin.kernel.json_values import Json, Number, parse, written
from storetwin.mirror.differences import FieldChange as DocumentChange

LONGEST: Final = 200_000  # characters of a document that are shown
MOST_WORDS: Final = 400  # of a text that are compared one by one
LONGEST_VALUE: Final = 300  # characters of a value in a list of changes
LIKE: Final = 0.3  # how much of two texts has to be the same, for their words to be compared
_WORDS: Final = re.compile(r"<[^<>]*>|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some signs of a line.

    Args:
        kind: k a name, s a text, d a number or word, empty for anything else; in a difference
            del, ins or empty.
    """

    text: str
    kind: str = ""


Line = list[Piece]


@dataclass(frozen=True, slots=True)
class Payload:
    """A document as it is shown.

    Args:
        is_cut: it is longer.
        is_json: it could be read.
    """

    lines: list[Line]
    is_cut: bool
    is_json: bool


def pretty(document: bytes) -> Payload:
    """Return a document with a line for each value; as it stands where it is no JSON."""
    try:
        value = parse(document)
    except ValueError:
        return exact(document)
    lines: list[Line] = [[]]
    size = 0
    for piece in _pieces(value, 0):
        if piece is None:
            lines.append([])
            continue
        lines[-1].append(piece)
        size += len(piece.text)
        if size > LONGEST:
            return Payload(lines, is_cut=True, is_json=True)
    return Payload(lines, is_cut=False, is_json=True)


def exact(document: bytes) -> Payload:
    """Return a document as it stands."""
    text = document.decode("utf-8", "backslashreplace")
    lines = [[Piece(line)] for line in text[:LONGEST].split("\n")]
    return Payload(lines, is_cut=len(text) > LONGEST, is_json=False)


def _pieces(value: Json, depth: int) -> Iterator[Piece | None]:
    """Yield a value; None ends a line."""
    if isinstance(value, dict) and value:
        yield from _many("{", "}", depth, [(name, inner) for name, inner in value.items()])
    elif isinstance(value, list) and value:
        yield from _many("[", "]", depth, [(None, inner) for inner in value])
    elif isinstance(value, str):
        yield Piece(written(value), "s")
    elif isinstance(value, Number):
        yield Piece(value.text, "d")
    else:
        yield Piece(written(value), "" if value in ({}, []) else "d")


def _many(
    begin: str, end: str, depth: int, values: Sequence[tuple[str | None, Json]]
) -> Iterator[Piece | None]:
    yield Piece(begin)
    yield None
    for place, (name, inner) in enumerate(values):
        yield Piece("  " * (depth + 1))
        if name is not None:
            yield Piece(written(name), "k")
            yield Piece(": ")
        yield from _pieces(inner, depth + 1)
        if place < len(values) - 1:
            yield Piece(",")
        yield None
    yield Piece("  " * depth + end)


def word_by_word(old: str | None, new: str | None) -> tuple[Line, Line]:
    """Return two texts with what differs between them marked, word by word where they are alike."""
    if old is None or new is None:
        return _whole(old, "del"), _whole(new, "ins")
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if not all(4 <= len(words) <= MOST_WORDS for words in (before, after)):
        return _whole(old, "del"), _whole(new, "ins")
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < LIKE:
        return _whole(old, "del"), _whole(new, "ins")
    left: Line = []
    right: Line = []
    for what, i, j, k, m in matcher.get_opcodes():
        if what == "equal":
            left.append(Piece("".join(before[i:j])))
            right.append(Piece("".join(after[k:m])))
            continue
        if i < j:
            left.append(Piece("".join(before[i:j]), "del"))
        if k < m:
            right.append(Piece("".join(after[k:m]), "ins"))
    return _joined(left), _joined(right)


def _joined(line: Line) -> Line:
    """Return a line in which a blank between two marked pieces is marked as well."""
    found: Line = []
    for place, piece in enumerate(line):
        before = found[-1] if found else None
        after = line[place + 1] if place + 1 < len(line) else None
        is_between = before is not None and after is not None and before.kind == after.kind != ""
        kind = before.kind if before and is_between and piece.text.isspace() else piece.kind
        if before is not None and before.kind == kind:
            found[-1] = Piece(before.text + piece.text, kind)
        else:
            found.append(Piece(piece.text, kind))
    return found


def _whole(text: str | None, kind: str) -> Line:
    return [] if text is None else [Piece(text, kind)]


@dataclass(frozen=True, slots=True)
class Change:
    """A member of a document that differs between two versions."""

    name: str
    old: str | None
    new: str | None


def changes_of(found: Sequence[DocumentChange]) -> list[Change]:
    """Return what differs between two versions as people read it; when it was changed, last."""
    told = [Change(one.name, _short(one.before), _short(one.after)) for one in found]
    return sorted(told, key=lambda change: change.name.startswith("date_modified"))


def _short(value: Json) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else written(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
