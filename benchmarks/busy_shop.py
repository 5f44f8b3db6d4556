"""One busy shop and the twin that follows it, in one process: ``polling`` or ``webhooks``.

The storm rests while a round reads, so that the ledger knows what a reader of that moment can tell
apart; it makes up for that between the rounds. The last line of standard output is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import parse_qs

import uvloop
from pydantic import SecretStr
from starlette.applications import Starlette

from benchmarks.door_server import serving
from storetwin.api.webhooks import Door
from storetwin.bootstrap import open_hub
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.hub import Hub, Outcome
from storetwin.hub.running import RunInProgressError
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import Exchange, Sandbox, Storm, running_store
from storetwin.settings import Settings

DATED = ("orders", "products", "variations", "coupons", "refunds")
"""What is found by its date, so that each state at a round is a version."""
EVERY = 30.0  # seconds from round to round
LATER = 120  # seconds by which the store's clock goes on before the quiet round
LISTENING = 2.0  # seconds between two looks into the inbox
TROUBLES = "drop+double+reorder+forge:every=2"
KEY = "c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="
SNAPSHOTS = """
SELECT remote_id, version, payload::text AS payload FROM mirror.snapshots
WHERE connection_id = %(connection_id)s AND resource = %(resource)s AND state <> 'gone'
"""
_RELATED = re.compile(r'"related_ids":\[[^\]]*\]')
_LINKS = re.compile(r',"_links":\{.*\}\}$')


@dataclass
class Day:
    """What happens on a busy day, and what it comes to."""

    hub: Hub
    name: str
    store: Sandbox
    minutes: float
    a_minute: float
    before: dict[str, set[int]] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    applied: int = 0

    async def live(self) -> dict[str, Any]:
        """Pull, let the day pass, prove."""
        outcome = await self.hub.pull(self.name, (), full=False, bury_many=False, observe=_unseen)
        assert outcome.is_complete, outcome.certificate
        self.before = {name: set(self.store.store.ids(name)) for name in DATED}
        self.store.mark(everything=True)
        storm = self.store.storm(seed=4)
        say(f"{self.name}: the twin is complete; the day begins")
        await self._pass(storm)
        return await self._prove(storm)

    async def _pass(self, storm: Storm) -> None:
        began = time.monotonic()
        ends = began + self.minutes * 60
        while (now := time.monotonic()) < ends:
            until = min(now + EVERY, ends)
            wanted = self.a_minute * (until - began) / 60 - sum(storm.done.values())
            with storm.blowing(max(1.0, wanted * 60 / (until - now))):
                await asyncio.sleep(until - now)
            await self.round()

    async def round(self) -> int:
        """Bring the twin in step; returns how many records had changed."""
        clock = time.monotonic()
        while True:
            with suppress(RunInProgressError):
                synced = await self.hub.sync(self.name, (), observe=_unseen)
                break
            await asyncio.sleep(0.1)
        self.requests.append(synced.requests)
        self.seconds.append(time.monotonic() - clock)
        told = self.store.mark(everything=True)
        say(f"{self.name}: {synced.changes} of {told} found in {synced.requests} requests")
        return synced.changes

    async def listen(self) -> None:
        """Apply what webhooks told, again and again."""
        while True:
            with suppress(RunInProgressError):
                self.applied += (await self.hub.webhooks.drain(self.name)).deliveries
            await asyncio.sleep(LISTENING)

    async def _prove(self, storm: Storm) -> dict[str, Any]:
        await asyncio.to_thread(self.store.webhooks.wait_until_sent, 120.0)
        await asyncio.sleep(2 * LISTENING)
        await self.round()
        day = len(self.requests)
        self.store.store.now = lambda: int(time.time()) + LATER
        await self.round()  # reads once more what was changed shortly before the last
        asked = self.store.requests.total
        changes = await self.round()
        found = {
            "quiet_lists": lists_in(self.store.requests.since(asked)),
            "changes": sum(storm.done.values()),
            "rounds": day,
            "requests_a_round": median(self.requests[:day]),
            "seconds_a_round": median(self.seconds[:day]),
            "quiet_requests": self.requests[-1],
            "quiet_changes": changes,
            "deliveries": sum(not each.is_ping for each in self.store.deliveries),
            "applied": self.applied,
            "modified": told(await self._verify(Level.MODIFIED)),
        }
        found |= await self._versions()
        swept = await self.hub.sweep(self.name, (), observe=_unseen)
        found |= {"sweep_requests": swept.requests, "bytes": told(await self._verify(Level.BYTES))}
        return found | {"different": await self._different()}

    async def _verify(self, level: Level) -> Outcome:
        return await self.hub.verify(self.name, (), level, bury_many=False, observe=_unseen)

    async def _rows(self, resource: str) -> list[dict[str, Any]]:
        connection = await self.hub.register.get(self.name)
        async with self.hub.database.transaction(self.hub.organisation_id) as tx:
            params = {"connection_id": connection.id, "resource": resource}
            return list(await tx.fetch_all(SNAPSHOTS, params))

    async def _versions(self) -> dict[str, int]:
        """Compare the versions kept with those that existed and those that rounds could read.

        Webhooks read in between: then a record may have any number from the one to the other.
        """
        changes = self.store.changes
        totals = dict.fromkeys(("existed", "readable", "kept", "never_existed", "missed"), 0)
        for resource in DATED:
            known, undated = self.before[resource], changes.undated[resource]
            for row in await self._rows(resource):
                number = int(row["remote_id"])
                if number in undated:
                    continue
                was = number in known
                existed = changes.versions[resource][number] + was
                readable = changes.readable[resource][number] + was
                most = existed if self.applied else readable
                totals["existed"] += existed - was
                totals["readable"] += readable - was
                totals["kept"] += row["version"] - was
                totals["never_existed"] += max(0, row["version"] - most)
                totals["missed"] += max(0, readable - row["version"])
        return totals

    async def _different(self) -> int:
        """Count the records that the twin lacks, has too many, or has otherwise than the store."""
        wrong = 0
        for resource in (*DATED[:4], "customers", "categories", "terms"):
            store = self.store.store
            held = {
                int(row["remote_id"]): row["payload"] or "" for row in await self._rows(resource)
            }
            there = {n: (store.document(resource, n) or b"").decode() for n in store.ids(resource)}
            wrong += len(held.keys() ^ there.keys())
            wrong += sum(lasting(held[n]) != lasting(there[n]) for n in held.keys() & there.keys())
        return wrong


def lists_in(exchanges: Sequence[Exchange]) -> int:
    """Return how many lists were asked for; the trash of a resource may be a list of its own."""
    return len({(each.path, *parse_qs(each.query).get("status", ())) for each in exchanges})


def lasting(document: str) -> str:
    """Return a document without what differs from answer to answer, or from route to route."""
    return _LINKS.sub("}", _RELATED.sub('"related_ids":[]', document))


def told(outcome: Outcome) -> dict[str, Any]:
    """Return what a certificate came to."""
    lines = outcome.certificate["resources"]
    for line in lines:
        if line["fetched"] or line["lacking"]:
            say(f"  {line['resource']}: {line['fetched']} fetched, lacking {line['lacking'][:5]}")
    return {"is_complete": outcome.is_complete, "fetched": sum(line["fetched"] for line in lines)}


def say(text: str) -> None:
    """Tell whoever waits how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _unseen(_: object) -> None:
    """Nobody looks."""


