"""Documents that WordPress plugins have really produced and that parsers choke on."""

from __future__ import annotations

from storetwin.sandboxes.woocommerce.members import joined, members
from storetwin.sandboxes.woocommerce.model.draft import UNENCODABLE
from storetwin.sandboxes.woocommerce.php_json import dumps

_UNENCODABLE = dumps(UNENCODABLE)[1:-1].encode()

# JSON texts of one meta entry each, to be added to a record; the comment says who objects.
HOSTILE_ENTRIES: tuple[bytes, ...] = (
    rb'{"id":1,"key":"nul","value":"a\u0000b"}',  # PostgreSQL's json cannot read it
    rb'{"id":2,"key":"lone","value":"half \ud83d here"}',  # msgspec says truncated
    rb'{"id":3,"key":"low","value":"\udc00"}',
    rb'{"id":4,"key":"huge","value":{"n":1e400}}',  # becomes infinite in most parsers
    rb'{"id":5,"key":"long","value":{"n":123456789012345678901234567890}}',  # 30 digits
    rb'{"id":6,"key":"twice","value":{"a":1,"a":2,"b":{"x":1,"x":2}}}',  # duplicate keys
    rb'{"id":7,"key":"nan","value":{"n":NaN,"i":Infinity,"m":-Infinity}}',  # no JSON at all
    b'{"id":8,"key":"bom","value":"\xef\xbb\xbfx"}',  # a raw byte order mark
    b'{"id":9,"key":"latin","value":"caf\xe9 \xff\xfe"}',  # invalid UTF-8
    b'{"id":10,"key":"control","value":"tab\x02bell\x07end"}',  # raw control characters
    rb'{"id":11,"key":"\u0000k","value":"key with NUL"}',
)


def hostile_document(document: bytes, nth: int) -> bytes:
    """Return a record with one more meta entry that is hard to read.

    Args:
        document: the record.
        nth: which of the hostile entries; they are taken in turn.
    """
    parts = members(document)
    entry = HOSTILE_ENTRIES[nth % len(HOSTILE_ENTRIES)]
    old = parts["meta_data"]
    parts["meta_data"] = b"[" + entry + (b"," + old[1:] if old != b"[]" else b"]")
    return joined(parts)


def with_blank_meta(document: bytes, least: int = 0) -> bytes:
    """Return a record whose meta entries are all ``{}``, as one unencodable value makes them.

    Args:
        document: the record.
        least: how many entries it is shown with at least.
    """
    parts = members(document)
    old = parts.get("meta_data", b"[]")
    count = _entries(old)
    parts["meta_data"] = b"[" + b",".join([b"{}"] * max(least, count)) + b"]"
    return joined(parts)


def _entries(raw: bytes) -> int:
    return raw.count(b'{"id":') if raw != b"[]" else 0


def is_unencodable(document: bytes) -> bool:
    """Say whether a record holds INF or NAN in its meta, which PHP cannot encode."""
    return _UNENCODABLE in document
