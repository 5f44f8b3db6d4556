"""Testing a connection (the port of :mod:`storetwin.connections.probe`): what is wrong, and what to do.

Nothing is changed in the store. The right to write is asked for with an empty batch, which a
store answers with ``[]`` and a key without that right with a 401.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from storetwin.connections.doubts import changed
from storetwin.connections.identity import Identity, judge
from storetwin.connections.models import AuthScheme, Connection, Credentials, StoreFacts
from storetwin.connections.probe import Check, ProbeReport, Watch, unwatched
from storetwin.connections.quiet import site_zone
from storetwin.http.answer import Answer, Request
from storetwin.http.egress import Egress
from storetwin.http.errors import RedirectedError, TlsError
from storetwin.http.load import Limiter
from storetwin.http.retry import BUSY, HURRIED, Retrying
from storetwin.http.transport import TlsPolicy, Transport
from storetwin.http.width import Width
from storetwin.kernel.clock import Clock, utc_now
from storetwin.kernel.errors import ConfigurationError, CredentialError, StoretwinError
from storetwin.settings import Settings
from storetwin.woocommerce.answers import cut
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.connect import connect_store
from storetwin.woocommerce.errors import (
    BadAnswerError,
    CachedAnswersError,
    ClockOffError,
    ForbiddenError,
    KeyRejectedError,
    NotAStoreError,
    PermissionMissingError,
    PlainPermalinksError,
    StoreDownError,
    WrongUrlError,
)
from storetwin.woocommerce.identity import read_identity
from storetwin.woocommerce.refusals import busy, clock_off, not_allowed, redirected

CLOCK_WARNING = 60.0  # seconds; OAuth refuses at 900
CLOCK_FAILURE = 600.0
NO_REST = ("rest_no_route", "rest_disabled")


@dataclass(slots=True)
class _Findings:
    watch: Watch = unwatched
    checks: list[Check] = field(default_factory=list)
    trouble: StoretwinError | None = None
    since: float = field(default_factory=time.monotonic)

    def good(self, name: str, finding: str) -> None:
        self._found(name, ok=True, finding=finding)

    def bad(self, name: str, error: StoretwinError) -> None:
        to = getattr(error, "target", None)
        self._found(name, ok=False, finding=error.message, remedy=error.remedy, leads_to=to)
        self.trouble = self.trouble or error

    def unknown(self, name: str, finding: str, remedy: str | None = None) -> None:
        self._found(name, ok=None, finding=finding, remedy=remedy)

    def _found(self, name: str, **known: Any) -> None:
        before, self.since = self.since, time.monotonic()
        self.checks.append(Check(name, ms=(self.since - before) * 1000, **known))
        self.watch(self.checks[-1])


class StoreProbe:
    """Looks at a store and says what it found; every finding is a check, nothing is raised."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock

    async def __call__(
        self, connection: Connection, credentials: Credentials | None, *, watch: Watch | None = None
    ) -> ProbeReport:
        """Look at the store, from the outside in; stop at the first thing that bars the way."""
        findings = _Findings(watch or unwatched)
        if credentials is None:
            await self._look_from_outside(connection, findings)
            return ProbeReport(tuple(findings.checks), trouble=findings.trouble)
        client = connect_store(connection, credentials, self._settings, clock=self._clock)
        facts = StoreFacts()
        scheme: AuthScheme | None = None
        try:
            if await self._look_from_outside(connection, findings):
                scheme = await _check_read(client, findings)
            if scheme is not None:
                await _check_write(client, findings)
                facts = await _read_facts(client, findings)
                await _check_identity(connection, client, findings)
        finally:
            await client.close()
        return ProbeReport(tuple(findings.checks), scheme, facts, findings.trouble)

    async def _look_from_outside(self, connection: Connection, findings: _Findings) -> bool:
        """Check the address, the certificate, WordPress, WooCommerce and the clock, without keys."""
        transport = Transport(
            timeout=min(30.0, self._settings.request_timeout),
            max_bytes=self._settings.max_answer_bytes,
            tls=TlsPolicy(connection.ca, connection.is_tls_insecure),
            egress=Egress(self._settings.allowed_networks),
            user_agent="Storetwin",
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
            self._check_clock(answer.served_at, findings)
            return True
        finally:
            await transport.close()

    def _check_clock(self, served_at: datetime | None, findings: _Findings) -> None:
        if served_at is None:
            findings.unknown("clock", "The store sends no Date header.")
            return
        off = (served_at - self._clock()).total_seconds()
        if abs(off) < CLOCK_WARNING:
            findings.good("clock", f"The clocks differ by {abs(off):.0f} s.")
            return
        error = clock_off(off)
        if abs(off) < CLOCK_FAILURE:
            findings.unknown("clock", error.message, error.remedy)
        else:
            findings.bad("clock", error)


async def _reach(connection: Connection, retrying: Retrying, findings: _Findings) -> Answer | None:
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


_PLAIN = {"Accept": "application/json"}


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


async def _check_read(client: StoreClient, findings: _Findings) -> AuthScheme | None:
    """Check that the keys are accepted and may read; return the way in which they travel.

    The same is asked twice: a cache that keeps answers gives itself away at the second time.
    """
    try:
        for _ in range(2):
            await client.list("orders", {"per_page": "1", "_fields": "id"})
    except PermissionMissingError as error:
        findings.good("keys", "The keys are accepted.")
        findings.bad("read", error)
        return None
    except (KeyRejectedError, ClockOffError) as error:
        findings.bad("keys", error)
        return None
    except CachedAnswersError as error:
        findings.bad("cache", error)
        return None
    except StoretwinError as error:
        findings.bad("read", error)
        return None
    scheme = client.scheme
    findings.good("keys", f"The keys are accepted ({scheme.value}).")
    if scheme is AuthScheme.QUERY:
        findings.unknown(
            "header",
            "The keys travel in the address: a proxy takes the Authorization header away.",
            "Let the web server pass the Authorization header on to PHP.",
        )
    findings.good("read", "The keys may read.")
    findings.good("cache", "The store answers itself; nothing keeps its answers.")
    return scheme


async def _check_write(client: StoreClient, findings: _Findings) -> None:
    try:
        may_write = await client.may_write()
    except StoretwinError as error:
        findings.unknown("write", f"Could not be found out: {error.message}")
        return
    if may_write:
        findings.good("write", "The keys may write.")
    else:
        findings.unknown(
            "write",
            "The keys may only read: enough to pull, not to push or to have webhooks.",
            "Set the key's permission to Read/Write in WooCommerce › Settings › Advanced › REST API.",
        )


async def _read_facts(client: StoreClient, findings: _Findings) -> StoreFacts:
    """Read what the store says about itself."""
    status = await _status(client)
    if not status:
        findings.unknown(
            "store",
            "The store does not tell its versions: the key's user is no shop manager.",
            "Make the keys for an administrator.",
        )
        return StoreFacts()
    environment, settings = status.get("environment", {}), status.get("settings", {})
    zone = await _optional(client, _timezone)
    facts = StoreFacts(
        store_id=environment.get("store_id"),
        home_url=environment.get("home_url"),
        wc_version=environment.get("version"),
        wp_version=environment.get("wp_version"),
        timezone=zone,
        currency=settings.get("currency"),
    )
    findings.good("versions", f"WooCommerce {facts.wc_version}, WordPress {facts.wp_version}.")
    findings.good("store", f"It calls itself {facts.home_url}.")
    _check_zone(zone, findings)
    _check_currency(facts.currency, findings)
    await _check_webhooks(client, findings)
    return facts


def _check_zone(zone: str | None, findings: _Findings) -> None:
    """Check that the site's own clock can be read: quiet hours follow it."""
    if zone is None:
        findings.unknown(
            "zone",
            "The store does not tell its time zone; quiet hours would follow UTC.",
            "Choose one in WordPress › Settings › General.",
        )
        return
    try:
        site_zone(zone)
    except ConfigurationError as error:
        findings.unknown("zone", error.message, error.remedy)
    else:
        findings.good("zone", f"Its clock shows the time of {zone}.")


def _check_currency(currency: str | None, findings: _Findings) -> None:
    if currency:
        findings.good("currency", f"It sells in {currency}.")
    else:
        findings.unknown(
            "currency",
            "The store does not tell its currency.",
            "Choose one in WooCommerce › Settings › General.",
        )


async def _check_identity(connection: Connection, client: StoreClient, findings: _Findings) -> None:
    """Check that the store calls itself what is remembered; its records are compared by a run."""
    try:
        seen = await read_identity(client)
    except StoretwinError as error:
        findings.unknown("identity", error.message)
        return
    judgement = judge(Identity.from_json(connection.identity), seen)
    if not judgement.is_trusted:
        findings.bad("identity", changed(connection, judgement))
    elif seen.store_id is None:
        findings.unknown(
            "identity",
            "The store tells no store_id: it is known by its address and its records.",
            "Update WooCommerce (it tells one since 8.4), or make the keys for an administrator.",
        )
    else:
        network = " one of a WordPress network," if seen.is_network else ""
        findings.good("identity", f"It calls itself{network} {seen.store_id}.")


async def _status(client: StoreClient) -> dict[str, Any]:
    try:
        single = await client.get("system_status", {"_fields": "environment,settings"})
        found = json.loads(single.document)
    except (StoretwinError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


async def _optional(
    client: StoreClient, read: Callable[[StoreClient], Awaitable[str | None]]
) -> str | None:
    try:
        return await read(client)
    except (StoretwinError, ValueError):
        return None


async def _timezone(client: StoreClient) -> str | None:
    """Return the site's time zone: the public index of WordPress tells it."""
    index = await client.site_index()
    name = index.get("timezone_string") or index.get("gmt_offset")
    return None if name in (None, "") else str(name)


async def _check_webhooks(client: StoreClient, findings: _Findings) -> None:
    try:
        page = await client.list("webhooks", {"per_page": "1", "_fields": "id"})
    except CredentialError as error:
        findings.unknown("webhooks", f"The keys may not see webhooks: {error.message}")
    except StoretwinError as error:
        findings.unknown("webhooks", error.message)
    else:
        findings.good("webhooks", f"{page.total or len(page.records)} webhooks in the store.")
