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

from storetwin.kernel.json_spans import Span, replaced
from storetwin.security.vault import SealBrokenError, Vault

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
            box = base64.b64encode(self.vault.seal(value, bound_to=place)).decode()
            sealed.append((span, f'{{"$sealed":"{box}"}}'))
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

    def _opened(self, box: str, place: str) -> bytes:
        try:
            return self.vault.open(base64.b64decode(box, validate=True), bound_to=place)
        except binascii.Error:
            raise SealBrokenError(f"What is kept at {place} is not a sealed value.") from None

    def _at(self, record: str, path: str) -> str:
        return f"{self.place}/{record}/{path}"


def masked(document: bytes) -> bytes:
    """Return a document for showing: a mark in place of each sealed value."""
    return _SEALED.sub(MASK, document.decode("utf-8", _HOW)).encode("utf-8", _HOW)
