"""The guard over real sockets: spellings, names that change their mind, redirects, the whole probe."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr

from storetwin.connections.models import Connection, Credentials, normalise_url
from storetwin.http.answer import Request
from storetwin.http.egress import Egress, Network
from storetwin.http.errors import EgressRefusedError, RedirectedError, UnreachableError
from storetwin.http.transport import TlsPolicy, Transport
from storetwin.kernel.clock import utc_now
from storetwin.kernel.errors import ConfigurationError, StoretwinError
from storetwin.kernel.ids import new_id
from storetwin.settings import Settings, load_settings
from storetwin.woocommerce.connect import connect_store
from storetwin.woocommerce.probe import StoreProbe

HOME = Settings(allowed_networks="127.0.0.1/32").allowed_networks
NAME = "shop.example"
KEYS = Credentials(SecretStr("ck_x"), SecretStr("cs_x"))


class Inner:
    """A service of the hub's own network; it must not be talked to."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.connections = 0
        self.port = 0
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.heard.append(await reader.read(65536))
        writer.write(self.answer)
        writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def inner_on(*addresses: str) -> AsyncIterator[list[Inner]]:
    """Serve on several addresses, the same port on each."""
    inners = [Inner() for _ in addresses]
    port, servers = 0, []
    for inner, address in zip(inners, addresses, strict=True):
        servers.append(await asyncio.start_server(inner, address, port))
        port = inner.port = servers[-1].sockets[0].getsockname()[1]
    for inner in inners:
        inner.port = port
    try:
        yield inners
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()


@pytest.fixture
async def inner() -> AsyncIterator[Inner]:
    async with inner_on("127.0.0.1") as (one,):
        yield one


async def ask(url: str, *allowed: Network) -> bytes:
    made = Transport(
        timeout=5,
        max_bytes=100_000,
        tls=TlsPolicy(),
        egress=Egress(tuple(allowed)),
        user_agent="Storetwin/1",
    )
    try:
        return (await made.send(Request("GET", url, {}, {}))).body
    finally:
        await made.close()


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Make the machine's resolver give these answers to a name, one after the other."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def to(*answers: tuple[str, ...]) -> list[str]:
        def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host != NAME:
                return real(host, port, *rest, **more)
            found = answers[min(len(asked), len(answers) - 1)]
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return to


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "[::]",
        "１２７.0.0.1",
        "①②⑦.⓪.⓪.①",
    ],
)
async def test_no_spelling_of_an_inner_address_is_connected_to(inner: Inner, host: str) -> None:
    for written in (host, normalise_url(f"http://{host}").removeprefix("http://")):
        with pytest.raises(ConfigurationError) as refused:
            await ask(f"http://{written}:{inner.port}/")
        assert inner.connections == 0
        if not isinstance(refused.value, EgressRefusedError):
            assert "is not an address" in refused.value.message


async def test_the_refusal_says_what_to_set_and_not_which_address(
    inner: Inner, resolves: Callable[..., list[str]]
) -> None:
    resolves(("10.9.8.7",))
    with pytest.raises(EgressRefusedError) as refused:
        await ask(f"https://{NAME}/?consumer_secret=cs_1")
    assert (
        refused.value.message
        == f"https://{NAME} is not connected to: it leads to a private address."
    )
    assert "STORETWIN_ALLOWED_NETWORKS" in str(refused.value.remedy)


async def test_what_is_allowed_is_reached(inner: Inner) -> None:
    assert await ask(inner.url, *HOME) == b"[]"
    assert inner.connections == 1


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused_then(
    resolves: Callable[..., list[str]],
) -> None:
    async with inner_on("127.0.0.1", "127.0.0.2") as (shop, inner):
        asked = resolves(("127.0.0.1",), ("127.0.0.2",))
        assert await ask(f"http://{NAME}:{shop.port}/", *HOME) == b"[]"
        with pytest.raises(EgressRefusedError):
            await ask(f"http://{NAME}:{shop.port}/", *HOME)
        assert len(asked) == 2
        assert (shop.connections, inner.connections) == (1, 0)


async def test_of_several_addresses_only_the_admitted_are_tried(
    resolves: Callable[..., list[str]],
) -> None:
    async with inner_on("127.0.0.1", "127.0.0.2") as (shop, inner):
        resolves(("127.0.0.2", "127.0.0.1"))
        assert await ask(f"http://{NAME}:{shop.port}/", *HOME) == b"[]"
        assert (shop.connections, inner.connections) == (1, 0)


