"""What records are looked up by: SKU, e-mail, slug, in the form in which an index holds them."""

from __future__ import annotations

from hashlib import md5

LONGEST = 200
KEPT = 160
_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lookup_key(text: str | None) -> str | None:
    """Return what ``core.lookup_key`` returns; None where there is nothing to look up by.

    Spaces around it and the capitals of the 26 letters do not count. Other letters are left alone:
    what their small form is depends on the locale of a database. What is too long for an index ends
    in a digest of all of it.
    """
    bare = (text or "").strip(" ").translate(_LETTERS)
    if len(bare) <= LONGEST:
        return bare or None
    return bare[:KEPT] + md5(bare.encode(), usedforsecurity=False).hexdigest()
