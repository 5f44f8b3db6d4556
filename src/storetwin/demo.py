"""The demo: a store in a box, a database, the hub, a whole pull, and a twin that stays in step."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

from pydantic import SecretStr

from storetwin.bootstrap import Site, open_hub, open_site
from storetwin.connections.models import Credentials
from storetwin.connections.probe import ProbeReport
from storetwin.connections.register import NewConnection
from storetwin.db.migrate import SchemaError
from storetwin.hub import Hub, Outcome
from storetwin.kernel.errors import ConfigurationError
from storetwin.mirror.context import Observer
from storetwin.runs.schedules import ScheduleKind
from storetwin.settings import Settings
from storetwin.tenancy.keys import NewKey
from storetwin.tenancy.members import NewUser
from storetwin.tenancy.models import Permission, Role

NAME = "demo"
STORE_NETWORK = ip_network("127.0.0.1/32")
MARKER = "demo-store.txt"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
PERSON = "demo@example.org"
KEY_LASTS = timedelta(days=1)
EVERY = "1m"  # in a demo nobody waits half an hour


@dataclass(frozen=True, slots=True)
class DemoStore:
    """The store in a box, running in a process of its own."""

    url: str
    key: str
    secret: str
    identity: str


def demo_settings(settings: Settings) -> Settings:
    """Return the settings of the demo: a data folder of its own, so that it never meets real data.

    Its store is on this machine, and may be.
    """
    return settings.model_copy(
        update={
            "data_dir": settings.data_dir / NAME,
            "database_url": None,
            "allowed_networks": (*settings.allowed_networks, STORE_NETWORK),
        }
    )


@asynccontextmanager
async def demo_store(*, orders: int, seed: int, port: int) -> AsyncIterator[DemoStore]:
    """Run the store in a box until the block ends; it also ends when this process dies.

    Raises:
        ConfigurationError: it did not start; says what it wrote.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "storetwin.sandboxes.woocommerce",
        *("--port", str(port), "--orders", str(orders), "--seed", str(seed)),
        "--fast-queue",
        "--stop-with-stdin",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield await _await_store(process, identity=f"{orders} orders of seed {seed}")
    finally:
        await _stop(process)


async def _await_store(process: asyncio.subprocess.Process, *, identity: str) -> DemoStore:
    """Read the lines that the store prints when it is up: its address and its keys."""
    assert process.stdout is not None
    assert process.stderr is not None
    found: dict[str, str] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while len(found) < 3 and (line := await process.stdout.readline()):
                for word in line.decode().split():
                    kind = {"htt": "url", "ck_": "key", "cs_": "secret"}.get(word[:3])
                    if kind:
                        found.setdefault(kind, word)
    if len(found) == 3:
        return DemoStore(**found, identity=identity)
    with suppress(ProcessLookupError):
        process.terminate()
    said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
    error = next((line for line in said if line.startswith("Error: ")), None)
    raise ConfigurationError(
        error.removeprefix("Error: ")
        if error
        else f"The demo store did not start: {said[-1] if said else 'it said nothing'}",
        remedy="Choose another port with --port, or 0 for a free one.",
    )


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def demo_hub(settings: Settings) -> AsyncIterator[Hub]:
    """Open the hub on the demo's own database.

    Raises:
        SchemaError: another Storetwin made it; says how to begin afresh.
    """
    demo = demo_settings(settings)
    with of_no_worth(demo.data_dir):
        async with open_hub(demo) as hub:
            yield hub


@asynccontextmanager
async def demo_site(settings: Settings, public_url: str) -> AsyncIterator[Site]:
    """Open the hub on the demo's own database, with a worker, reached by its store at this URL.

    Raises:
        SchemaError: another Storetwin made it; says how to begin afresh.
    """
    reached = demo_settings(settings).model_copy(update={"public_url": public_url})
    with of_no_worth(reached.data_dir):
        async with open_site(reached) as site:
            yield site


@contextmanager
def of_no_worth(folder: Path) -> Iterator[None]:
    """Where a database of another Storetwin is refused, say that this one may be thrown away."""
    try:
        yield
    except SchemaError as error:
        raise SchemaError(
            error.message,
            remedy=f"Remove the folder {folder} and start again: it has made-up data only.",
        ) from error


async def keep_in_step(hub: Hub) -> None:
    """Have the store tell what changes, and ask it every minute for what it did not tell."""
    await hub.schedules.set(NAME, [ScheduleKind.SYNC], EVERY)
    await hub.webhooks.create(NAME)


async def connect(hub: Hub, store: DemoStore, marker: Path) -> ProbeReport:
    """Connect the demo store and test the connection.

    The twin of an earlier demo goes on being used while the store is the same one; another size
    or seed is another store, and its twin starts afresh.

    Args:
        marker: the file that says which store the twin was made from.
    """
    known = {connection.name: connection for connection in await hub.register.every()}
    if NAME in known and not (_is_of(marker, store) and known[NAME].url == store.url):
        await hub.register.remove(NAME)
        del known[NAME]
    if NAME not in known:
        credentials = Credentials(SecretStr(store.key), SecretStr(store.secret))
        await hub.register.add(NewConnection(NAME, store.url, credentials), hub.clock())
        _mark(marker, store)
    return await hub.test_connection(NAME)


async def person(hub: Hub) -> SecretStr:
    """Keep the demo's owner, and return his password: another one at each start."""
    password = SecretStr(secrets.token_urlsafe(12))
    if await hub.people.users.find(PERSON) is None:
        await hub.people.users.add(NewUser(PERSON, "Demo"), Role.OWNER, password)
    else:
        await hub.people.users.set_password(PERSON, password)
    return password


async def key_to_read(hub: Hub) -> str:
    """Return a key of the demo's owner that a program may read its twin with, for a day."""
    new = NewKey("demo", frozenset({Permission.READ}), hub.clock() + KEY_LASTS)
    return (await hub.people.api_keys.issue_for(PERSON, new)).key


def _is_of(marker: Path, store: DemoStore) -> bool:
    return marker.is_file() and marker.read_text(encoding="utf-8") == store.identity


def _mark(marker: Path, store: DemoStore) -> None:
    marker.write_text(store.identity, encoding="utf-8")


async def pull(hub: Hub, observe: Observer) -> Outcome:
    """Pull the demo store whole and certify it."""
    return await hub.pull(NAME, [], full=False, bury_many=True, observe=observe)
