"""The door of webhooks in a process of its own; with ``--bare`` one that only says 200.

With ``--worker`` it applies what was told as fast as it comes instead. The first line of standard
output is JSON: where it listens, and the secret. At the end of its input it stops, and the last
line says what it has used, or applied.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from storetwin.api.webhooks import Door
from storetwin.bootstrap import open_hub
from storetwin.connections.models import Credentials
from storetwin.connections.register import NewConnection
from storetwin.hub import Hub
from storetwin.kernel.errors import StoretwinError
from storetwin.settings import Settings

TOKEN, SECRET = "bare", "secret"


class Bare:
    """Reads the body and says 200: what any door costs that is written like ours."""

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[int]:
    """Serve an application on a free port."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, loop="none", http="httptools", log_level="error",
        access_log=False, lifespan="off", proxy_headers=False,
    )  # fmt: skip
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


async def apply_all(hub: Hub, applied: dict[str, int]) -> None:
    """Apply what was told, again and again."""
    while True:
        try:
            drained = await hub.webhooks.drain("shop")
        except StoretwinError as error:
            print(error.message, file=sys.stderr)
            applied["failures"] += 1
            await asyncio.sleep(0.2)
            continue
        applied["deliveries"] += drained.deliveries
        applied["records"] += drained.records
        applied["runs"] += 1 if drained.deliveries else 0
        if not drained.deliveries:
            await asyncio.sleep(0.05)


def _hub_of(chosen: argparse.Namespace) -> AbstractAsyncContextManager[Hub]:
    settings = Settings(
        database_url=SecretStr(chosen.dsn), data_dir=Path(chosen.folder),
        allowed_networks=(ip_network("127.0.0.1/32"),),
    )  # fmt: skip
    return open_hub(settings)


async def main(chosen: argparse.Namespace) -> None:
    applied = {"deliveries": 0, "records": 0, "runs": 0, "failures": 0}
    async with AsyncExitStack() as stack:
        if chosen.worker:
            hub = await stack.enter_async_context(_hub_of(chosen))
            print("{}", flush=True)
            task = asyncio.create_task(apply_all(hub, applied))
            with suppress(EOFError):
                await asyncio.to_thread(sys.stdin.read)
            task.cancel()
            print(json.dumps(applied), flush=True)
            return
        if chosen.bare:
            app = Starlette(routes=[Route("/hooks/{token}", Bare(), methods=["POST"])])
            told: dict[str, Any] = {"path": f"/hooks/{TOKEN}", "secret": SECRET}
        else:
            hub = await stack.enter_async_context(_hub_of(chosen))
            keys = Credentials(SecretStr(chosen.key), SecretStr(chosen.secret))
            new = NewConnection("shop", chosen.store, keys)
            connection = (await hub.register.add(new, hub.clock())).connection
            end = await hub.register.receiving_ends.ensure(connection, hub.clock())
            door = Door(hub)
            await stack.enter_async_context(door.running())
            app = Starlette(routes=door.routes())
            told = {"path": f"/hooks/{end.token}", "secret": end.secret}
        port = await stack.enter_async_context(serving(app))
        before = _cpu_seconds()
        print(json.dumps(told | {"port": port, "pid": os.getpid()}), flush=True)
        with suppress(EOFError):
            await asyncio.to_thread(sys.stdin.read)
        cpu = _cpu_seconds() - before
    print(json.dumps(applied | {"cpu": cpu}), flush=True)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--dsn", "--folder", "--store", "--key", "--secret"):
        parser.add_argument(option)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--worker", action="store_true")
    uvloop.run(main(parser.parse_args()))
