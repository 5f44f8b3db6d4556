"""Older releases of WooCommerce: the same records arrive, and the certificate says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubs import IN_TABLES, lacking, open_twin
from storetwin.mirror.models import Level
from storetwin.sandboxes.woocommerce import running_store

# docs/reference/store-versions.md: brands came with 9.6.
WITHOUT_ROUTE = {"6": ("brands",), "8": ("brands",), "9": ("brands",)}


@pytest.mark.parametrize("version", ["6", "8", "9", "10.5"])
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
