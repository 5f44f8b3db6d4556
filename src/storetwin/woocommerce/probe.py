"""Testing a connection (the port of :mod:`storetwin.connections.probe`): what is wrong, and what to do.

Nothing is changed in the store. The right to write is asked for with an empty batch, which a
store answers with ``[]`` and a key without that right with a 401.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from storetwin.connections.doubts import changed
from storetwin.connections.identity import Identity, judge
from storetwin.connections.models import AuthScheme, Connection, Credentials, StoreFacts
from storetwin.connections.probe import WHOLE, ProbeReport, Stage, Watch, unwatched
from storetwin.connections.quiet import site_zone
from storetwin.kernel.clock import Clock, utc_now
from storetwin.kernel.errors import ConfigurationError, CredentialError, StoretwinError
from storetwin.settings import Settings
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.connect import connect_store
from storetwin.woocommerce.errors import (
    CachedAnswersError,
    ClockOffError,
    KeyRejectedError,
    PermissionMissingError,
)
from storetwin.woocommerce.findings import Findings
from storetwin.woocommerce.identity import read_identity
from storetwin.woocommerce.outside import look_from_outside
from storetwin.woocommerce.overheard import Overheard


class StoreProbe:
    """Looks at a store and says what it found; every finding is a check, nothing is raised."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self._settings = settings
        self._clock = clock

    async def __call__(
        self,
        connection: Connection,
        credentials: Credentials | None,
        *,
        watch: Watch | None = None,
        stages: Collection[Stage] | None = None,
    ) -> ProbeReport:
        """Look at the store, from the outside in; stop at the first thing that bars the way."""
        stages = WHOLE if stages is None else stages
        heard = Overheard(credentials)
        findings = Findings(watch or unwatched, heard.told)

        async def is_open() -> bool:
            return await look_from_outside(connection, self._settings, findings, heard, self._clock)

        if credentials is None:
            await is_open()
            return ProbeReport(tuple(findings.checks), trouble=findings.trouble)
        client = connect_store(
            connection, credentials, self._settings, clock=self._clock, heard=heard
        )
        facts = StoreFacts()
        scheme: AuthScheme | None = None
        try:
            may_go_on = Stage.OUTSIDE not in stages or await is_open()
            if may_go_on and Stage.KEYS in stages:
                scheme = await _check_read(client, findings)
                may_go_on = scheme is not None
            if may_go_on and Stage.WRITE in stages:
                await _check_write(client, findings)
            if may_go_on and Stage.FACTS in stages:
                facts = await _read_facts(client, findings)
            if may_go_on and Stage.IDENTITY in stages:
                await _check_identity(connection, client, findings)
        finally:
            await client.close()
        return ProbeReport(tuple(findings.checks), scheme, facts, findings.trouble)


async def _check_read(client: StoreClient, findings: Findings) -> AuthScheme | None:
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


async def _check_write(client: StoreClient, findings: Findings) -> None:
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


async def _read_facts(client: StoreClient, findings: Findings) -> StoreFacts:
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


def _check_zone(zone: str | None, findings: Findings) -> None:
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


def _check_currency(currency: str | None, findings: Findings) -> None:
    if currency:
        findings.good("currency", f"It sells in {currency}.")
    else:
        findings.unknown(
            "currency",
            "The store does not tell its currency.",
            "Choose one in WooCommerce › Settings › General.",
            is_asked=False,
        )


async def _check_identity(connection: Connection, client: StoreClient, findings: Findings) -> None:
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


async def _check_webhooks(client: StoreClient, findings: Findings) -> None:
    try:
        page = await client.list("webhooks", {"per_page": "1", "_fields": "id"})
    except CredentialError as error:
        findings.unknown("webhooks", f"The keys may not see webhooks: {error.message}")
    except StoretwinError as error:
        findings.unknown("webhooks", error.message)
    else:
        findings.good("webhooks", f"{page.total or len(page.records)} webhooks in the store.")
