"""A record's content hash: two readings with equal hashes say the same.

What differs between two identical requests (a product's random ``related_ids``) or follows the
host of the request (``_links``) is left out of the hash; the stored bytes never leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 16


def content_hash(document: bytes, volatile: Iterable[tuple[str, bytes]]) -> bytes:
    """Return 16 bytes that name the content of ``document``.

    Args:
        document: the record's exact bytes.
        volatile: (member name, exact bytes of its value) of the members to leave out, with one
            comma each: whether they stand there or not makes no difference. A member that does
            not stand in the document literally is simply not left out.
    """
    rest = document
    for name, value in volatile:
        member = b'"' + name.encode() + b'":' + value
        before, found, after = rest.rpartition(member)
        if found:
            rest = before.removesuffix(b",") + after if after[:1] != b"," else before + after[1:]
    return sha256(rest).digest()[:HASH_BYTES]
