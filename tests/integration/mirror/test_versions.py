"""Older releases of WooCommerce: the same records arrive, and the certificate says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubs import IN_TABLES, lacking, open_twin
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import running_store

# docs/reference/store-versions.md: brands came with 9.6.
WITHOUT_ROUTE = dict.fromkeys(("3.9", "6", "8", "9"), ("brands",))


@pytest.mark.parametrize("version", ["3.9", "6", "8", "9", "10.5"])
async def test_a_store_of_this_release_is_pulled_whole(
    database_dsn: str, tmp_path: Path, version: str
) -> None:
    with running_store(orders=60, seed=5, version=version) as sandbox:
        async with open_twin(database_dsn, tmp_path, sandbox) as twin:
            pulled = await twin.pull()
            assert pulled.is_complete, lacking(pulled)
            proved = await twin.verify(level=Level.BYTES)
            assert proved.is_complete, lacking(proved)
            for resource in IN_TABLES:
                got = (await twin.snapshots(resource)).keys()
                if resource not in WITHOUT_ROUTE.get(version, ()):
                    assert got == twin.expected(resource).keys(), resource
                else:
                    assert not got, resource


@pytest.mark.parametrize("version", ["3.9", "10.5"])
async def test_lists_that_know_pages_only_are_read_beyond_the_first(
    database_dsn: str, tmp_path: Path, version: str
) -> None:
    with running_store(orders=20, seed=5, version=version) as sandbox:
        for resource in ("categories", "webhooks"):
            for number in range(230):
                sandbox.store.create(resource, {"name": f"number {number}"})
        async with open_twin(database_dsn, tmp_path, sandbox) as twin:
            pulled = await twin.pull("categories", "webhooks")
            assert pulled.is_complete, lacking(pulled)
            for resource in ("categories", "webhooks"):
                got = (await twin.snapshots(resource)).keys()
                assert got == twin.expected(resource).keys(), resource
            webhooks = [e for e in sandbox.requests.log if e.path.endswith("/webhooks")]
            assert all("offset" not in exchange.query for exchange in webhooks)
