"""What we read of a record; its exact bytes are kept beside it and never rebuilt from this."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec

from storetwin.kernel.clock import parse_gmt
from storetwin.kernel.content_hash import content_hash
from storetwin.kernel.errors import InvariantError, RecordError
from storetwin.kernel.json_spans import spans_of, value_at
from storetwin.kernel.json_text import storable
from storetwin.resources import Resource
from storetwin.resources.declaration import Columns
from storetwin.resources.secrets import secret_spans
from storetwin.security.sealing import Sealed, Sealer
from storetwin.woocommerce.columns import LONGEST, Extracted, extract

_BLANK_META = b"[{}"
LONGEST_EMAIL = 320  # characters; an index takes no more than 2.7 kB (RFC 5321 allows 254)
_ABSENT = msgspec.Raw()


class _Billing(msgspec.Struct, frozen=True, gc=False):
    """The members of an address that people search by."""

    email: Any = None
    first_name: Any = None
    last_name: Any = None


_NOBODY = _Billing()


class _Wire(msgspec.Struct, gc=False):
    """The members we look at. Any of them may have any type: stores hold everything."""

    id: Any = None
    slug: Any = None
    parent_id: Any = None
    status: Any = None
    number: Any = None
    name: Any = None
    code: Any = None
    sku: Any = None
    label: Any = None
    title: Any = None
    author: Any = None
    reviewer: Any = None
    reviewer_email: Any = None
    topic: Any = None
    method_id: Any = None
    method_title: Any = None
    email: Any = None
    username: Any = None
    first_name: Any = None
    last_name: Any = None
    reason: Any = None
    currency: Any = None
    total: msgspec.Raw = _ABSENT
    refunds: msgspec.Raw = _ABSENT
    line_items: msgspec.Raw = _ABSENT
    billing: _Billing = _NOBODY
    date_created_gmt: Any = None
    date_modified_gmt: Any = None
    links: msgspec.Raw = msgspec.field(default=_ABSENT, name="_links")
    payment_url: msgspec.Raw = _ABSENT
    permalink: msgspec.Raw = _ABSENT
    related_ids: msgspec.Raw = _ABSENT
    meta_data: msgspec.Raw = _ABSENT


class _WireWithoutAddress(_Wire, gc=False):
    """The same where ``billing`` is no object (PHP writes an empty one as ``[]``)."""

    billing: Any = None


_FIELDS = frozenset(_Wire.__struct_fields__)
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_DECODER = msgspec.json.Decoder(_Wire)
_LENIENT = msgspec.json.Decoder(_WireWithoutAddress)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of a store. What only a changed record is asked for is read when it is.

    Args:
        document: exact bytes as the store sent them.
        remote_id: what the store calls it, as text.
        number: the same as a number, where ids are numbers.
        parent_id: the record it belongs to (variation → product, refund → order, term → attribute).
        content_hash: 16 bytes, see :mod:`storetwin.kernel.content_hash`.
        is_strict: the document is JSON by the letter (no NaN, no raw control characters, no half
            surrogates), though it may still hold invalid UTF-8 or an escaped NUL.
        is_blank: its ``meta_data`` came as ``[{}, …]``: one unencodable value somewhere on the
            page makes WooCommerce blank all of it.
        searched: the members that people search by.
        columns: the members that tables show, filter and sort by.
    """

    document: bytes
    remote_id: str
    number: int | None
    parent_id: str | None
    content_hash: bytes
    is_strict: bool
    is_blank: bool
    searched: tuple[str, ...]
    columns: Columns
    wire: _Wire

    @property
    def modified_at(self) -> datetime | None:
        """The store's own ``date_modified_gmt``; None where it has none."""
        return parse_gmt(_text(self.wire.date_modified_gmt))

    @property
    def created_at(self) -> datetime | None:
        """The store's own ``date_created_gmt``."""
        return parse_gmt(_text(self.wire.date_created_gmt))

    @property
    def status(self) -> str | None:
        """The store's word for it, where it has one."""
        status = _text(self.wire.status)
        return status[:LONGEST] if status else status

    @property
    def email(self) -> str | None:
        """Its e-mail address in lower case, where it has one."""
        email = _text(self.wire.email) or _text(self.wire.billing.email)
        return email[:LONGEST_EMAIL].lower() if email else None

    @property
    def search_text(self) -> str | None:
        """What people search by, in lower case."""
        return _search_text(self.searched, self.wire)

    @property
    def extracted(self) -> Extracted:
        """What stands in columns of its own."""
        return extract(self.columns, self.wire, self.remote_id, _text)


def read_record(
    resource: Resource,
    document: bytes,
    *,
    container: str | None = None,
    sealer: Sealer | None = None,
) -> Record:
    """Read what we need of one record, and seal what nobody may read before anything else sees it.

    Args:
        resource: its declaration.
        document: exact bytes.
        container: remote id of the record in whose list it stood, if it was one.
        sealer: needed where the resource has secrets.

    Raises:
        RecordError: the record does not say what it is called, or is no JSON.
    """
    remote_id: str | None = None
    digested = document
    if resource.secrets is not None:
        remote_id = _remote_id(resource, _decode(resource, document)[0], document, container)
        sealed = _seal(resource, document, remote_id, sealer)
        document, digested = sealed.document, sealed.digested
    wire, is_strict = _decode(resource, digested)
    remote_id = remote_id or _remote_id(resource, wire, document, container)
    return Record(
        document=document,
        remote_id=remote_id,
        number=int(remote_id) if resource.has_numeric_key and remote_id.isdecimal() else None,
        parent_id=container or _text(wire.parent_id) or None,
        content_hash=content_hash(digested, _volatile(resource, wire, digested)),
        is_strict=is_strict,
        is_blank=bytes(wire.meta_data).startswith(_BLANK_META),
        searched=resource.search,
        columns=resource.columns,
        wire=wire,
    )


