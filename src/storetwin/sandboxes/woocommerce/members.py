"""Taking a record apart by its members without changing a byte of them."""

from __future__ import annotations

import msgspec

_DECODER = msgspec.json.Decoder(dict[str, msgspec.Raw])


def members(document: bytes) -> dict[str, bytes]:
    """Return the top-level members of a JSON object with the exact bytes of their values.

    Documents that are no valid JSON (hostile ones) are taken apart by their brackets and quotes.
    """
    try:
        return {name: bytes(raw) for name, raw in _DECODER.decode(document).items()}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _scan(document)


def joined(parts: dict[str, bytes]) -> bytes:
    """Put members together again; no members give ``[]``, as PHP writes an empty array."""
    if not parts:
        return b"[]"
    return b"{" + b",".join(b'"%s":%s' % (k.encode(), v) for k, v in parts.items()) + b"}"


def replaced(document: bytes, changes: dict[str, bytes]) -> bytes:
    """Return the document with the values of some members exchanged."""
    return joined({**members(document), **changes})


def picked(document: bytes, names: tuple[str, ...], *, keep: tuple[str, ...] = ()) -> bytes:
    """Return only some members, as ``_fields`` does: ``a``, or ``a.b`` for a member of a member.

    Args:
        document: one record.
        names: what was asked for; unknown names are left out.
        keep: members that stay whatever is asked for.
    """
    wanted: dict[str, tuple[str, ...] | None] = dict.fromkeys(keep)
    for name in names:
        first, _, rest = name.partition(".")
        known = wanted.get(first, ())
        wanted[first] = None if not rest or known is None else (*known, rest)
    found: dict[str, bytes] = {}
    for name, value in members(document).items():
        if name in wanted:
            inner = wanted[name]
            found[name] = value if inner is None else _inner(value, inner)
    return joined(found)


def _inner(value: bytes, names: tuple[str, ...]) -> bytes:
    return picked(value, names) if value.startswith(b"{") else value


def _scan(document: bytes) -> dict[str, bytes]:
    at = document.index(b"{") + 1
    found: dict[str, bytes] = {}
    while document[at : at + 1] not in (b"}", b""):
        end = _after_string(document, at)
        name = document[at + 1 : end - 1].decode("utf-8", "replace")
        start = end + 1
        at = _after_value(document, start)
        found[name] = document[start:at]
        if document[at : at + 1] == b",":
            at += 1
    return found


def _after_string(document: bytes, at: int) -> int:
    at += 1
    while document[at : at + 1] != b'"':
        at += 2 if document[at : at + 1] == b"\\" else 1
    return at + 1


def _after_value(document: bytes, at: int) -> int:
    depth = 0
    while at < len(document):
        byte = document[at : at + 1]
        if byte == b'"':
            at = _after_string(document, at)
            continue
        if byte in (b"{", b"["):
            depth += 1
        elif byte in (b"}", b"]"):
            if depth == 0:
                return at
            depth -= 1
        elif byte == b"," and depth == 0:
            return at
        at += 1
    return at