@asynccontextmanager
async def opened(hub: Hub, name: str, store: Sandbox) -> AsyncIterator[Hub]:
    """Open the hub's own door, and have the store tell it everything; every second time wrongly."""
    door = Door(hub)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(door.running())
        port = await stack.enter_async_context(serving(Starlette(routes=door.routes())))
        reached = replace(hub, public_url=f"http://127.0.0.1:{port}")
        await reached.webhooks.create(name)
        store.webhooks.troubles.switch([TROUBLES])
        yield reached


async def run(chosen: argparse.Namespace) -> dict[str, Any]:
    settings = Settings(
        database_url=SecretStr(chosen.dsn), data_dir=Path(tempfile.gettempdir()),
        encryption_key=SecretStr(KEY), allowed_networks=(ip_network("127.0.0.1/32"),),
    )  # fmt: skip
    with running_store(orders=chosen.orders, seed=3, webhook_delay=chosen.delay) as store:
        async with open_hub(settings) as hub:
            credentials = Credentials(SecretStr(store.key), SecretStr(store.secret))
            await hub.register.add(NewConnection(chosen.how, store.url, credentials), hub.clock())
            day = Day(hub, chosen.how, store, chosen.minutes, chosen.a_minute)
            if chosen.how == "polling":
                return await day.live()
            async with opened(hub, chosen.how, store) as reached:
                day.hub = reached
                listening = asyncio.create_task(day.listen())
                try:
                    return await day.live()
                finally:
                    listening.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=("polling", "webhooks"))
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--orders", type=int, default=50_000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--a-minute", type=float, default=200.0)
    parser.add_argument("--delay", type=float, default=5.0, help="of the store's webhooks")
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
