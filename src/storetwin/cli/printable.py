"""What a terminal is shown of texts that others wrote: nothing in them steers it."""

from __future__ import annotations

import re
from typing import Final

_STEERING: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but tab and newline, what turns the direction of writing, and halves of characters."""


def printable(text: str) -> str:
    """Return a text with a mark in place of each character that would move, colour or reorder what is shown.

    >>> printable("\x1b[2J Table\x9b31m")
    '\ufffd[2J Table\ufffd31m'
    """
    return _STEERING.sub("\ufffd", text)
