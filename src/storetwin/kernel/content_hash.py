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
        volatile: (member name, exact bytes of its value) of the members to leave out. A member
            that does not stand in the document literally is simply not left out.
    """
    digest = sha256()
    rest = document
    for name, value in volatile:
        member = b'"' + name.encode() + b'":' + value
        before, found, after = rest.rpartition(member)
        if found:
            digest.update(name.encode())
            rest = before + after
    digest.update(rest)
    return digest.digest()[:HASH_BYTES]