async def test_a_closed_port_within_looks_like_an_open_one(
    inner: Inner, resolves: Callable[..., list[str]]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = taken.getsockname()[1]
    said = set()
    for port in (inner.port, closed):
        with pytest.raises(EgressRefusedError) as refused:
            await ask(f"http://127.0.0.1:{port}")
        said.add(refused.value.message.replace(str(port), ""))
    assert len(said) == 1
    with pytest.raises(UnreachableError):
        await ask(f"http://127.0.0.1:{closed}", *HOME)


async def test_a_redirect_into_our_network_is_not_followed() -> None:
    async with inner_on("127.0.0.1", "127.0.0.2") as (shop, inner):
        target = f"http://127.0.0.2:{inner.port}/latest/meta-data"
        shop.answer = (
            b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % target.encode()
        )
        with pytest.raises(RedirectedError):
            await ask(shop.url, *HOME)
        with pytest.raises(EgressRefusedError):  # and who goes there himself does not arrive
            await ask(target, *HOME)
        assert inner.connections == 0


@pytest.mark.parametrize("location", ["http://[", "http://x:99999/", "//\\", "http://a\xadb/", "?"])
async def test_a_redirect_to_no_address_at_all_is_a_redirect(inner: Inner, location: str) -> None:
    head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    inner.answer = head.encode("latin-1")
    with pytest.raises(RedirectedError):
        await ask(inner.url, *HOME)


@pytest.mark.parametrize(
    "host", ["a..b", "a" * 64, "xn--", "\u2024", "\u200d", "a\xadb", "a\\b", "é" * 70, "*", "a%00b"]
)
async def test_a_host_that_is_none_is_said_to_be_none(host: str) -> None:
    with pytest.raises(StoretwinError):
        await ask(normalise_url(f"http://{host}.example"))
    with pytest.raises(StoretwinError):
        await ask(f"http://{host}.example/")


async def test_no_proxy_of_the_environment_gets_round_it(
    inner: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, inner.url)
    with pytest.raises(EgressRefusedError):
        await ask("http://169.254.169.254/")
    assert inner.connections == 0


def connection_to(url: str) -> Connection:
    return Connection(
        id=new_id(utc_now()),
        organisation_id=new_id(utc_now()),
        name="shop",
        url=normalise_url(url),
        created_at=utc_now(),
    )


async def test_the_probe_and_the_client_stand_behind_it(inner: Inner) -> None:
    connection = connection_to(inner.url)
    report = await StoreProbe(Settings())(connection, KEYS)
    [check] = report.checks
    assert (check.name, check.ok) == ("reachable", False)
    assert "loopback" in check.finding
    assert "STORETWIN_ALLOWED_NETWORKS" in str(check.remedy)
    assert isinstance(report.trouble, EgressRefusedError)
    client = connect_store(connection, KEYS, Settings())
    with pytest.raises(EgressRefusedError):
        await client.list("orders", {})
    await client.close()
    assert inner.connections == 0


async def test_the_probe_is_not_fooled_by_a_name_that_changes_between_its_questions(
    resolves: Callable[..., list[str]],
) -> None:
    async with inner_on("127.0.0.1", "127.0.0.2") as (shop, inner):
        namespace = b'{"namespace":"wc/v3","routes":{}}'
        shop.answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(namespace), namespace)
        )
        resolves(("127.0.0.1",), ("127.0.0.2",))
        connection = connection_to(f"http://{NAME}:{shop.port}")
        report = await StoreProbe(Settings(allowed_networks="127.0.0.1/32"))(connection, KEYS)
        assert shop.connections >= 1
        assert inner.connections == 0
        assert isinstance(report.trouble, EgressRefusedError)


@pytest.mark.parametrize("text", ["127.0.0.1/8", "localhost", "10.0.0.0/33", "10.0.0.0/8;::1"])
def test_a_network_that_is_none_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("STORETWIN_ALLOWED_NETWORKS", text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert "STORETWIN_ALLOWED_NETWORKS" in str(refused.value.remedy)


def test_networks_are_read_from_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORETWIN_ALLOWED_NETWORKS", " 10.1.0.0/16, ::1 ,192.168.0.7")
    read = [str(network) for network in load_settings().allowed_networks]
    assert read == ["10.1.0.0/16", "::1/128", "192.168.0.7/32"]
