"""Who asks: Basic and query keys over TLS, OAuth 1.0a, with WooCommerce's own error texts.

Keys are looked at only when the URL itself contains ``/wp-json/wc``; Basic over plain http is not
read at all, so that a right key looks like no key.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote, unquote

from storetwin.sandboxes.woocommerce.answers import RestError
from storetwin.sandboxes.woocommerce.request import Request, flattened, parse_query

WINDOW = 15 * 60
"""Seconds an OAuth timestamp may be off, and a nonce is remembered."""
_REQUIRED = (
    "oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature",
    "oauth_signature_method",
)  # fmt: skip
_METHODS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
_HEADER_PART = re.compile(r'(oauth_\w+)="?([^",]*)"?')
_MOST_NONCES = 200_000


class Permission(Enum):
    """What a key may do."""

    READ = "read"
    WRITE = "write"
    READ_WRITE = "read_write"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A consumer key and its secret. Those of the sandbox are public and fixed."""

    key: str
    secret: str
    permission: Permission


READ_WRITE = KeyPair(
    "ck_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0001",
    "cs_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0001",
    Permission.READ_WRITE,
)
READ_ONLY = KeyPair(
    "ck_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0002",
    "cs_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0002",
    Permission.READ,
)
WRITE_ONLY = KeyPair(
    "ck_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0003",
    "cs_5a4db0c0ffee5a4db0c0ffee5a4db0c0ffee0003",
    Permission.WRITE,
)


USUAL = (READ_WRITE, READ_ONLY, WRITE_ONLY)


def _refused(message: str, code: str = "woocommerce_rest_authentication_error") -> RestError:
    return RestError(code, message, 401, shows_allow=False)


@dataclass(slots=True)
class Gate:
    """Knows the keys and which nonces were used.

    Args:
        now: the store's clock, in seconds: signatures bear the time.
    """

    pairs: tuple[KeyPair, ...] = USUAL
    now: Callable[[], float] = time.time
    _nonces: dict[tuple[str, str], float] = field(default_factory=dict)

    def make(self, permission: Permission) -> KeyPair:
        """Make another key; the public ones stay."""
        made = KeyPair(f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}", permission)
        self.pairs += (made,)
        return made

    def revoke(self, key: str) -> bool:
        """Delete a key, be it one of the public ones; say whether there was such a one."""
        before = self.pairs
        self.pairs = tuple(pair for pair in before if pair.key != key)
        return len(self.pairs) < len(before)

    def reset(self) -> None:
        """Know the public keys again, and no others."""
        self.pairs = USUAL

    def identify(self, request: Request) -> KeyPair | None:
        """Return the key a request is signed with; None for a stranger.

        Raises:
            RestError: 401, the key is known but something about it is wrong.
        """
        if not request.is_pretty:
            return None
        if request.is_secure:
            pair = self._basic(request)
            if pair is not None:
                return pair
        return self._oauth(request)

    def _basic(self, request: Request) -> KeyPair | None:
        key, secret = request.query.get("consumer_key"), request.query.get("consumer_secret")
        if not (isinstance(key, str) and isinstance(secret, str)):
            key, secret = _basic_header(request.headers.get("authorization", ""))
        pair = self._pair(key)
        if pair is None:
            return None
        if not hmac.compare_digest(pair.secret.encode(), (secret or "").encode()):
            raise _refused("Consumer secret is invalid.")
        return pair

    def _pair(self, key: str | None) -> KeyPair | None:
        return next((pair for pair in self.pairs if pair.key == key), None)

    def _oauth(self, request: Request) -> KeyPair | None:
        sent = _oauth_parameters(request)
        if not sent:
            return None
        missing = [name for name in _REQUIRED if not sent.get(name)]
        if missing:
            many = "parameters" if len(missing) > 1 else "parameter"
            raise _refused(
                f"Missing OAuth {many} {', '.join(missing)}",
                "woocommerce_rest_authentication_missing_parameter",
            )
        pair = self._pair(sent["oauth_consumer_key"])
        if pair is None:
            raise _refused("Consumer key is invalid.")
        _check_signature(request, sent, pair)
        self._check_moment(sent, pair)
        return pair

    def _check_moment(self, sent: dict[str, str], pair: KeyPair) -> None:
        now = self.now()
        try:
            moment = int(sent["oauth_timestamp"])
        except ValueError:
            moment = 0
        if abs(now - moment) > WINDOW:
            raise _refused("Invalid timestamp.")
        nonce = (pair.key, sent["oauth_nonce"])
        if nonce in self._nonces:
            raise _refused("Invalid nonce - nonce has already been used.")
        self._nonces[nonce] = now
        if len(self._nonces) > _MOST_NONCES:
            self._nonces = {k: t for k, t in self._nonces.items() if now - t < WINDOW}


def check_permission(pair: KeyPair, verb: str) -> None:
    """Refuse what a key may not do.

    Raises:
        RestError: 401 (not 403), as WooCommerce answers.
    """
    if verb == "OPTIONS" or pair.permission is Permission.READ_WRITE:
        return
    needed = Permission.READ if verb == "GET" else Permission.WRITE
    if pair.permission is not needed:
        raise _refused(f"The API key provided does not have {needed.value} permissions.")


def _basic_header(header: str) -> tuple[str | None, str | None]:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None, None
    try:
        text = base64.b64decode(encoded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    key, _, secret = text.partition(":")
    return key, secret


def _oauth_parameters(request: Request) -> dict[str, str]:
    """Return the ``oauth_*`` parameters of the query, or of an ``Authorization: OAuth`` header."""
    sent = {k: v for k, v in request.query.items() if k.startswith("oauth_") and isinstance(v, str)}
    header = request.headers.get("authorization", "")
    if not sent and header.lower().startswith("oauth "):
        sent = {name: unquote(value) for name, value in _HEADER_PART.findall(header)}
    return sent


def _check_signature(request: Request, sent: dict[str, str], pair: KeyPair) -> None:
    algorithm = _METHODS.get(sent["oauth_signature_method"])
    if algorithm is None:
        raise _refused("Invalid signature - signature method is invalid.")
    parameters = dict(flattened(parse_query(request.query_string))) | sent
    parameters.pop("oauth_signature", None)
    pairs = sorted((_encode(name), _encode(value)) for name, value in parameters.items())
    joined = "%26".join(f"{_encode(name)}%3D{_encode(value)}" for name, value in pairs)
    where = _encode(request.base + unquote(request.path))
    text = f"{request.method}&{where}&{joined}"
    digest = hmac.digest(f"{pair.secret}&".encode(), text.encode(), algorithm)
    if not hmac.compare_digest(
        base64.b64encode(digest), sent["oauth_signature"].replace(" ", "+").encode()
    ):
        raise _refused("Invalid signature - provided signature does not match.")


def _encode(text: str) -> str:
    return quote(text, safe="~")
