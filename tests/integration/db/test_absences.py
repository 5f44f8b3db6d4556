"""A database server that is restarted, or crashes, costs a run seconds and not the run."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from hubs import NAME, lacking, open_twin
from storetwin.bootstrap import upgrade_database
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.sandboxes.woocommerce import running_store


async def restart(server: EmbeddedPostgres, data_dir: Path, how: signal.Signals) -> None:
    """Stop the server, and start it again when it is gone."""
    pid = int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, how)
    for _ in range(2_000):
        if (
            not Path(f"/proc/{pid}/cmdline").exists()
            or not Path(f"/proc/{pid}/cmdline").read_bytes()
        ):
            break
        await asyncio.sleep(0.01)
    await server.revive()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_pull_and_a_round_go_on_where_they_were(
    own_postgres: EmbeddedPostgres, data_dir: Path, tmp_path: Path, how: signal.Signals
) -> None:
    await upgrade_database(own_postgres.dsn)
    with running_store(orders=1_200, seed=5) as store:
        async with open_twin(own_postgres.dsn, tmp_path, store) as twin:
            store.faults.switch_on("latency:ms=40")
            pull = asyncio.create_task(twin.pull("orders", "products"))
            while store.requests.total < 14 and not pull.done():
                await asyncio.sleep(0.01)
            await restart(own_postgres, data_dir, how)
            assert not pull.done()
            store.faults.clear()
            outcome = await pull
            assert outcome.is_complete, lacking(outcome)
            assert await twin.earlier_versions("orders") == {}

            for number in store.store.ids("orders")[:300]:
                store.store.edit_order(number, {"customer_note": "Ring twice."})
            store.faults.switch_on("latency:ms=40")
            before = store.requests.total
            sync = asyncio.create_task(twin.hub.sync(NAME, ["orders"], observe=lambda _: None))
            while store.requests.total < before + 3 and not sync.done():
                await asyncio.sleep(0.01)
            await restart(own_postgres, data_dir, how)
            await sync
            versions = await twin.earlier_versions("orders")
            assert {len(earlier) for earlier in versions.values()} == {1}
            [pulled, synced] = await twin.rows("SELECT state FROM runs.runs ORDER BY started_at")
            assert (pulled["state"], synced["state"]) == ("done", "done")
