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
LONGEST_NAME: Final = 40  # signs and words without a blank that are read as one
LONGEST_WORD: Final = 30  # characters that are looked through for the end of a word
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
    pieces = in_one(old, new)
    left = [one for one in pieces if one.kind != "ins"]
    return left, [one for one in pieces if one.kind != "del"]


def in_one(old: str | None, new: str | None) -> Line:
    """Return two texts as one: what is equal, what went and what came, in their places."""
    if old is None or new is None:
        return _marked([(old or "", new or "")])
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if not (_is_prose(old, before) and _is_prose(new, after)):
        return _marked([(old, new)])
    found = _between(before, after)
    same = sum(len(gone) for gone, come in found if gone == come)
    if 2 * same < LIKE * (len(old) + len(new)):
        return _marked([(old, new)])
    return _marked(found)


def _is_prose(text: str, words: Sequence[str]) -> bool:
    """Say whether a text is read in words: no amount, time or name is."""
    return len(text.split()) >= FEWEST_WORDS or len(words) > LONGEST_NAME


def _between(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, str]]:
    """Return two lists of words as stretches: one text twice where they are equal, else what went and what came."""
    start = _common(before, after)
    is_long = max(len(before), len(after)) - start > MOST_WORDS
    end = _common(before[start:][::-1], after[start:][::-1]) if is_long else 0
    gone, come = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(gone), len(come)) > MOST_WORDS:
        inner = [("replace", 0, len(gone), 0, len(come))]
    else:
        inner = list(SequenceMatcher(None, gone, come, autojunk=False).get_opcodes())
    first, last = "".join(before[:start]), "".join(before[len(before) - end :])
    found = [(first, first)]
    for place, (what, i, j, k, m) in enumerate(inner):
        old, new = "".join(gone[i:j]), "".join(come[k:m])
        is_gap = old.isspace() and 0 < place < len(inner) - 1  # a blank between what differs
        is_equal = what == "equal" and not is_gap
        if not is_equal and len(found) > 1 and found[-1][0] != found[-1][1]:
            found[-1] = (found[-1][0] + old, found[-1][1] + new)
        else:
            found.append((old, old) if is_equal else (old, new))
    return [*found, (last, last)]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts begin with together."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _marked(stretches: Sequence[tuple[str, str]]) -> Line:
    found: Line = []
    for gone, come in stretches:
        both = [Piece(gone)] if gone == come else [Piece(gone, "del"), Piece(come, "ins")]
        found += [piece for piece in both if piece.text]
    return found


def folded(line: Line, keep: int = 90, marked: int = 800) -> Line:
    """Return a line without the long stretches that are equal, and the middle of what is endless.

    Args:
        keep: characters that stay on each side of what differs, about.
        marked: characters at both ends of what differs.
    """
    if not any(piece.kind for piece in line):
        return line
    last = len(line) - 1
    found: Line = []
    for place, piece in enumerate(line):
        around = marked if piece.kind else keep
        head = 0 if not piece.kind and place == 0 else around
        tail = 0 if not piece.kind and place == last else around
        found += _without_middle(piece, head, tail)
    return found


def _without_middle(piece: Piece, head: int, tail: int) -> Line:
    """Return the ends of a piece, in whole words, with how many characters are between them."""
    text = piece.text
    start, end = head, len(text) - tail
    if end - start <= SHORTEST_FOLD:
        return [piece]
    if head:
        start = text.rfind(" ", head - LONGEST_WORD, head) + 1 or head
    if tail:
        gap = text.find(" ", end, end + LONGEST_WORD)
        end = end if gap < 0 else gap
    ends = [Piece(text[:start], piece.kind), Piece(f"{end - start:,}", "cut")]
    ends.append(Piece(text[end:], piece.kind))
    return [one for one in ends if one.text]


@dataclass(frozen=True, slots=True)
class Change:
    """A member of a document that differs between two versions."""

    name: str
    old: str | None
    new: str | None

    @property
    def in_one(self) -> Line:
        """Return both values as one line, without what is equal far from what differs."""
        return folded(in_one(self.old, self.new), keep=40, marked=80)


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
