"""A delivery of our own, sent the whole way that a store's takes."""

from __future__ import annotations

import hmac
from base64 import b64encode
from dataclasses import dataclass

from storetwin.connections.webhooks_plan import TEST_TOPIC
from storetwin.http.answer import Request
from storetwin.http.egress import ANYWHERE
from storetwin.kernel.errors import StoretwinError

SECONDS = 15.0
MEANINGS = {
    404: (
        "Another program answers there, or another hub.",
        "Let the public URL lead to `storetwin serve` of this installation.",
    ),
    401: (
        "The door finds its signature wrong.",
        "Take a new secret: storetwin webhook repair NAME --new-secret",
    ),
    403: (
        "The door does not let this machine deliver.",
        "Allow its address (storetwin webhook create NAME --allow-ip …), or test from the store.",
    ),
    503: (
        "The door is there and cannot keep anything at the moment.",
        "Look whether its database runs, and try again.",
    ),
}
ELSE = ("Something else answers there.", "Let the public URL lead to `storetwin serve`.")


@dataclass(frozen=True, slots=True)
class Probed:
    """How a delivery of our own fared.

    Args:
        status: of the answer; None where there was none.
        is_kept: it stands in the inbox.
        trouble, remedy: what went wrong, and what to do.
        seconds: from sending it to its answer.
    """

    status: int | None
    is_kept: bool = False
    trouble: str | None = None
    remedy: str | None = None
    seconds: float = 0.0


async def probe(url: str, secret: str, source: str, nonce: str) -> Probed:
    """Send a signed delivery that names no record.

    Args:
        url: where stores deliver to; never shown, for it ends with the token.
        source: the store's address, as the store would say.
        nonce: what the delivery is called.
    """
    from importlib.metadata import version

    from storetwin.http.transport import TlsPolicy, Transport

    body = b'{"storetwin":"test"}'
    signature = b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    headers = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": f"{source}/",
        "X-WC-Webhook-Topic": TEST_TOPIC,
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-Delivery-ID": nonce,
    }
    transport = Transport(
        timeout=SECONDS,
        max_bytes=1024 * 1024,
        tls=TlsPolicy(),
        egress=ANYWHERE,  # it is this installation's own
        user_agent=f"Storetwin/{version('storetwin')}",
    )
    try:
        answer = await transport.send(Request("POST", url, {}, headers, body))
    except StoretwinError as error:
        return Probed(None, trouble=error.message, remedy=error.remedy)
    finally:
        await transport.close()
    if answer.status == 200:
        return Probed(200, seconds=answer.elapsed)
    trouble, remedy = MEANINGS.get(answer.status, ELSE)
    return Probed(answer.status, False, f"{trouble} ({answer.status})", remedy, answer.elapsed)
