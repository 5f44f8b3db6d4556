"""What WooCommerce sends and how it counts: pure functions.

Measured on WooCommerce 10.5 where nothing else is said; "source" is its class-wc-webhook.php.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace

from storetwin.sandboxes.woocommerce.model.hooks import Hook

Header = tuple[str, str]
MOST_FAILURES = 5
WORDPRESS = "6.9.1"
_SPECIAL = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#039;", "'"), ("&#x27;", "'"),
            ("&apos;", "'"), ("&amp;", "&"))  # fmt: skip


def is_success(status: int) -> bool:
    """Say whether a delivery counts as taken: a redirect counts too, though nobody follows it."""
    return 200 <= status < 303


def counted(hook: Hook, status: int) -> tuple[Hook, bool]:
    """Return a webhook after a delivery, and whether that one disables it.

    A success forgets all failures. The one after more than five failures disables the webhook and
    is not counted: so one that is made active again is disabled by its next failure.

    Args:
        hook: as it was.
        status: HTTP status; 0 when there was no answer.
    """
    if is_success(status):
        return replace(hook, failures=0), False
    if hook.failures > MOST_FAILURES:
        return hook, True
    return replace(hook, failures=hook.failures + 1), False


def signature(body: bytes, secret: str) -> str:
    """Return base64 of the HMAC-SHA256 of a body; entities in a secret are undone (source)."""
    for entity, character in _SPECIAL:
        secret = secret.replace(entity, character)
    return base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode("ascii")


def delivery_id(hook: int, second: int, salt: str) -> str:
    """Return what names a delivery: all of one webhook and one second bear the same name."""
    return hashlib.blake2b(f"{hook}{second}{salt}".encode(), digest_size=16).hexdigest()


def user_agent(version: str) -> str:
    """Return who a store of a version says it is."""
    return f"WooCommerce/{version} Hookshot (WordPress/{WORDPRESS})"


def ping(number: int, agent: str, host: str) -> tuple[list[Header], bytes]:
    """Return headers and body of a ping: a form, not signed, and nothing says which store it is."""
    body = f"webhook_id={number}".encode()
    return [
        *_who(agent, host),
        ("Connection", "close"),
        ("Content-Length", str(len(body))),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ], body


def delivery_headers(own: list[Header], agent: str, host: str, length: int) -> list[Header]:
    """Return the headers of a delivery, in the order of a real store.

    Args:
        own: those that begin with X-WC-Webhook.
        agent: who we are.
        host: of the delivery URL.
        length: of the body.
    """
    return [
        *_who(agent, host),
        ("Content-Type", "application/json"),
        *own,
        ("Connection", "close"),
        ("Content-Length", str(length)),
    ]


def _who(agent: str, host: str) -> list[Header]:
    return [
        ("Host", host),
        ("User-Agent", agent),
        ("Accept", "*/*"),
        ("Accept-Encoding", "deflate, gzip, br, zstd"),
    ]
