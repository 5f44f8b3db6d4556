"""The application over a real socket: health, and what runs beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hubs import Twin, open_twin
from storetwin.api.app import create_app
from storetwin.api.health import Health
from storetwin.api.server import address_of, listen_on, run_server
from storetwin.db.errors import DatabaseUnavailableError
from storetwin.kernel.errors import ConfigurationError
from storetwin.sandboxes.woocommerce import running_store


@pytest.fixture
async def twin(database_dsn: str, tmp_path: Path) -> AsyncIterator[Twin]:
    with running_store(orders=1) as store:
        async with open_twin(database_dsn, tmp_path, store) as opened:
            yield opened


async def number(value: int) -> int:
    return value


async def away() -> int:
    raise DatabaseUnavailableError("PostgreSQL is not available.")


@asynccontextmanager
async def serving(twin: Twin, health: Health, *beside: Any) -> AsyncIterator[str]:
    is_up = asyncio.Event()
    with listen_on("127.0.0.1", 0) as listening:
        app = create_app(twin.hub, health, beside)
        task = asyncio.create_task(run_server(app, listening, is_up.set))
        await asyncio.wait_for(is_up.wait(), 20)
        yield address_of(listening)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def asked(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("health", "status", "told"),
    [
        (Health(lambda: number(0), lambda: number(2)), 200, {"workers": 2, "database": "ok"}),
        (Health(lambda: number(0), lambda: number(1), lambda: True), 200, {"worker": "ok"}),
        (Health(lambda: number(0), lambda: number(1), lambda: False), 503,
         {"worker": "begins anew"}),
        (Health(lambda: number(3), lambda: number(1)), 503,
         {"schema": "lacks 3 migration(s): storetwin db upgrade"}),
        (Health(away, lambda: number(1)), 503, {"database": "PostgreSQL is not available."}),
    ],
)  # fmt: skip
async def test_it_says_whether_it_can_work(twin, health, status, told):
    async with serving(twin, health) as url:
        assert await asked(f"{url}/health/live") == (200, {"status": "alive"})
        code, answer = await asked(f"{url}/health/ready")
        assert (code, answer["status"]) == (status, "ready" if status == 200 else "not ready")
        assert told.items() <= answer.items()


async def test_the_database_is_not_asked_for_everybody_who_asks(twin):
    looks = []

    async def count() -> int:
        looks.append(1)
        return 0

    async with serving(twin, Health(count, count)) as url:
        await asyncio.gather(*(asked(f"{url}/health/ready") for _ in range(20)))
    assert len(looks) <= 4


async def test_what_runs_beside_it_starts_and_is_stopped_with_it(twin):
    told = []

    async def part() -> None:
        told.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            told.append("ended")

    async with serving(twin, Health(lambda: number(0), lambda: number(0)), part) as url:
        await asked(f"{url}/health/live")
        assert told == ["began"]
    assert told == ["began", "ended"]


def test_a_port_that_is_taken_is_told():
    with (
        listen_on("127.0.0.1", 0) as first,
        pytest.raises(ConfigurationError, match="Nothing can listen on") as caught,
    ):
        listen_on("127.0.0.1", first.getsockname()[1])
    assert "--port" in str(caught.value.remedy)
