"""A hub on a database of the test's own, connected to a sandbox store over a real socket."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard
from pydantic import SecretStr

from storetwin.bootstrap import open_hub
from storetwin.connections.models import Connection, Credentials
from storetwin.connections.register import NewConnection
from storetwin.db.database import Row
from storetwin.hub import Hub, Outcome
from storetwin.kernel.backoff import Backoff
from storetwin.mirror.context import Observer
from storetwin.mirror.models import Level
from storetwin.resources import RESOURCES
from storetwin.sandboxes.woocommerce import Sandbox
from storetwin.settings import Settings
from storetwin.woocommerce.connect import connect_store
from tallying import check_tallies

NAME = "shop"
ENCRYPTION_KEY = base64.b64encode(bytes(range(32))).decode()
LOOPBACK = "127.0.0.1/32"
"""Where stores may be in a test: beside the hub."""
HASTY = Backoff(base=0.002, longest=0.02)
"""Repeats at once: what a test waits for is the answer, not the politeness."""
RESOURCE_NAMES = tuple(resource.name for resource in RESOURCES if not resource.is_extra)
_RECORDED = "zones zone_locations zone_methods payment_gateways setting_groups settings"
_RECORDED += " system_status countries currencies continents order_statuses"
_RECORDED += " webhooks"  # the sandbox makes these, and their addresses are sealed
IN_TABLES = tuple(name for name in RESOURCE_NAMES if name not in _RECORDED.split())
"""Those whose records the sandbox makes; it answers for the others as a real store was recorded."""
MAIN = ("products", "variations", "customers", "coupons", "orders", "refunds")
"""Those that make a shop. A test that is about no other pulls these, in a third of the time."""

_RELATED = re.compile(rb'"related_ids":\[[^\]]*\]')
_LINKS = re.compile(rb',"_links":\{.*\}\}$')
_SNAPSHOTS = """
SELECT remote_id, remote_number, parent_id, state, version, status, modified_at, read_at,
       payload::text AS payload, raw
FROM mirror.snapshots WHERE connection_id = %(connection_id)s AND resource = %(resource)s
"""
_VERSIONS = """
SELECT remote_id, version, state, document_zstd
FROM mirror.versions WHERE connection_id = %(connection_id)s AND resource = %(resource)s
ORDER BY remote_id, version
"""


def lasting(document: bytes) -> bytes:
    """Return a document without what differs from answer to answer, or from route to route.

    Those are a product's random ``related_ids`` and, last in each document, ``_links``.
    """
    return _LINKS.sub(b"}", _RELATED.sub(b'"related_ids":[]', document))


@dataclass(frozen=True, slots=True)
class Twin:
    """A store, its connection, and the hub that copies it."""

    hub: Hub
    sandbox: Sandbox
    connection: Connection

    # -- verbs ----------------------------------------------------------------------------------

    async def pull(
        self,
        *resources: str,
        full: bool = False,
        bury_many: bool = False,
        observe: Observer = lambda _: None,
    ) -> Outcome:
        """Pull, all resources unless some are named."""
        outcome = await self.hub.pull(
            NAME, resources, full=full, bury_many=bury_many, observe=observe
        )
        await check_tallies(self.hub.database, self.hub.organisation_id)
        return outcome

    async def verify(
        self, *resources: str, level: Level = Level.MODIFIED, bury_many: bool = False
    ) -> Outcome:
        """Verify, all resources unless some are named."""
        outcome = await self.hub.verify(
            NAME, resources, level, bury_many=bury_many, observe=lambda _: None
        )
        await check_tallies(self.hub.database, self.hub.organisation_id)
        return outcome

    # -- what the twin holds --------------------------------------------------------------------

    async def rows(self, query: str, **params: Any) -> list[Row]:
        """Run a statement as the program's own role, below row-level security."""
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            return await tx.fetch_all(query, {"connection_id": self.connection.id, **params})

    async def snapshots(self, resource: str, *, gone: bool = False) -> dict[str, Row]:
        """Return the snapshots of a resource by remote id; those with a tombstone, or the others."""
        rows = await self.rows(_SNAPSHOTS, resource=resource)
        return {row["remote_id"]: row for row in rows if (row["state"] == "gone") is gone}

    async def documents(self, resource: str) -> dict[str, bytes]:
        """Return the exact bytes of every record that is not gone, by remote id."""
        return {name: bytes_of(row) for name, row in (await self.snapshots(resource)).items()}

    async def earlier_versions(self, resource: str) -> dict[str, list[bytes]]:
        """Return the exact bytes of the superseded versions by remote id, the oldest first."""
        found: dict[str, list[bytes]] = {}
        for row in await self.rows(_VERSIONS, resource=resource):
            document = zstandard.ZstdDecompressor().decompress(row["document_zstd"])
            found.setdefault(row["remote_id"], []).append(document)
        return found

    async def letters(self, state: str = "waiting") -> dict[str, set[str]]:
        """Return the names of the dead letters by resource."""
        found: dict[str, set[str]] = {}
        for letter in await self.hub.reports.dead_letters(connection=NAME, state=state):
            found.setdefault(letter.resource, set()).add(letter.name)
        return found

    # -- what the store holds -------------------------------------------------------------------

    def expected(self, resource: str) -> dict[str, bytes]:
        """Return the exact bytes of every record of the store by remote id, hidden ones included."""
        store = self.sandbox.store
        documents = {n: store.document(resource, n) or b"" for n in store.ids(resource)}
        if resource == "tax_classes":
            return {store.slug(number): document for number, document in documents.items()}
        return {str(number): document for number, document in documents.items()}


def bytes_of(row: Row) -> bytes:
    """Return the exact bytes of a row with ``payload`` as text and ``raw``."""
    return bytes(row["raw"]) if row["payload"] is None else str(row["payload"]).encode()


def finding(outcome: Outcome, resource: str) -> dict[str, Any]:
    """Return one line of a certificate."""
    found: dict[str, Any] = next(
        line for line in outcome.certificate["resources"] if line["resource"] == resource
    )
    return found


def lacking(outcome: Outcome) -> dict[str, dict[str, str]]:
    """Return what a certificate names as lacking: resource → record → reason."""
    return {
        line["resource"]: {entry["record"]: entry["reason"] for entry in line["lacking"]}
        for line in outcome.certificate["resources"]
        if line["lacking"]
    }


def settings_for(dsn: str, folder: Path, **more: Any) -> Settings:
    """Return settings that use this database and never wait long."""
    return Settings(
        database_url=SecretStr(dsn),
        data_dir=folder,
        encryption_key=SecretStr(ENCRYPTION_KEY),
        **{"allowed_networks": LOOPBACK} | more,
    )


@asynccontextmanager
async def open_twin(
    dsn: str,
    folder: Path,
    sandbox: Sandbox,
    *,
    key: str | None = None,
    secret: str | None = None,
    **more: Any,
) -> AsyncIterator[Twin]:
    """Open a hub on the database and connect it to the sandbox under the name ``shop``.

    Args:
        more: settings.
    """
    settings = settings_for(dsn, folder, **more)
    async with open_hub(settings) as opened:
        hub = replace(
            opened,
            stores=replace(
                opened.stores,
                make_client=lambda connection, credentials: connect_store(
                    connection, credentials, settings, backoff=HASTY
                ),
            ),
        )
        credentials = Credentials(
            SecretStr(key or sandbox.key), SecretStr(secret or sandbox.secret)
        )
        added = await hub.register.add(NewConnection(NAME, sandbox.url, credentials), hub.clock())
        yield Twin(hub, sandbox, added.connection)


OpenTwin = Callable[[Sandbox], Any]
