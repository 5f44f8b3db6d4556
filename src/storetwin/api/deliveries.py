"""Reading a delivery: is it genuine, is it ours, and which record does it name? Pure.

WooCommerce signs with ``base64(HMAC-SHA256(raw body, secret))`` and names its own address and the
topic in headers. Its ping at creation is a form without signature. Where the record is gone before
it is delivered, the body is the REST API's error object, signed like any other (all measured).
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from uuid import UUID

import msgspec

from storetwin.connections.webhooks import ReceivingEnd, place_of
from storetwin.connections.webhooks_plan import TEST_TOPIC, TOPICS
from storetwin.mirror.inbox import Delivery

GONE = "the record was gone before it was delivered"
UNREADABLE = "it names no record"
TEST = "a test"
_PING = re.compile(rb"webhook_id=\d{1,20}")
_FORM = b"application/x-www-form-urlencoded"
_LONGEST = 200  # characters that are kept of anything that a header says


class _Body(msgspec.Struct):
    """The members of a body that we read. Any of them may have any type."""

    id: Any = None
    parent_id: Any = None
    type: Any = None
    code: Any = None


_DECODER = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Receiver:
    """What is kept in memory of a receiving end.

    Args:
        places: where the store is at home.
        networks: who may deliver; empty: anybody.
    """

    organisation_id: UUID
    connection_id: UUID
    secret: bytes = field(repr=False)
    places: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, end: ReceivingEnd) -> Receiver:
        """Return what the door needs of a receiving end."""
        networks = tuple(ip_network(text) for text in end.allowed_ips)
        return cls(
            end.organisation_id, end.connection_id, end.secret.encode(), end.places, networks
        )

    def admits(self, peer: str | None) -> bool:
        """Say whether an address may deliver."""
        if not self.networks:
            return True
        try:
            address = ip_address((peer or "").strip())
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a delivery is not taken.

    Args:
        status: of the answer.
        reason: for the owner of the connection; nothing of the body.
    """

    status: int
    reason: str


class Ping:
    """The store looks whether anybody is there."""


Headers = Mapping[bytes, bytes]


def judge(
    receiver: Receiver, headers: Headers, body: bytes, received_at: datetime
) -> Delivery | Refused | Ping:
    """Say what came through the door.

    The signature is looked at before anything that it covers, and compared in constant time.
    """
    signature = headers.get(b"x-wc-webhook-signature")
    if signature is None:
        is_form = headers.get(b"content-type", b"").startswith(_FORM)
        if is_form and _PING.fullmatch(body):
            return Ping()
        return Refused(401, "it is not signed")
    if not hmac.compare_digest(signature.strip(), sign(receiver.secret, body)):
        return Refused(401, "its signature is wrong")
    source = _text(headers.get(b"x-wc-webhook-source"))
    if _place(source) not in receiver.places:
        home = " or ".join(sorted(receiver.places))
        return Refused(403, f"it comes from {source or 'nowhere'}, and the store is {home}")
    topic = _text(headers.get(b"x-wc-webhook-topic"))
    if topic == TEST_TOPIC:
        told = Told("", None, None, TEST)
    elif topic in TOPICS:
        told = read_body(topic, body)
    else:
        return Refused(400, f"its topic is {topic or 'not named'}")
    return Delivery(
        connection_id=receiver.connection_id,
        topic=topic,
        resource=told.resource,
        remote_id=told.remote_id,
        parent_id=told.parent_id,
        webhook_id=_text(headers.get(b"x-wc-webhook-id")) or None,
        delivery_id=_text(headers.get(b"x-wc-webhook-delivery-id")) or None,
        body=body,
        received_at=received_at,
        note=told.note,
    )


@lru_cache(maxsize=1_000)
def _place(source: str) -> str | None:
    return place_of(source)


def sign(secret: bytes, body: bytes) -> bytes:
    """Return the signature of a body as WooCommerce writes it."""
    return b64encode(hmac.digest(secret, body, "sha256"))


@dataclass(frozen=True, slots=True)
class Told:
    """Which record a body names, or why it names none."""

    resource: str
    remote_id: str | None
    parent_id: str | None
    note: str | None = None


def read_body(topic: str, body: bytes) -> Told:
    """Return which record a body names; variations come as products (measured)."""
    resource = TOPICS[topic]
    found = _decode(body)
    if found is None:
        return Told(resource, None, None, UNREADABLE)
    remote_id = _id(found.id)
    if remote_id is None:
        return Told(resource, None, None, GONE if isinstance(found.code, str) else UNREADABLE)
    if resource == "products" and found.type == "variation":
        return Told("variations", remote_id, _id(found.parent_id))
    return Told(resource, remote_id, None)


def _decode(body: bytes) -> _Body | None:
    """Decode what we look at; None for what is no JSON object, however leniently it is read."""
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return _Body(*(found.get(name) for name in _Body.__struct_fields__))


def _id(value: object) -> str | None:
    """Return an id as text; what is no whole number above zero is none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if re.fullmatch(r"[1-9][0-9]{0,18}", text, re.ASCII) else None


def _text(value: bytes | None) -> str:
    """Return a header as text of bounded length that any database keeps."""
    text = (value or b"").strip().decode("latin-1")
    if len(text) > _LONGEST or not text.isprintable():
        text = "".join(c for c in text[: 2 * _LONGEST] if c.isprintable())[:_LONGEST]
    return text
