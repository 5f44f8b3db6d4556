"""Secrets that are shown once and kept as a hash: refresh tokens, invitations, API keys.

Each has 256 random bits, so a plain hash of it cannot be guessed. Its prefix says what it is, to
people and to programs that look for secrets where none should be.
"""

from __future__ import annotations

import secrets
from hashlib import sha256

KEY_PREFIX = "stk_"
REFRESH_PREFIX = "str_"
INVITATION_PREFIX = "sti_"
WEB_PREFIX = "stw_"


def new_secret(prefix: str) -> str:
    """Return a fresh secret."""
    return prefix + secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """Return what is kept of it."""
    return sha256(secret.encode("utf-8", "replace")).digest()
