"""Texts with numbers in them, sorted as people expect: A-9 before A-10."""

from __future__ import annotations

import re

LONGEST = 60  # characters; a key stands in an index, and an index takes no more than 2.7 kB
_DIGITS = re.compile(r"[0-9]+")


def natural_key(text: str) -> str:
    """Return what sorts, byte by byte, as people would sort the text; capitals do not count.

    Each run of digits begins with its length, in two digits: ``9`` → ``019``, ``10`` → ``0210``.
    """
    if text.isascii() and text.isdecimal() and len(text) <= LONGEST:
        return f"{len(text):02}{text}"
    return _DIGITS.sub(lambda run: f"{len(run[0]):02}{run[0]}", text[:LONGEST].lower())
