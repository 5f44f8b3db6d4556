"""Single requests to a sandbox store that show what came over the wire, also when it broke off."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from itertools import count
from urllib.parse import parse_qsl, urlencode

from storetwin.sandboxes.woocommerce.server import Sandbox
from storetwin.woocommerce.auth import encode, signature

ORDERS = "/wp-json/wc/v3/orders"
SOON = 5.0
_NONCES = count()


def begin(
    store: Sandbox, path: str = ORDERS, headers: dict[str, str] | None = None, **params: object
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Ask, signed in the header, and return connection and answer before its body is read."""
    host = store.url.partition("://")[2]
    connection = http.client.HTTPConnection(host, timeout=SOON)
    query = urlencode(params)
    target = f"{path}?{query}" if query else path
    signed = {"Authorization": _authorisation(store, path, query)}
    connection.request("GET", target, headers={**signed, **(headers or {})})
    try:
        return connection, connection.getresponse()
    except Exception:
        connection.close()
        raise


def get(
    store: Sandbox, path: str = ORDERS, headers: dict[str, str] | None = None, **params: object
) -> tuple[http.client.HTTPResponse, bytes]:
    """Ask, and return the answer and its whole body."""
    connection, response = begin(store, path, headers, **params)
    try:
        return response, response.read()
    finally:
        connection.close()


def wait_until(holds: Callable[[], object]) -> None:
    """Wait for something that happens in another thread soon."""
    deadline = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


def _authorisation(store: Sandbox, path: str, query: str) -> str:
    sent = {
        "oauth_consumer_key": store.key,
        "oauth_nonce": f"{time.time_ns()}-{next(_NONCES)}",
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(int(time.time())),
    }
    params = {**dict(parse_qsl(query)), **sent}
    sent["oauth_signature"] = signature("GET", store.url + path, params, store.secret)
    return "OAuth " + ", ".join(f'{name}="{encode(value)}"' for name, value in sent.items())