def is_foreign(resource: Resource, record: Record) -> bool:
    """Say whether a record that answered at the address of one is another resource's."""
    if resource.foreign is None:
        return False
    member, value = resource.foreign
    return _member(record.wire, member, record.document) == value


# -- what a record is called ----------------------------------------------------------------------


def _remote_id(resource: Resource, wire: _Wire, document: bytes, container: str | None) -> str:
    """Return what a record is called within its resource.

    Raises:
        RecordError: the members that name it are not there.
    """
    if resource.is_document:
        return resource.name
    if "{" not in resource.key:
        name = _member(wire, resource.key, document)
    else:
        names = _PLACEHOLDER.findall(resource.key)
        values = {n: container if n == "parent" else _member(wire, n, document) for n in names}
        complete = all(values.values())
        name = _PLACEHOLDER.sub(lambda m: values[m[1]] or "", resource.key) if complete else None
    if name:
        return name
    raise RecordError(
        f"A record of {resource.name} has no {resource.key}{_excerpt(resource, document)}",
        remedy="Look at the record in the store; a plugin removes the member.",
    )


def _member(wire: _Wire, name: str, document: bytes) -> str | None:
    if name in _FIELDS:
        return _text(getattr(wire, name))
    return _text(next((value for value in _values(document, name)), None))


def _values(document: bytes, path: str) -> list[Any]:
    text = document.decode("utf-8", "surrogateescape")
    try:
        return [value_at(text, span) for span in spans_of(text, path.split("."))]
    except ValueError:
        return []


def _excerpt(resource: Resource, document: bytes) -> str:
    """Return the beginning of a document for an error, where it cannot hold a secret."""
    return "." if resource.secrets else f": {document[:80]!r}"


# -- secrets --------------------------------------------------------------------------------------


def locate_secrets(resource: Resource, text: str) -> list[tuple[str, tuple[int, int]]]:
    """Return (dotted path, span) of each value of a document that is to be sealed.

    Raises:
        RecordError: the document cannot be taken apart, so nothing of it may be kept.
    """
    if resource.secrets is None:
        return []
    try:
        return list(secret_spans(resource.secrets, text))
    except (ValueError, RecursionError) as error:
        raise RecordError(
            f"A record of {resource.name} is no JSON that can be taken apart to seal its secrets."
        ) from error


def _seal(resource: Resource, document: bytes, remote_id: str, sealer: Sealer | None) -> Sealed:
    if sealer is None:
        raise InvariantError(f"Records of {resource.name} hold secrets and nobody seals them.")
    found = locate_secrets(resource, document.decode("utf-8", "surrogateescape"))
    return sealer.seal(document, f"{resource.name}/{remote_id}", found)


# -- decoding -------------------------------------------------------------------------------------


def _decode(resource: Resource, document: bytes) -> tuple[_Wire, bool]:
    """Decode what we look at; say whether the document is JSON by the letter."""
    try:
        return _DECODER.decode(document), True
    except msgspec.ValidationError:  # what follows the odd member was not looked at yet
        with suppress(RecordError):
            return _decode_leniently(resource, document, document), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    return _decode_leniently(resource, storable(document).clean or b"", document), False


def _decode_leniently(resource: Resource, readable: bytes, document: bytes) -> _Wire:
    try:
        wire = _LENIENT.decode(readable)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = "" if resource.secrets else f": {error}"
        raise RecordError(f"A record is not JSON{reason}{_excerpt(resource, document)}") from (
            None if resource.secrets else error
        )
    if isinstance(wire.billing, dict):
        names = ("email", "first_name", "last_name")
        wire.billing = _Billing(*(wire.billing.get(name) for name in names))
    else:
        wire.billing = _NOBODY
    return wire


def _text(value: Any) -> str | None:
    """Return a scalar as text without what PostgreSQL's ``text`` cannot hold; None for the rest."""
    if type(value) is not str:
        if type(value) is not int and type(value) is not float:
            return None
        value = str(value)
    text: str = value
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _search_text(searched: tuple[str, ...], wire: _Wire) -> str | None:
    values = _SEARCHED[searched](wire) if searched else ()
    if len(searched) == 1:
        values = (values,)
    return " ".join([text for value in values if (text := _text(value))]).lower() or None


class _Searched(dict[tuple[str, ...], Callable[[_Wire], Any]]):
    """The getter of each resource's searched members, made at its first use."""

    def __missing__(self, paths: tuple[str, ...]) -> Callable[[_Wire], Any]:
        self[paths] = attrgetter(*paths)
        return self[paths]


_SEARCHED = _Searched()


def _volatile(resource: Resource, wire: _Wire, document: bytes) -> list[tuple[str, bytes]]:
    """Return (name, exact bytes of its value) of what the content hash leaves out."""
    pairs = []
    for name in resource.volatile:
        own = name.removeprefix("_")
        if own not in _FIELDS:
            pairs += _found(document, name)
            continue
        value = getattr(wire, own)
        if isinstance(value, msgspec.Raw):
            if value is not _ABSENT:
                pairs.append((name, bytes(value)))
        elif value is not None:
            pairs.append((name, str(value).encode()))
    return pairs


def _found(document: bytes, path: str) -> list[tuple[str, bytes]]:
    """Return the same of a member that we do not read otherwise, be it inside another one."""
    text = document.decode("utf-8", "surrogateescape")
    names = path.split(".")
    try:
        spans = list(spans_of(text, names))
    except (ValueError, RecursionError):
        return []
    return [(names[-1], text[a:b].encode("utf-8", "surrogateescape")) for a, b in spans]
