r"""JSON as text, byte for byte: what PostgreSQL keeps of it, what it refuses, what SQL can read.

PostgreSQL's ``json`` keeps a document exactly as it came, duplicate keys, ``1e400`` and 30-digit
numbers included. It refuses invalid UTF-8, raw control characters, ``NaN``, ``Infinity`` and a
byte order mark. And it keeps, but cannot read, a document with ``\u0000`` or a lone surrogate:
there every ``->`` raises an error (measured on PostgreSQL 15 and 18).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTROL = re.compile(rb"[\x00-\x1f]")
# NUL, a high surrogate without its low half, a low one without its high half (may be a false alarm).
_SUSPECT_ESCAPE = re.compile(
    rb"\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F]"
)
_NOT_A_NUMBER = re.compile(rb"NaN|Infinity|\xef\xbb\xbf")
# A string, or a bare word that JSON does not have. Strings come first so that words inside them stay.
_STRING_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
# Escapes from left to right: a valid pair and any other escape stay, NUL and lone halves go.
_ESCAPE = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<gone>\\u0000|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\.",
    re.DOTALL,
)
_REPLACEMENT = "\\ufffd"


@dataclass(frozen=True, slots=True)
class Storable:
    """How a document is kept.

    Exactly one of ``payload`` and ``raw`` is set; ``clean`` is set when SQL could not read the
    payload, or when there is none.
    """

    payload: str | None
    raw: bytes | None
    clean: str | None


def storable(document: bytes) -> Storable:
    """Decide how PostgreSQL can keep these exact bytes, with a readable copy where it needs one."""
    text = _as_json_text(document)
    if text is None:
        return Storable(None, document, _clean(document))
    if _SUSPECT_ESCAPE.search(document) and (cleaned := _clean(document)) != text:
        return Storable(text, None, cleaned)
    return Storable(text, None, None)


def _as_json_text(document: bytes) -> str | None:
    """Return the document as text if PostgreSQL's ``json`` takes it, else None."""
    if _has_raw_control(document):
        return None
    try:
        text = document.decode("ascii") if document.isascii() else document.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if _NOT_A_NUMBER.search(document) and _without_bare_words(text) != text:
        return None
    return text


def _has_raw_control(document: bytes) -> bool:
    """Say whether a control character stands where JSON forbids it (tab and line ends between tokens are fine)."""
    found = _CONTROL.search(document)
    if found is None:
        return False
    text = document.decode("utf-8", "surrogateescape")
    outside = _STRING_OR_WORD.sub(lambda match: "" if match[0][0] == '"' else match[0], text)
    inside = "".join(m[0] for m in _STRING_OR_WORD.finditer(text) if m[0][0] == '"')
    return any(ord(c) < 0x20 for c in inside) or any(
        ord(c) < 0x20 and c not in "\t\n\r" for c in outside
    )


def _without_bare_words(text: str) -> str:
    text = text.lstrip("\ufeff")
    return _STRING_OR_WORD.sub(lambda m: m[0] if m[0][0] == '"' else "null", text)


def _clean(document: bytes) -> str:
    """Return a copy that PostgreSQL can read: what it cannot read becomes U+FFFD or null."""
    text = document.decode("utf-8", "replace")
    text = _without_bare_words(text)
    text = _STRING_OR_WORD.sub(lambda m: _clean_string(m[0]), text)
    return "".join(c if ord(c) >= 0x20 or c in "\t\n\r" else " " for c in text)


def _clean_string(literal: str) -> str:
    if literal[0] != '"':
        return literal
    cleaned = _ESCAPE.sub(lambda m: _REPLACEMENT if m["gone"] else m[0], literal)
    return "".join(
        c if ord(c) >= 0x20 else f"\\u{ord(c):04x}" if c != "\0" else _REPLACEMENT for c in cleaned
    )
