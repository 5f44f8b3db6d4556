"""A busy shop and its twin, round after round: in step at the end, version by version.

The full size, 50,000 orders and two thousand changes in ten minutes, is ``make bench ONLY=step``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chronicles import Chronicle, assert_agrees
from doors import serving
from hubs import IN_TABLES, NAME, Twin, lacking, open_twin
from storetwin.api.webhooks import Door
from storetwin.hub.syncing import Synced
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import Sandbox, running_store

ORDERS = 500
BURSTS = (120, 40, 90, 60)
BETWEEN = 120
"""Seconds of the store's clock between two rounds; a window reaches back 90."""
DATED = ("orders", "products", "variations", "coupons", "refunds")
PATIENCE = 30.0


@dataclass
class Shop:
    """A busy shop, its twin, and what the shop really had."""

    twin: Twin
    chronicle: Chronicle
    tick: Callable[[], None]

    @property
    def sandbox(self) -> Sandbox:
        return self.twin.sandbox

    async def sync(self) -> Synced:
        """One round; then the ledger knows what a reader could tell apart."""
        synced = await self.twin.hub.sync(NAME, (), observe=lambda _: None)
        self.sandbox.mark(everything=True)
        return synced

    async def sweep(self) -> Synced:
        return await self.twin.hub.sweep(NAME, (), observe=lambda _: None)


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with running_store(orders=ORDERS, seed=11) as sandbox:
        yield sandbox


@pytest.fixture
async def shop(database_dsn: str, tmp_path: Path, store: Sandbox) -> AsyncIterator[Shop]:
    """The shop on the morning of a busy day: the twin is complete, and its clock is ours to move."""
    now = int(time.time()) - BETWEEN * len(BURSTS)  # at the end of the day it is right
    store.store.now = lambda: now

    def tick() -> None:
        nonlocal now
        now += BETWEEN

    async with open_twin(database_dsn, tmp_path, store) as twin:
        chronicle = Chronicle(store.store)
        store.store.changes = chronicle
        outcome = await twin.pull()
        assert outcome.is_complete, lacking(outcome)
        store.mark(everything=True)
        yield Shop(twin, chronicle, tick)


async def nothing(_: Shop) -> None:
    """No webhooks."""


async def a_busy_day(shop: Shop, told: Callable[[Shop], Awaitable[None]] = nothing) -> None:
    """Let everything happen that happens in a shop, in bursts, with a round after each."""
    storm = shop.sandbox.storm(seed=4)
    for size in BURSTS:
        storm.change(size)
        await told(shop)
        await shop.sync()
        shop.tick()
    assert len(storm.done) >= 16, f"too few kinds of change: {dict(storm.done)}"


async def assert_quiet(shop: Shop) -> None:
    """A quiet round finds nothing."""
    quiet = await shop.sync()
    assert quiet.changes == 0, quiet.as_json()


async def assert_dates_are_proven(shop: Shop) -> None:
    """What has a date is here; only what nothing but a sweep can see is still to be buried."""
    outcome = await shop.twin.verify(level=Level.MODIFIED)
    assert outcome.is_complete, lacking(outcome)
    for line in outcome.certificate["resources"]:
        assert line["buried"] <= len(shop.chronicle.deleted[line["resource"]]), line
        if line["resource"] in DATED:
            assert line["fetched"] == 0, line


async def assert_bytes_are_proven(shop: Shop) -> None:
    """Everything is here as the store has it, and the proof had to bring nothing."""
    outcome = await shop.twin.verify(level=Level.BYTES)
    assert outcome.is_complete, lacking(outcome)
    for line in outcome.certificate["resources"]:
        assert (line["fetched"], line["buried"]) == (0, 0), line
    await assert_agrees(shop.twin, shop.chronicle, IN_TABLES, outcome.certificate)


async def versions_of(shop: Shop, resource: str) -> dict[int, int]:
    rows = await shop.twin.snapshots(resource)
    return {int(name): row["version"] for name, row in rows.items()}


async def assert_versions_are_the_stores(shop: Shop, before: dict[str, set[int]]) -> int:
    """Each record has one version for every state a reader could tell apart; return how many.

    What changed without a date is seen when something leads to it, so that two such states may
    be one to the reader: there are no more than the store had, and the last is the store's.
    """
    compared = 0
    for resource in DATED:
        readable, undated = shop.chronicle.readable[resource], shop.chronicle.undated[resource]
        kept = await versions_of(shop, resource)
        wanted = {n: readable[n] + (n in before[resource]) for n in kept}
        assert {n: count for n, count in kept.items() if n not in undated} == {
            n: count for n, count in wanted.items() if n not in undated
        }, resource
        assert all(kept[n] <= wanted[n] for n in undated & kept.keys()), resource
        compared += sum(readable[n] for n in kept.keys() - undated)
    return compared


async def test_a_busy_day_with_polling_only(shop: Shop) -> None:
    before = shop.chronicle.present()
    await a_busy_day(shop)
    compared = await assert_versions_are_the_stores(shop, before)
    assert compared > 150
    await assert_quiet(shop)
    await shop.sweep()
    await assert_dates_are_proven(shop)
    await assert_bytes_are_proven(shop)


@asynccontextmanager
async def listening(shop: Shop) -> AsyncIterator[Shop]:
    """Let the shop tell of its changes through the hub's own door."""
    door = Door(shop.twin.hub)
    async with serving(door) as url:
        twin = replace(shop.twin, hub=replace(shop.twin.hub, public_url=url))
        await twin.hub.webhooks.create(NAME)
        yield replace(shop, twin=twin)


async def heard(shop: Shop) -> None:
    """Wait until everything is delivered, and apply it."""
    sent = await asyncio.to_thread(shop.sandbox.webhooks.wait_until_sent, PATIENCE)
    assert sent, f"{shop.sandbox.webhooks.waiting} deliveries still wait"
    await shop.twin.hub.webhooks.drain(NAME)


async def test_a_busy_day_with_webhooks_of_which_every_second_goes_wrong(shop: Shop) -> None:
    before = shop.chronicle.present()
    shop.sandbox.webhooks.troubles.switch(["drop+double+reorder+forge:every=2"])
    async with listening(shop) as open_shop:
        await a_busy_day(open_shop, heard)
        [trouble] = shop.sandbox.webhooks.troubles.described()
        assert min(trouble["struck"][name] for name in ("drop", "double", "reorder", "forge")) > 5
        compared = await assert_versions_are_the_stores(open_shop, before)
        assert compared > 150
        brought = await open_shop.twin.rows(
            "SELECT DISTINCT brought_by FROM mirror.snapshots"
            " WHERE connection_id = %(connection_id)s AND resource = 'orders' AND version > 1"
        )
        assert {row["brought_by"] for row in brought} >= {"webhook", "pull"}  # and what was dropped
        await heard(open_shop)
        await assert_quiet(open_shop)
        await assert_dates_are_proven(open_shop)
        await open_shop.sweep()
        await assert_bytes_are_proven(open_shop)
