"""Sealing: AES-256-GCM under one key, each value bound to the place it is kept in.

A sealed value is ``version (1 byte) · key id (4) · nonce (12) · ciphertext and tag``. The place
(``connections/<uuid>/credentials``) is authenticated with it: a value copied to another row does
not open there.

A digest tells whether a secret has changed without saying what it is: an HMAC under a key of its
own. A plain hash of a short secret could be guessed by whoever gets hold of the database.

What else needs a key of its own (the signature of access tokens) gets one derived from the vault's
by HKDF (RFC 5869) with its own label.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storetwin.kernel.errors import ConfigurationError, InvariantError

KEY_BYTES = 32
VERSION = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
TAG_BYTES = 16
_HEAD_BYTES = len(VERSION) + KEY_ID_BYTES


class WrongEncryptionKeyError(ConfigurationError):
    """What is sealed in the database was sealed with another key."""

    code = "wrong_encryption_key"
    default_remedy = (
        "Put back the encryption.key this database was used with, "
        "or set STORETWIN_ENCRYPTION_KEY to its content."
    )


class SealBrokenError(ConfigurationError):
    """A sealed value was damaged, or taken from another place."""

    code = "seal_broken"
    default_remedy = "Remove the connection and add it again with its keys."


class Vault:
    """Seals and opens values under one key, which never shows.

    Args:
        key: 32 random bytes.
    """

    __slots__ = ("_cipher", "_derivation_key", "_digest_key", "_head")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise InvariantError("A vault's key has 32 bytes.")
        self._cipher = AESGCM(key)
        self._derivation_key = hmac.digest(key, b"storetwin derivation key", "sha256")
        self._digest_key = hmac.digest(key, b"storetwin digest key", "sha256")
        self._head = VERSION + sha256(b"storetwin key id" + key).digest()[:KEY_ID_BYTES]

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Return ``plaintext`` sealed for the place ``bound_to``; different at every call."""
        nonce = os.urandom(NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, plaintext, self._bond(bound_to))

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return what was sealed.

        Raises:
            WrongEncryptionKeyError: it was sealed with another key.
            SealBrokenError: it was damaged, or sealed for another place.
        """
        if len(sealed) < _HEAD_BYTES + NONCE_BYTES + TAG_BYTES or sealed[:1] != VERSION:
            raise SealBrokenError(f"What is kept at {bound_to} is not a sealed value.")
        if sealed[:_HEAD_BYTES] != self._head:
            raise WrongEncryptionKeyError(
                f"What is kept at {bound_to} was sealed with another encryption key."
            )
        nonce, rest = sealed[_HEAD_BYTES:][:NONCE_BYTES], sealed[_HEAD_BYTES + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, rest, self._bond(bound_to))
        except InvalidTag:
            raise SealBrokenError(f"What is kept at {bound_to} was damaged or moved.") from None

    def digest(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Return 32 bytes that change with ``plaintext`` and tell nothing of it without the key."""
        place = bound_to.encode()
        framed = len(place).to_bytes(4, "big") + place + plaintext
        return hmac.digest(self._digest_key, framed, "sha256")

    @property
    def key_id(self) -> str:
        """Return what the current key is known by; it tells nothing of the key."""
        return self._head[len(VERSION) :].hex()

    def derive(self, label: str) -> bytes:
        """Return 32 bytes for one purpose, from the current key."""
        return self.derived(label)[self.key_id]

    def derived(self, label: str) -> dict[str, bytes]:
        """Return the same from every key that is still known, by key id."""
        expand = HKDFExpand(SHA256(), KEY_BYTES, label.encode())
        return {self.key_id: expand.derive(self._derivation_key)}

    def _bond(self, place: str) -> bytes:
        return self._head + place.encode()
