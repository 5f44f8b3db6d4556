"""Looking at a store from outside, without keys: its address, its certificate, WordPress, WooCommerce."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from storetwin.connections.models import Connection
from storetwin.http.answer import Answer, Heard, Request
from storetwin.http.egress import Egress
from storetwin.http.errors import RedirectedError, TlsError
from storetwin.http.load import Limiter
from storetwin.http.retry import BUSY, HURRIED, Retrying
from storetwin.http.transport import TlsPolicy, Transport
from storetwin.http.width import Width
from storetwin.kernel.clock import Clock, utc_now
from storetwin.kernel.errors import StoretwinError
from storetwin.settings import Settings
from storetwin.woocommerce.answers import cut
from storetwin.woocommerce.errors import (
    BadAnswerError,
    ForbiddenError,
    NotAStoreError,
    PlainPermalinksError,
    StoreDownError,
    WrongUrlError,
)
from storetwin.woocommerce.findings import Findings
from storetwin.woocommerce.refusals import busy, clock_off, not_allowed, redirected

CLOCK_WARNING: Final = 60.0  # seconds; OAuth refuses at 900
CLOCK_FAILURE: Final = 600.0
NO_REST: Final = ("rest_no_route", "rest_disabled")
_PLAIN: Final = {"Accept": "application/json"}


async def look_from_outside(
    connection: Connection, settings: Settings, findings: Findings, heard: Heard, clock: Clock
) -> bool:
    """Check the address, the certificate, WordPress, WooCommerce and the clock, without keys.

    Returns:
        Whether nothing bars the way to the rest.
    """
    transport = Transport(
        timeout=min(30.0, settings.request_timeout),
        max_bytes=settings.max_answer_bytes,
        tls=TlsPolicy(connection.ca, connection.is_tls_insecure),
        egress=Egress(settings.allowed_networks),
        user_agent="Storetwin",
        heard=heard,
    )
    retrying = Retrying(transport, Limiter(Width(ceiling=1)), backoff=HURRIED)
    try:
        answer = await _reach(connection, retrying, findings)
        if answer is None:
            return False
        error = await _what_is_there(connection, retrying, answer)
        if error is not None:
            findings.bad("woocommerce", error)
            return False
        findings.good("woocommerce", "WordPress and WooCommerce's REST API v3 answer.")
        _check_clock(answer.served_at, clock, findings)
        return True
    finally:
        await transport.close()


def _check_clock(served_at: datetime | None, clock: Clock, findings: Findings) -> None:
    if served_at is None:
        findings.unknown("clock", "The store sends no Date header.")
        return
    off = (served_at - clock()).total_seconds()
    if abs(off) < CLOCK_WARNING:
        findings.good("clock", f"The clocks differ by {abs(off):.0f} s.")
        return
    error = clock_off(off)
    if abs(off) < CLOCK_FAILURE:
        findings.unknown("clock", error.message, error.remedy)
    else:
        findings.bad("clock", error)


async def _reach(connection: Connection, retrying: Retrying, findings: Findings) -> Answer | None:
    """Ask for WooCommerce's namespace; say what bars the way to the server."""
    url = f"{connection.url}/wp-json/wc/v3"
    try:
        answer = await retrying.send(lambda: Request("GET", url, headers=_PLAIN))
    except TlsError as error:
        findings.bad("tls", error)
        return None
    except RedirectedError as error:
        findings.bad("reachable", redirected(error))
        return None
    except StoretwinError as error:
        findings.bad("reachable", error)
        return None
    if answer.status in BUSY:
        findings.bad("reachable", busy(answer, utc_now()))
        return None
    findings.good("reachable", f"{connection.url} answers in {answer.elapsed * 1000:.0f} ms.")
    if connection.url.startswith("https://"):
        checked = "is not checked" if connection.is_tls_insecure else "is trusted"
        findings.good("tls", f"The certificate {checked}.")
    return answer


async def _what_is_there(
    connection: Connection, retrying: Retrying, answer: Answer
) -> StoretwinError | None:
    """Say what stands at the address when it is not WooCommerce's API; None when it is."""
    index = _object(answer)
    if answer.status == 200 and index.get("namespace") == "wc/v3":
        return None
    if answer.status in (401, 403):
        return not_allowed(answer.status, None)
    if answer.status >= 500:
        return StoreDownError(
            f"The site at {connection.url} fails with {answer.status}.",
            remedy="Look at the PHP error log of the store.",
        )
    if index.get("code") in NO_REST:
        return NotAStoreError(f"WordPress answers at {connection.url}, but WooCommerce does not.")
    if answer.status == 200 and index:
        return WrongUrlError(f"What answers at {connection.url} is not WordPress.")
    return await _without_rest(connection, retrying, answer)


async def _without_rest(
    connection: Connection, retrying: Retrying, answer: Answer
) -> StoretwinError:
    """Say why ``/wp-json`` answers with a web page: plain permalinks, a firewall, no WordPress."""
    found: dict[str, Any] = {}
    with suppress(StoretwinError):
        plain = await retrying.send(
            lambda: Request("GET", connection.url + "/", {"rest_route": "/"}, _PLAIN)
        )
        found = _object(plain)
    home = found.get("home")
    if isinstance(home, str) and _path(home) != _path(connection.url):
        # ?rest_route works below any path of a site, so the site itself says where it is
        return WrongUrlError(
            f"The shop is not at {connection.url} but at {home}.",
            remedy=f"Connect to {home}",
            target=home,
        )
    if "wc/v3" in found.get("namespaces", ()):
        return PlainPermalinksError(f"{connection.url} uses plain permalinks.")
    if "namespaces" in found:
        return NotAStoreError(f"WordPress answers at {connection.url}, but WooCommerce does not.")
    if answer.status == 200:
        return ForbiddenError(
            f"{connection.url} answers with a web page instead of its REST API.",
            remedy="A firewall or security plugin blocks the REST API: allow this machine there.",
        )
    return WrongUrlError(f"There is no WordPress at {connection.url} ({answer.status}).")


def _path(url: str) -> str:
    return urlsplit(url).path.rstrip("/")


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = cut(answer.body)
        value = json.loads(found.documents[0]) if not found.is_list else None
    except (BadAnswerError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
