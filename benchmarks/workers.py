"""What is measured, each in a process of its own: the floor, the pull, the certificate, the peer.

The last line of standard output is JSON: wall and cpu in seconds, rss in megabytes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sqlite3
import sys
import tempfile
import time
from importlib import import_module
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psycopg
import uvloop
from pydantic import SecretStr

PER_PAGE = 100


async def floor(chosen: argparse.Namespace) -> None:
    """Download every page and COPY the records into one logged text column."""
    pages = range(0, chosen.orders, PER_PAGE)
    decoder = msgspec.json.Decoder(list[msgspec.Raw])
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(chosen.ahead * 2)
    remaining = iter(pages)

    async def download(session: aiohttp.ClientSession) -> None:
        for offset in remaining:
            url = f"{chosen.url}/wp-json/wc/v3/orders?per_page={PER_PAGE}&offset={offset}"
            async with session.get(url) as answer:
                await queue.put(await answer.read())

    async def produce() -> None:
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(download(session) for _ in range(chosen.ahead)))
        await queue.put(None)

    async with await psycopg.AsyncConnection.connect(chosen.dsn, autocommit=True) as connection:
        await connection.execute("SET ROLE storetwin_owner")
        await connection.execute("CREATE SCHEMA IF NOT EXISTS bench")
        await connection.execute("DROP TABLE IF EXISTS bench.floor")
        await connection.execute("CREATE TABLE bench.floor (payload text)")
        if chosen.storage == "external":
            await connection.execute(
                "ALTER TABLE bench.floor ALTER COLUMN payload SET STORAGE EXTERNAL"
            )
        producer = asyncio.create_task(produce())
        async with (
            connection.cursor() as cursor,
            cursor.copy("COPY bench.floor (payload) FROM STDIN") as copy,
        ):
            while (body := await queue.get()) is not None:
                for record in decoder.decode(body):
                    await copy.write_row((bytes(record).decode(),))
        await producer
        await connection.execute("DROP TABLE bench.floor")


async def pull(chosen: argparse.Namespace) -> None:
    """Read all orders into the mirror, without the certificate."""
    from storetwin.mirror.pull import pull_resource
    from storetwin.resources import named
    from storetwin.runs.models import RunKind

    async with _hub(chosen) as hub:
        await _connect(hub, chosen)
        async with hub.runner.running(
            chosen.connection, RunKind.PULL, {}, lambda _: None
        ) as context:
            await pull_resource(context, named("orders"), None)
            await hub.runner.close(context)


async def certify(chosen: argparse.Namespace) -> None:
    """Walk ids and dates a second time and compare."""
    from storetwin.mirror.models import Level

    async with _hub(chosen) as hub:
        outcome = await hub.verify(
            chosen.connection, ["orders"], Level.MODIFIED, bury_many=False, observe=lambda _: None
        )
        assert outcome.is_complete, outcome.certificate


def _hub(chosen: argparse.Namespace) -> Any:
    from storetwin.bootstrap import open_hub
    from storetwin.settings import Settings

    return open_hub(
        Settings(database_url=SecretStr(chosen.dsn), max_concurrency=chosen.ahead, data_dir=Path(tempfile.gettempdir()),
                 allowed_networks=(ip_network("127.0.0.1/32"),),
                 encryption_key=SecretStr("c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="))
    )  # fmt: skip


async def _connect(hub: Any, chosen: argparse.Namespace) -> None:
    from storetwin.connections.models import AuthScheme, Credentials
    from storetwin.connections.register import NewConnection

    known = {connection.name for connection in await hub.register.every()}
    if chosen.fresh and chosen.connection in known:
        await hub.register.remove(chosen.connection)
    if chosen.fresh:
        credentials = Credentials(SecretStr("ck_bench"), SecretStr("cs_bench"))
        await hub.register.add(
            NewConnection(chosen.connection, chosen.url, credentials, AuthScheme.OAUTH1),
            hub.clock(),
        )


def peer(chosen: argparse.Namespace) -> None:
    """Do as people do: the official library, page by page, into SQLite."""
    from woocommerce import API

    api = API(
        url=chosen.url, consumer_key="ck_x", consumer_secret="cs_x", version="wc/v3", timeout=60
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        sqlite3.connect(Path(folder) / "orders.db") as database,
    ):
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, payload TEXT)")
        page = 1
        while rows := api.get(
            "orders", params={"per_page": PER_PAGE, "page": page, "orderby": "id", "order": "asc"}
        ).json():
            database.executemany(
                "INSERT OR REPLACE INTO orders VALUES (?, ?)",
                [(row["id"], json.dumps(row)) for row in rows],
            )
            database.commit()
            page += 1


WORKERS = {"floor": floor, "pull": pull, "certify": certify}


def _import(kind: str) -> None:
    """Load what a worker is made of: starting an interpreter is no part of what is measured."""
    if kind == "peer":
        import_module("woocommerce")
    elif kind != "floor":
        import_module("storetwin.bootstrap")
        import_module("storetwin.mirror.certify")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=[*WORKERS, "peer"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--dsn", default="")
    parser.add_argument("--orders", type=int, default=0)
    parser.add_argument("--ahead", type=int, default=4)
    parser.add_argument("--storage", default="default")
    parser.add_argument("--connection", default="bench")
    parser.add_argument("--fresh", type=int, default=0)
    chosen = parser.parse_args()
    _import(chosen.kind)
    started = time.perf_counter()
    if chosen.kind == "peer":
        peer(chosen)
    else:
        uvloop.run(WORKERS[chosen.kind](chosen))
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.stdout.write(
        json.dumps(
            {
                "wall": time.perf_counter() - started,
                "cpu": used.ru_utime + used.ru_stime,
                "rss": used.ru_maxrss / 1024,
            }
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
