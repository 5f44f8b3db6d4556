r"""How PHP writes JSON: ASCII only, ``\/`` for a slash, no space between tokens."""

from __future__ import annotations

import re

from storetwin.testing.conformance.difference import Difference

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)|(/)", re.DOTALL)


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
    for escape in _ESCAPE.finditer(document):  # outside of strings there is neither \\ nor /
        digits, slash = escape.groups()
        if slash:
            around = document[max(0, escape.start() - 40) : escape.end() + 40]
            found.append(Difference("body", "slashes written as \\/", around))
            break
        if digits and digits != digits.lower():
            found.append(Difference("body", "escapes in small letters", escape[0]))
            break
    return found
