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
MOST_WORDS: Final = 600  # between the first and the last that differ, compared one by one
LONGEST_VALUE: Final = 20_000  # characters of a value in a list of changes
FEWEST_WORDS: Final = 4  # below it a text is compared as a whole
LONGEST_MARKED: Final = 1_600  # characters of what went or came that are shown in one piece
SHORTEST_FOLD: Final = 60  # characters that are worth leaving out
LIKE: Final = 0.3  # how much of two texts has to be the same, for their words to be compared
_WORDS: Final = re.compile(r"<[^<>]*>|\w+|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some signs of a line.

    Args:
        kind: k a name, s a text, d a number or word, empty for anything else; in a difference
            del, ins, cut (so many characters are left out here) or empty.
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
    pieces = _compared(old, new)
    return (
        _joined([one for one in pieces if one.kind != "ins"]),
        _joined([one for one in pieces if one.kind != "del"]),
    )


def in_one(old: str | None, new: str | None) -> Line:
    """Return two texts as one, with what went and what came marked in their places."""
    return _joined(_compared(old, new))


def folded(line: Line, keep: int = 90) -> Line:
    """Return a line without the long stretches that are equal, and the middle of what is endless.

    Args:
        keep: characters that stay on each side of what differs.
    """
    if not any(piece.kind for piece in line):
        return line
    last = len(line) - 1
    found: Line = []
    for place, piece in enumerate(line):
        around = LONGEST_MARKED // 2 if piece.kind else keep
        head = 0 if not piece.kind and place == 0 else around
        tail = 0 if not piece.kind and place == last else around
        found += _without_middle(piece, head, tail)
    return found


def _without_middle(piece: Piece, head: int, tail: int) -> Line:
    left = len(piece.text) - head - tail
    if left <= SHORTEST_FOLD:
        return [piece]
    ends = [Piece(piece.text[:head], piece.kind), Piece(f"{left:,}", "cut")]
    ends.append(Piece(piece.text[len(piece.text) - tail :], piece.kind))
    return [one for one in ends if one.text]


def _compared(old: str | None, new: str | None) -> Line:
    """Return what is equal, what went and what came, in their order."""
    if old is None or new is None:
        return [*_whole(old, "del"), *_whole(new, "ins")]
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    inner = before[start : len(before) - end], after[start : len(after) - end]
    is_one_word = min(len(before), len(after)) < FEWEST_WORDS
    if is_one_word or any(len(words) > MOST_WORDS for words in inner):
        matches = [("replace", 0, len(inner[0]), 0, len(inner[1]))]
        same = 0
    else:
        matcher = SequenceMatcher(None, *inner, autojunk=False)
        matches = list(matcher.get_opcodes())
        same = sum(j - i for what, i, j, _, _ in matches if what == "equal")
    if is_one_word or 2 * (start + end + same) < LIKE * (len(before) + len(after)):
        return [*_whole(old, "del"), *_whole(new, "ins")]
    found = [Piece("".join(before[:start]))]
    for what, i, j, k, m in matches:
        gone, come = "".join(inner[0][i:j]), "".join(inner[1][k:m])
        found += [Piece(gone)] if what == "equal" else [Piece(gone, "del"), Piece(come, "ins")]
    found.append(Piece("".join(before[len(before) - end :])))
    return [piece for piece in found if piece.text]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts begin with together."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


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
