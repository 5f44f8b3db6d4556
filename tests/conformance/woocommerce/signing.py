"""Signing a request with OAuth 1.0a (HMAC-SHA256), the way WooCommerce checks it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote

from conformance.woocommerce.store_under_test import API, Keys, StoreUnderTest
from storetwin.testing.conformance import Answer


def signed(
    store: StoreUnderTest,
    path: str,
    *,
    keys: Keys | None = None,
    seconds_off: int = 0,
    plain: bool = False,
    **other: str | int | None,
) -> Answer:
    """Ask with a signature in the query; ``other`` adds parameters, and None takes one away."""
    keys = keys or store.keys["read_write"]
    parameters: dict[str, str | int | None] = {
        "oauth_consumer_key": keys.key,
        "oauth_nonce": secrets.token_hex(12),
        "oauth_timestamp": int(time.time()) + seconds_off,
        "oauth_signature_method": "HMAC-SHA256",
        **other,
    }
    sent = {name: str(value) for name, value in parameters.items() if value is not None}
    url = store.door(plain=plain) + API + path
    sent["oauth_signature"] = _signature(url, sent, keys.secret)
    return store.ask("GET", path, sent, anonymous=True, plain=plain)


def _signature(url: str, parameters: Mapping[str, str], secret: str) -> str:
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parameters.items())
    query = "%26".join(f"{_quoted(name)}%3D{_quoted(value)}" for name, value in pairs)
    text = f"GET&{_quoted(url)}&{query}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="~")
