r"""Regular expressions that people write, with a limit on their time that really holds.

RE2 looks at each character once, whatever the pattern: there is no ``(a+)+$`` that takes for ever. Its
time grows with the text and with the size of the pattern, so that both are bounded together, before
anything is looked for: the same pattern and text always come to the same. Only replacing looks again
and again; there a clock, of the processor's time, ends what would take longer than a tenth of a second.

RE2 knows no backreferences and no look-around, and the end of the text is ``\z``:
https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from time import thread_time
from typing import Any

import re2

LONGEST_PATTERN = 500  # characters
MOST_INSTRUCTIONS = 5_000
MOST_WORK = 10_000_000
"""Bytes of the text times instructions of the pattern: a tenth of a second where it is at its worst."""
SECONDS = 0.1  # for replacing
MOST_REPLACED = 10_000
MOST_CHARACTERS = 1_000_000  # of what comes out
_MEMORY = 2 * 1024 * 1024  # bytes a pattern may take
_PLACEHOLDER = re.compile(r"\\([0-9\\])")


class PatternError(ValueError):
    """A pattern cannot be used, or not with this text; the message says why."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that can be looked for."""

    regexp: Any
    group: int = 0

    def extract(self, text: str) -> str | None:
        """Return the first match; None where there is none.

        Raises:
            PatternError: the text is too long for the pattern.
        """
        match = self.regexp.search(self._bounded(text))
        found: str | None = None if match is None else match.group(self.group)
        return found

    def replace(self, text: str, template: Template) -> str:
        """Return a text with every match replaced.

        Raises:
            PatternError: the text is too long, or has too many matches.
        """
        pieces: list[str] = []
        end, length = 0, 0
        for match in self._every(self._bounded(text)):
            piece = text[end : match.start()] + template.filled(match)
            pieces.append(piece)
            end = match.end()
            length += len(piece)
            if length > MOST_CHARACTERS:
                raise PatternError(f"it comes to more than {MOST_CHARACTERS:,} characters")
        pieces.append(text[end:])
        return "".join(pieces)

    def _every(self, text: str) -> Iterator[Any]:
        ends = thread_time() + SECONDS
        for count, match in enumerate(self.regexp.finditer(text)):
            if count >= MOST_REPLACED:
                raise PatternError(f"there are more than {MOST_REPLACED:,} matches")
            if thread_time() > ends:
                raise PatternError(f"it takes longer than {SECONDS} s of the processor")
            yield match

    def _bounded(self, text: str) -> str:
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:  # half of a pair of surrogates
            raise PatternError("the text has characters that are none") from error
        if size * self.regexp.programsize > MOST_WORK:
            raise PatternError("the text is too long for this pattern")
        return text


@dataclass(frozen=True, slots=True)
class Template:
    r"""What stands in place of a match; ``\1`` is its first group, ``\0`` all of it."""

    pieces: tuple[str | int, ...]

    def filled(self, match: Any) -> str:
        """Return it with what was matched."""
        return "".join(
            piece if isinstance(piece, str) else match.group(piece) or "" for piece in self.pieces
        )


def compile_pattern(text: str, *, ignores_case: bool = False, group: int | None = None) -> Pattern:
    """Return a pattern.

    Args:
        group: what is taken of a match: 0 is all of it; None is the first group, if there is one.

    Raises:
        PatternError: it is none, or too big.
    """
    if len(text) > LONGEST_PATTERN:
        raise PatternError(f"it has more than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = not ignores_case
    try:
        regexp = re2.compile(text, options)
    except re2.error as error:
        raise PatternError(_reason(error)) from error
    except UnicodeEncodeError as error:
        raise PatternError("it has characters that are none") from error
    if regexp.programsize > MOST_INSTRUCTIONS:
        raise PatternError("it is too big: repeat less, or name fewer characters")
    chosen = min(regexp.groups, 1) if group is None else group
    if chosen > regexp.groups:
        raise PatternError(f"it has {regexp.groups} groups, and group {chosen} is wanted")
    return Pattern(regexp, chosen)


def compile_template(text: str, pattern: Pattern) -> Template:
    """Return what stands in place of a match.

    Raises:
        PatternError: it names a group that the pattern does not have.
    """
    pieces: list[str | int] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces.append(text[end : found.start()])
        pieces.append("\\" if found[1] == "\\" else int(found[1]))
        end = found.end()
    pieces.append(text[end:])
    for piece in pieces:
        if isinstance(piece, int) and piece > pattern.regexp.groups:
            raise PatternError(f"the pattern has no group {piece}")
    return Template(tuple(pieces))


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else ""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    hint = ""
    if "(?" in text:
        hint = "; look-around and backreferences are not known here"
    elif "too large" in text:
        return "it is too big: repeat less, or name fewer characters"
    return f"{text}{hint}"
