r"""JSON as text, byte for byte: what PostgreSQL keeps of it, what it refuses, what SQL can read.

PostgreSQL's ``json`` keeps a document exactly as it came, duplicate keys, ``1e400`` and 30-digit
numbers included. It refuses invalid UTF-8, raw control characters, ``NaN``, ``Infinity`` and a
byte order mark. And it keeps, but cannot read, a document with ``\u0000`` or a lone surrogate:
there every ``->`` raises an error (measured on PostgreSQL 15 and 18).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CONTROLS = bytes(range(0x20))
_PAIR_STARTS = frozenset({b"8", b"9", b"a", b"b"})  # \ud8.. to \udb..: the first half of a pair
_PAIR_ENDS = frozenset({b"c", b"d", b"e", b"f"})
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
_CONTROLS_INSIDE = {c: f"\\u{c:04x}" for c in range(1, 0x20)} | {0: _REPLACEMENT}
_CONTROLS_OUTSIDE = {c: " " for c in range(0x20) if chr(c) not in "\t\n\r"}


@dataclass(frozen=True, slots=True)
class Storable:
    """How a document is kept.

    Exactly one of ``payload`` and ``raw`` is set; ``clean`` is set when SQL could not read the
    payload, or when there is none.
    """

    payload: bytes | None
    raw: bytes | None
    clean: bytes | None


def storable(document: bytes, *, is_strict: bool = False) -> Storable:
    """Decide how PostgreSQL can keep these exact bytes, with a readable copy where it needs one.

    Args:
        is_strict: a parser has taken the document as JSON by the letter; then only invalid UTF-8
            and an escaped NUL are left to look for.
    """
    if is_strict:
        return _storable_strict(document)
    text = _as_json_text(document)
    if text is None:
        return Storable(None, document, _clean(document).encode())
    if _may_be_unreadable(document) and (cleaned := _clean(document)) != text:
        return Storable(document, None, cleaned.encode())
    return Storable(document, None, None)


def _storable_strict(document: bytes) -> Storable:
    if not document.isascii():
        try:
            document.decode()
        except UnicodeDecodeError:
            return Storable(None, document, _clean(document).encode())
    if b"\\u0000" not in document:
        return Storable(document, None, None)
    text = document.decode()
    cleaned = _without_unreadable_escapes(text)
    return Storable(document, None, None if cleaned == text else cleaned.encode())


def _as_json_text(document: bytes) -> str | None:
    """Return the document as text if PostgreSQL's ``json`` takes it, else None."""
    if _has_raw_control(document):
        return None
    try:
        text = document.decode("ascii") if document.isascii() else document.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if _may_hold_bare_words(document) and _without_bare_words(text) != text:
        return None
    return text


# The checks that every document passes are plain searches for bytes: a regular expression over
# 5 kB costs more than everything else we do with a record.


def _may_hold_bare_words(document: bytes) -> bool:
    return b"NaN" in document or b"Infinity" in document or document.startswith(b"\xef\xbb\xbf")


def _may_be_unreadable(document: bytes) -> bool:
    """Say whether an escape for NUL or a lone surrogate may be there; a false alarm is looked into."""
    if b"\\u0000" in document or b"\\uD" in document:
        return True
    at = document.find(b"\\ud")
    while at >= 0:
        second = document[at + 6 : at + 10]
        if document[at + 3 : at + 4] not in _PAIR_STARTS or second[:3] != b"\\ud":
            return True
        if second[3:] not in _PAIR_ENDS:
            return True
        at = document.find(b"\\ud", at + 12)
    return False


def _has_raw_control(document: bytes) -> bool:
    """Say whether a control character stands where JSON forbids it (tab and line ends between tokens are fine)."""
    if len(document.translate(None, _CONTROLS)) == len(document):
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
    return text.translate(_CONTROLS_OUTSIDE)


def _clean_string(literal: str) -> str:
    if literal[0] != '"':
        return literal
    return _without_unreadable_escapes(literal).translate(_CONTROLS_INSIDE)


def _without_unreadable_escapes(text: str) -> str:
    return _ESCAPE.sub(lambda match: _REPLACEMENT if match["gone"] else match[0], text)
