"""Sealed values inside a JSON document: how they are written, opened, and shown.

A sealed value stands in the place of the one it was as ``{"$sealed":"<base64>"}``. It is bound to
its connection, resource, record and path: copied to another row it does not open there.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from storetwin.kernel.json_leaves import leaves
from storetwin.kernel.json_spans import Span, replaced
from storetwin.security.vault import SealBrokenError, Vault, WrongEncryptionKeyError, sealing_key_of

MASK = '"(sealed)"'
_SEALED = re.compile(r'\{"\$sealed":"([A-Za-z0-9+/=]*)"\}')
_HOW = "surrogateescape"  # bytes that are no UTF-8 come back as they were

Located = Iterable[tuple[str, Span]]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A document whose secrets are sealed.

    Args:
        document: what is kept.
        digested: the same with a digest in place of each secret: equal as long as nothing changed,
            while two seals of one value never are. Never kept.
    """

    document: bytes
    digested: bytes


@dataclass(frozen=True, slots=True)
class Resealed:
    """What sealing a document anew came to.

    Args:
        pieces: what stood in it → what stands there now; of the same length.
        keys: id of the key of each sealed value as it was found.
        stuck: ids of the keys of those that could not be opened.
    """

    pieces: dict[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()

    def applied_to(self, document: bytes) -> bytes:
        """Return the document, or a copy of it, with the new values in place of the old ones."""
        text = document.decode("utf-8", _HOW)
        return _SEALED.sub(lambda m: self.pieces.get(m[0], m[0]), text).encode("utf-8", _HOW)


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals and opens what is pulled through one connection.

    Args:
        place: names the connection: what is sealed for one does not open for another.
    """

    vault: Vault = field(repr=False)
    place: str

    def seal(self, document: bytes, record: str, secrets: Located) -> Sealed:
        """Return a document with these values sealed.

        Args:
            record: names the record within the connection, like ``payment_gateways/stripe``.
            secrets: (dotted path, span) of each secret in the document's text.
        """
        text = document.decode("utf-8", _HOW)
        sealed, digested = [], []
        for path, span in secrets:
            value, place = text[span[0] : span[1]].encode("utf-8", _HOW), self._at(record, path)
            sealed.append((span, _boxed(self.vault.seal(value, bound_to=place))))
            digest = self.vault.digest(value, bound_to=place).hex()
            digested.append((span, f'{{"$digest":"{digest}"}}'))
        return Sealed(
            replaced(text, sealed).encode("utf-8", _HOW),
            replaced(text, digested).encode("utf-8", _HOW),
        )

    def open(self, document: bytes, record: str, locate: Callable[[str], Located]) -> bytes:
        """Return the document as the store sent it.

        Args:
            record: as it was sealed.
            locate: finds (dotted path, span) of each value that may be sealed.

        Raises:
            WrongEncryptionKeyError, SealBrokenError: a value cannot be opened.
        """
        text = document.decode("utf-8", _HOW)
        opened = []
        for path, span in locate(text):
            found = _SEALED.fullmatch(text, *span)
            if found is not None:
                value = self._opened(found[1], self._at(record, path))
                opened.append((span, value.decode("utf-8", _HOW)))
        return replaced(text, opened).encode("utf-8", _HOW)

    def reseal(self, document: bytes, record: str) -> Resealed:
        """Seal anew what another key than the current one has sealed, wherever it stands.

        What a resource declares may have changed since, so each sealed value is taken for one of
        the places it can have been bound to; the seal itself says which it was.

        Args:
            record: as it was sealed.
        """
        text = document.decode("utf-8", _HOW)
        pieces: dict[str, str] = {}
        keys, stuck = [], []
        for path, (start, end) in leaves(text) if _SEALED.search(text) else ():
            found = _SEALED.fullmatch(text, text.rfind("{", 0, start), end + 1)
            if found is None or path[-1:] != ("$sealed",):
                continue
            sealed = _unboxed(found[1])
            key_id = sealing_key_of(sealed)
            if not key_id:
                continue  # a store may send what only looks like a sealed value
            keys.append(key_id)
            if key_id == self.vault.key_id:
                continue
            new = self._resealed(sealed, record, path[:-1])
            if new is None:
                stuck.append(key_id)
            else:
                pieces[found[0]] = _boxed(new)
        return Resealed(pieces, tuple(keys), tuple(stuck))

    def _resealed(self, sealed: bytes, record: str, path: tuple[str | int, ...]) -> bytes | None:
        """Return a value sealed anew; None where it cannot be opened."""
        names = [step for step in path if isinstance(step, str)]
        inside = names[:-1] if names[-1:] == ["value"] else names  # a setting is named by its id
        for place in dict.fromkeys(self._at(record, ".".join(p)) for p in (names, inside)):
            try:
                return self.vault.seal(self.vault.open(sealed, bound_to=place), bound_to=place)
            except (SealBrokenError, WrongEncryptionKeyError):
                continue
        return None

    def _opened(self, box: str, place: str) -> bytes:
        try:
            return self.vault.open(base64.b64decode(box, validate=True), bound_to=place)
        except binascii.Error:
            raise SealBrokenError(f"What is kept at {place} is not a sealed value.") from None

    def _at(self, record: str, path: str) -> str:
        return f"{self.place}/{record}/{path}"


def _boxed(sealed: bytes) -> str:
    return f'{{"$sealed":"{base64.b64encode(sealed).decode()}"}}'


def _unboxed(box: str) -> bytes:
    try:
        return base64.b64decode(box, validate=True)
    except binascii.Error:
        return b""


def masked(document: bytes) -> bytes:
    """Return a document for showing: a mark in place of each sealed value."""
    return _SEALED.sub(MASK, document.decode("utf-8", _HOW)).encode("utf-8", _HOW)
