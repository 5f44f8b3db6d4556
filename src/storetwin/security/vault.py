"""Sealing: AES-256-GCM under a ring of keys, each value bound to the place it is kept in.

A sealed value is ``version (1 byte) · key id (4) · nonce (12) · ciphertext and tag``. The place
(``connections/<uuid>/credentials``) is authenticated with it: a value copied to another row does
not open there. One key seals; former ones still open what they sealed, until it was sealed anew.

A digest tells whether a secret has changed without saying what it is: an HMAC under a key of its
own. A plain hash of a short secret could be guessed by whoever gets hold of the database. That key
stays as it is when the vault's key is changed: else everything would look changed.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

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
HEAD_BYTES = len(VERSION) + KEY_ID_BYTES


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


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a vault. None of them shows.

    Args:
        current: seals, and opens.
        former: open what they sealed.
        retired: ids of keys that seal nothing any more and were thrown away.
    """

    current: bytes = field(repr=False)
    former: tuple[bytes, ...] = field(default=(), repr=False)
    retired: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Refuse keys that are none."""
        if any(len(key) != KEY_BYTES for key in self.every):
            raise InvariantError("A vault's key has 32 bytes.")

    @property
    def every(self) -> tuple[bytes, ...]:
        """Return all of them, the current one first."""
        return (self.current, *self.former)

    @property
    def ids(self) -> frozenset[str]:
        """Return what they are known by."""
        return frozenset(map(key_id_of, self.every))


class KeySource(Protocol):
    """Where a vault looks for its keys again while it is in use."""

    def stamp(self) -> Hashable:
        """Return something cheap that changes whenever the keys may have; None: they are gone."""
        ...

    def read(self) -> Keys:
        """Return the keys.

        Raises:
            ConfigurationError: they cannot be read.
        """
        ...


def key_id_of(key: bytes) -> str:
    """Return what a key is known by; it tells nothing of the key."""
    return sha256(b"storetwin key id" + key).digest()[:KEY_ID_BYTES].hex()


def sealing_key_of(sealed: bytes) -> str:
    """Return the id of the key that a value was sealed with; empty where it is no sealed value."""
    if len(sealed) < HEAD_BYTES + NONCE_BYTES + TAG_BYTES or sealed[:1] != VERSION:
        return ""
    return sealed[len(VERSION) : HEAD_BYTES].hex()


class _Key:
    """One key, ready to be used."""

    __slots__ = ("cipher", "derivation_key", "digest_key", "head", "key_id")

    def __init__(self, key: bytes) -> None:
        self.cipher = AESGCM(key)
        self.derivation_key = hmac.digest(key, b"storetwin derivation key", "sha256")
        self.digest_key = hmac.digest(key, b"storetwin digest key", "sha256")
        self.key_id = key_id_of(key)
        self.head = VERSION + bytes.fromhex(self.key_id)

    def seal(self, plaintext: bytes, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return self.head + nonce + self.cipher.encrypt(nonce, plaintext, self._bond(place))

    def open(self, sealed: bytes, place: str) -> bytes:
        nonce, rest = sealed[HEAD_BYTES:][:NONCE_BYTES], sealed[HEAD_BYTES + NONCE_BYTES :]
        try:
            return self.cipher.decrypt(nonce, rest, self._bond(place))
        except InvalidTag:
            raise SealBrokenError(f"What is kept at {place} was damaged or moved.") from None

    def _bond(self, place: str) -> bytes:
        return self.head + place.encode()


class Vault:
    """Seals under one key, opens under several. No key ever shows.

    Args:
        keys: 32 random bytes, or several such keys.
        source: where they came from; looked at before each seal, and when a value was sealed with
            a key that is not known. So a process goes on while another one changes the key.
    """

    __slots__ = ("_digest_key", "_ring", "_source", "_stamp")

    def __init__(self, keys: bytes | Keys, source: KeySource | None = None) -> None:
        self._source = source
        self._stamp = source.stamp() if source else None
        self._ring = _ring_of(Keys(keys) if isinstance(keys, bytes) else keys)
        self._digest_key = self._current.digest_key

    def seal(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Return ``plaintext`` sealed for the place ``bound_to``; different at every call.

        Raises:
            ConfigurationError: the file of the keys is gone: what is sealed now might never be
                opened again.
            WrongEncryptionKeyError: the file was replaced by another one.
        """
        self.look_again()
        return self._current.seal(plaintext, bound_to)

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return what was sealed.

        Raises:
            WrongEncryptionKeyError: it was sealed with a key that is not known.
            SealBrokenError: it was damaged, or sealed for another place.
        """
        key_id = sealing_key_of(sealed)
        if not key_id:
            raise SealBrokenError(f"What is kept at {bound_to} is not a sealed value.")
        if key_id not in self._ring:
            self.look_again()
        if key_id not in self._ring:
            raise WrongEncryptionKeyError(
                f"What is kept at {bound_to} was sealed with another encryption key."
            )
        return self._ring[key_id].open(sealed, bound_to)

    def digest(self, plaintext: bytes, *, bound_to: str) -> bytes:
        """Return 32 bytes that change with ``plaintext`` and tell nothing of it without the key."""
        place = bound_to.encode()
        framed = len(place).to_bytes(4, "big") + place + plaintext
        return hmac.digest(self._digest_key, framed, "sha256")

    # -- the ring -------------------------------------------------------------------------------

    @property
    def _current(self) -> _Key:
        return next(iter(self._ring.values()))

    @property
    def key_id(self) -> str:
        """Return what the current key is known by; it tells nothing of the key."""
        return self._current.key_id

    @property
    def source(self) -> KeySource | None:
        """Return where the keys came from; None where they cannot change while this runs."""
        return self._source

    @property
    def former_ids(self) -> tuple[str, ...]:
        """Return what the former keys are known by."""
        return tuple(self._ring)[1:]

    def look_again(self) -> None:
        """Take the keys as they are by now, where they come from a file that has changed.

        Raises:
            ConfigurationError: they are gone, or cannot be read.
            WrongEncryptionKeyError: they are others: the key that was used until now is not among
                them, and was not retired either.
        """
        if self._source is None or (stamp := self._source.stamp()) == self._stamp:
            return
        keys = self._source.read()
        if self.key_id not in keys.ids | keys.retired:
            raise WrongEncryptionKeyError(
                f"The file of the encryption key was replaced while this process was running: the "
                f"key {self.key_id} is not in it any more.",
                remedy="Put back the file as it was; storetwin vault rotate changes the key.",
            )
        self._ring, self._stamp = _ring_of(keys), stamp

    def digest_key_of(self, key_id: str) -> bytes:
        """Return the key of digests that goes with a key: what one has until it is kept apart."""
        return self._ring[key_id].digest_key

    def keep_digest_key(self, digest_key: bytes) -> None:
        """Make digests with this key from now on: it does not follow the vault's key."""
        self._digest_key = digest_key

    # -- keys for other purposes ----------------------------------------------------------------

    def derive(self, label: str) -> bytes:
        """Return 32 bytes for one purpose, from the current key."""
        return self.derived(label)[self.key_id]

    def derived(self, label: str) -> dict[str, bytes]:
        """Return the same from every key that is still known, by key id."""
        with suppress(ConfigurationError):  # what is derived is not kept: nothing can be lost
            self.look_again()
        return {
            key.key_id: HKDFExpand(SHA256(), KEY_BYTES, label.encode()).derive(key.derivation_key)
            for key in self._ring.values()
        }


def _ring_of(keys: Keys) -> dict[str, _Key]:
    """Return the keys by id, the current one first."""
    ring: dict[str, _Key] = {}
    for key in map(_Key, keys.every):
        ring.setdefault(key.key_id, key)
    return ring
