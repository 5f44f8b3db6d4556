"""The web application as ``storetwin serve`` makes it, in a thread or a process of its own."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from hubs import ENCRYPTION_KEY, settings_for
from installed import Installation, until
from storetwin.api import app as app_module
from storetwin.api.app import Manners
from storetwin.api.server import address_of, listen_on
from storetwin.bootstrap import open_site
from storetwin.cli.serve import serve_site

OFTEN = 100_000_000  # requests a minute: nobody here asks too often


@dataclass(frozen=True, slots=True)
class Served:
    """The application, and where it answers."""

    url: str
    app: FastAPI


PUBLIC_URL = "https://hub.example"


@contextmanager
def serving_site(
    dsn: str, folder: Path, *, public_url: str | None = PUBLIC_URL, **more: Any
) -> Iterator[Served]:
    """Serve everything that ``storetwin serve`` serves, from a thread; without a worker, usually.

    Args:
        more: for `serve_site`.
    """
    up: Future[Served] = Future()
    loop = asyncio.new_event_loop()
    task: list[asyncio.Task[None]] = []

    async def serve() -> None:
        task.append(asyncio.ensure_future(_serve(dsn, folder, up, public_url, more)))
        try:
            await task[0]
        except asyncio.CancelledError:
            return
        except Exception as error:
            if not up.done():
                up.set_exception(error)
            raise

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="served-site")
    thread.start()
    try:
        yield up.result(30)
    finally:
        loop.call_soon_threadsafe(task[0].cancel)
        thread.join(30)
        loop.close()
        assert not thread.is_alive(), "the application does not end"


async def _serve(
    dsn: str, folder: Path, up: Future[Served], public_url: str | None, more: dict[str, Any]
) -> None:
    settings = settings_for(dsn, folder, public_url=public_url)
    more = {"has_worker": False, "manners": Manners((), OFTEN)} | more
    with listen_on("127.0.0.1", 0) as listening:
        url = address_of(listening)
        async with open_site(settings) as site, _seen(url, up):
            await serve_site(site, listening, url, **more)


@asynccontextmanager
async def _seen(url: str, up: Future[Served]) -> AsyncIterator[None]:
    """Tell of the application as soon as it can be asked."""
    make = app_module.create_app
    made: list[FastAPI] = []

    def create(*given: Any, **more: Any) -> FastAPI:
        made.append(make(*given, **more))
        return made[-1]

    async def tell() -> None:
        address = url.removeprefix("http://").rsplit(":", 1)
        while not made:
            await asyncio.sleep(0.005)
        while True:
            reader, writer = await asyncio.open_connection(address[0], int(address[1]))
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.read()
            writer.close()
            if answer.startswith(b"HTTP/1.1 200"):
                up.set_result(Served(url, made[-1]))
                return

    app_module.create_app = create
    telling = asyncio.ensure_future(tell())
    try:
        yield
    finally:
        app_module.create_app = make
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


_LISTENING = re.compile(r"Listening on (http://\S+)")


@dataclass(frozen=True, slots=True)
class Program:
    """The installed program as it serves."""

    url: str
    pid: int
    heard: Sequence[str]

    @property
    def resident(self) -> int:
        """Return how many bytes of memory the process holds."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextmanager
def serving_program(dsn: str, folder: Path) -> Iterator[Program]:
    """Run ``storetwin serve --no-worker`` on a database, as a process."""
    environment = {
        "STORETWIN_DATABASE_URL": dsn,
        "STORETWIN_ENCRYPTION_KEY": ENCRYPTION_KEY,
        "STORETWIN_REQUESTS_PER_MINUTE": str(OFTEN),
        "STORETWIN_PUBLIC_URL": "https://hub.example",
    }
    process = Installation(folder, environment).start("serve", "--no-worker", "--port", "0")
    heard: list[str] = []

    def listen(stream: Any) -> None:
        heard.extend(line.decode(errors="replace") for line in stream)

    ears = [
        threading.Thread(target=listen, args=(stream,), daemon=True)
        for stream in (process.stdout, process.stderr)
    ]
    for ear in ears:
        ear.start()

    def found() -> re.Match[str] | None:
        assert process.poll() is None, "".join(heard)
        return _LISTENING.search("".join(heard))

    try:
        until(lambda: found() is not None, "the address it listens on")
        said = found()
        assert said is not None
        yield Program(said[1], process.pid, heard)
    finally:
        process.terminate()
        process.wait(20)
        for ear, stream in zip(ears, (process.stdout, process.stderr), strict=True):
            ear.join(5)
            assert stream is not None
            stream.close()
