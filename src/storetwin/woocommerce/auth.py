"""How keys travel: Basic, in the query, or as an OAuth 1.0a signature. Pure.

Facts, measured on WooCommerce 10.5: over plain http only OAuth is read; ``status[]=`` breaks the
signature and ``status[0]=`` does not; a nonce is taken once; a time stamp may be 15 minutes off.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote

from storetwin.connections.models import AuthScheme, Credentials

SAFE = "-._~"


def sign(
    scheme: AuthScheme,
    credentials: Credentials,
    method: str,
    url: str,
    params: Mapping[str, str],
    *,
    nonce: str,
    timestamp: int,
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the query and the headers of a request that carries the keys.

    Args:
        scheme: BASIC, QUERY or OAUTH1.
        nonce: used for one request only. No cache has seen a query with it; WordPress ignores
            the ``_`` that carries it where the keys do not (measured).
        timestamp: seconds since 1970 by the store's clock (OAuth).
    """
    key, secret = credentials.key.get_secret_value(), credentials.secret.get_secret_value()
    if scheme is AuthScheme.BASIC:
        token = base64.b64encode(f"{key}:{secret}".encode()).decode()
        return {**params, "_": nonce}, {"Authorization": f"Basic {token}"}
    if scheme is AuthScheme.QUERY:
        return {**params, "consumer_key": key, "consumer_secret": secret, "_": nonce}, {}
    signed = {
        **params,
        "oauth_consumer_key": key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(timestamp),
    }
    return signed | {"oauth_signature": signature(method, url, signed, secret)}, {}


def signature(method: str, url: str, params: Mapping[str, str], secret: str) -> str:
    """Return the OAuth 1.0a signature (RFC 5849, section 3.4; HMAC-SHA256, no token secret)."""
    pairs = sorted((encode(name), encode(value)) for name, value in params.items())
    query = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join([method.upper(), encode(url), encode(query)])
    digest = hmac.new(f"{secret}&".encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def encode(text: str) -> str:
    """Percent-encode as RFC 3986 and OAuth want it."""
    return quote(text, safe=SAFE)
