r"""How PHP writes JSON: ASCII only, ``\/`` for a slash, no space between tokens."""

from __future__ import annotations

import re

from storetwin.testing.conformance.difference import Difference

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BARE_SLASH = re.compile(r"(?:[^\\]|\\.)*?/", re.DOTALL)
_UPPER_ESCAPE = re.compile(r"(?:[^\\]|\\[^u])*?\\u(?=[0-9a-f]*[A-F])[0-9a-fA-F]{4}", re.DOTALL)


def written_differently(document: str) -> list[Difference]:
    """Return how a JSON document is not written as PHP writes it.

    Args:
        document: the exact text, without anything before or after the JSON.
    """
    found = []
    if not document.isascii():
        strange = next(character for character in document if not character.isascii())
        found.append(Difference("body", "ASCII only", f"{strange!r}"))
    if re.search(r"\s", _STRING.sub("", document)):
        found.append(Difference("body", "no space between tokens", "space between tokens"))
    for string in _STRING.findall(document):
        if "/" in string and _BARE_SLASH.match(string):
            found.append(Difference("body", "slashes written as \\/", string))
            break
    if any(_UPPER_ESCAPE.match(string) for string in _STRING.findall(document) if "\\u" in string):
        found.append(Difference("body", "escapes in small letters", "escapes in capitals"))
    return found
