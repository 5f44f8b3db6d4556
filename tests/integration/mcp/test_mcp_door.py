"""The MCP door as an assistant has it: a real client over a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError
from mcp import MCPError

from api_callers import PATIENT, key_of
from database_clones import clone
from hubs import Twin, open_twin
from storetwin.api.app import Manners, create_app
from storetwin.api.health import Health
from storetwin.api.mounting import mounted
from storetwin.api.server import address_of, listen_on, run_server
from storetwin.db.embedded import EmbeddedPostgres
from storetwin.hub import Hub
from storetwin.mcp.server import PATH, McpDoor
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Permission, Role
from storetwin.tenancy.organisations import insert_organisation, new_organisation

pytestmark = pytest.mark.asyncio(loop_scope="module")
TOOLS = {
    "list_connections",
    "list_resources",
    "describe_resource",
    "query",
    "order_statistics",
    "search",
    "get_record",
    "get_history",
    "compare_versions",
    "what_changed",
    "sync_status",
}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


async def _number(value: int) -> int:
    return value


@asynccontextmanager
async def serving(hub: Hub, manners: Manners = PATIENT, **more: Any) -> AsyncIterator[str]:
    """Serve the application of a hub with its MCP door, as `storetwin serve` does."""
    is_up = asyncio.Event()
    health = Health(lambda: _number(0), lambda: _number(1))
    door = McpDoor(hub, **more)
    with listen_on("127.0.0.1", 0) as listening:
        mounts = [mounted(PATH, door)]
        app = create_app(hub, health, [door.run], manners=manners, mounts=mounts)
        task = asyncio.create_task(run_server(app, listening, is_up.set))
        try:
            await asyncio.wait_for(is_up.wait(), 20)
            yield address_of(listening) + PATH
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def asking(url: str, key: str) -> AsyncIterator[Client[Any]]:
    transport = StreamableHttpTransport(url, headers={"Authorization": f"Bearer {key}"})
    async with Client(transport) as client:
        yield client


async def call(client: Client[Any], tool: str, **arguments: Any) -> Any:
    answer = await client.call_tool(tool, arguments)
    return json.loads(answer.content[0].text)


async def post(url: str, body: Any = HELLO, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    own = {"Accept": "application/json, text/event-stream"} | headers
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=own) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


@pytest.fixture(scope="module")
def dsn(postgres: EmbeddedPostgres, template: str) -> Iterator[str]:
    with clone(postgres, template) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def twin(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Twin]:
    with running_store(orders=30) as store:
        async with open_twin(dsn, tmp_path_factory.mktemp("twin"), store) as opened:
            await opened.pull("orders", "customers", "products", "payment_gateways")
            yield opened


async def another(twin: Twin) -> Hub:
    """Return the hub of another organisation on the same database."""
    now = twin.hub.clock()
    new = new_organisation("Other", now)
    async with twin.hub.database.transaction(new.organisation_id) as tx:
        await insert_organisation(tx, new)
    return twin.hub.of(new.organisation_id)


async def test_an_assistant_reads_the_twin(twin: Twin) -> None:
    key = await key_of(twin.hub, Role.VIEWER)
    async with serving(twin.hub) as url, asking(url, key) as client:
        tools = await client.list_tools()
        assert {tool.name for tool in tools} == TOOLS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        assert all(tool.description for tool in tools)

        [connection] = (await call(client, "list_connections"))["connections"]
        assert (connection["name"], connection["url"]) == ("shop", twin.sandbox.url)
        held = (await call(client, "list_resources"))["connections"]["shop"]
        orders = next(line for line in held if line["resource"] == "orders")
        assert orders["records"] == len(twin.expected("orders"))

        described = await call(client, "describe_resource", resource="orders")
        assert "decimal text" in described["fields"]["total"]

        answer = await call(client, "order_statistics")
        counted = {one["status"]: one["orders"] for one in answer["by_status"]}
        assert sum(counted.values()) == orders["records"]
        none = await call(client, "order_statistics", until="2001-01-01")
        assert (none["orders"], none["revenue"]) == (0, [])
        filters = [{"field": "status", "operator": "=", "value": "completed"}]
        rows = await call(client, "query", resource="orders", fields=["count()"], filters=filters)
        assert rows["rows"] == [[counted["completed"]]]

        remote_id, document = next(iter(twin.expected("orders").items()))
        parsed = json.loads(document)
        record = await call(client, "get_record", resource="orders", remote_id=remote_id)
        assert record["document"] == parsed
        email = parsed["billing"]["email"]
        found = (await call(client, "search", text=email))["records"]
        assert ("orders", remote_id) in {(one["resource"], one["remote_id"]) for one in found}
        history = await call(client, "get_history", resource="orders", remote_id=remote_id)
        assert [version["version"] for version in history["versions"]] == [1]
        changed = await call(client, "what_changed", resource="orders", limit=5)
        assert [one["what"] for one in changed["changes"]] == ["new"] * 5
        same = await call(
            client, "compare_versions", resource="orders", remote_id=remote_id, first="1"
        )
        assert same["is_same"]
        [status] = (await call(client, "sync_status"))["connections"]
        assert status["connection"] == "shop"


async def test_what_is_sealed_stays_sealed(twin: Twin) -> None:
    key = await key_of(twin.hub, Role.VIEWER)
    sealed = await twin.rows(
        "SELECT remote_id FROM mirror.snapshots WHERE payload::text LIKE '%%$sealed%%'"
    )
    assert sealed
    async with serving(twin.hub) as url, asking(url, key) as client:
        remote_id = sealed[0]["remote_id"]
        answer = await client.call_tool(
            "get_record", {"resource": "payment_gateways", "remote_id": remote_id}
        )
        rows = await client.call_tool(
            "query", {"resource": "payment_gateways", "fields": ["id", "settings"]}
        )
    for said in (answer.content[0].text, rows.content[0].text):
        assert "(sealed)" in said
        assert "$sealed" not in said


async def test_an_error_says_what_to_do_and_nothing_of_us(twin: Twin) -> None:
    key = await key_of(twin.hub, Role.VIEWER)
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("query", {"resource": "nothing"}, "Choose from: attributes"),
        ("query", {"resource": "orders", "fields": ["totl"]}, "Did you mean total"),
        ("query", {"resource": "orders", "fields": ["sum(status)"]}, "count_distinct"),
        ("get_record", {"resource": "orders", "remote_id": "999999"}, "no orders"),
        ("what_changed", {"since": "noon"}, "Write a date"),
        (
            "get_record",
            {"resource": "orders", "remote_id": "1", "connection": "x"},
            "no connection",
        ),
        ("query", {"resource": "orders", "limit": 1001}, "1000"),
        ("query", {"resource": "orders", "surprise": 1}, "surprise"),
        ("search", {"text": "a\u0000bc"}, "text"),
    ]
    async with serving(twin.hub) as url, asking(url, key) as client:
        for tool, arguments, expected in wrong:
            with pytest.raises(ToolError) as caught:
                await client.call_tool(tool, arguments)
            said = str(caught.value)
            assert expected in said, (tool, arguments, said)
            for ours in ("Traceback", "SELECT", "psycopg", "mirror.", ".py"):
                assert ours not in said


async def test_an_answer_is_bounded(twin: Twin) -> None:
    key = await key_of(twin.hub, Role.VIEWER)
    async with serving(twin.hub) as url, asking(url, key) as client:
        answer = await client.call_tool(
            "query",
            {"resource": "orders", "fields": ["document.line_items", "billing"], "limit": 1000},
        )
        text = answer.content[0].text
        assert len(text.encode()) <= 60_000
        rows = json.loads(text)
        assert rows["next_offset"] == len(rows["rows"]) if "next_offset" in rows else rows["rows"]


async def test_another_organisation_sees_nothing(twin: Twin) -> None:
    other = await another(twin)
    key = await key_of(other, Role.OWNER)
    remote_id = next(iter(twin.expected("orders")))
    async with serving(twin.hub) as url, asking(url, key) as client:
        assert await call(client, "list_connections") == {"connections": []}
        assert await call(client, "list_resources") == {"connections": {}}
        assert (await call(client, "query", resource="orders", fields=["count()"]))["rows"] == [[0]]
        assert (await call(client, "search", text="example"))["records"] == []
        assert (await call(client, "what_changed"))["changes"] == []
        for name in ("shop", str(twin.connection.id)):
            told = []
            for asked in (name, "never-was"):
                with pytest.raises(ToolError) as caught:
                    await client.call_tool(
                        "get_record",
                        {"resource": "orders", "remote_id": remote_id, "connection": asked},
                    )
                told.append(str(caught.value).replace(asked, "NAME"))
            assert told[0] == told[1]


@pytest.mark.parametrize("token", [None, "", "stk_" + "x" * 43, "ey.J.x", "x" * 5000])
async def test_a_stranger_is_told_nothing(twin: Twin, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with serving(twin.hub) as url:
        for body in (HELLO, {"what": "ever"}):
            status, said, _ = await post(url, body, **headers)
            assert status == 401
            assert said["www-authenticate"].startswith("Bearer")


async def test_who_may_not_read_may_not_ask(twin: Twin) -> None:
    key = await key_of(twin.hub, scopes=frozenset({Permission.EXPORT}))
    async with serving(twin.hub) as url:
        status, _, _ = await post(url, Authorization=f"Bearer {key}")
        assert status == 403


async def test_a_key_that_is_revoked_is_refused_at_the_next_call(twin: Twin) -> None:
    key = await key_of(twin.hub, Role.VIEWER)
    async with serving(twin.hub) as url, asking(url, key) as client:
        assert await call(client, "list_connections")
        async with twin.hub.database.transaction(twin.hub.organisation_id) as tx:
            await tx.execute(
                "UPDATE tenancy.api_keys SET revoked_at = now() WHERE hint = %s", (key[:10],)
            )
        with pytest.raises(MCPError):
            await client.call_tool("list_connections", {})
        assert (await post(url, Authorization=f"Bearer {key}"))[0] == 401


async def test_each_request_is_its_own_callers(twin: Twin) -> None:
    """There are no sessions: an id that somebody else was given opens nothing."""
    mine, other = await key_of(twin.hub, Role.VIEWER), await key_of(await another(twin))
    tool = {"jsonrpc": "2.0", "id": 2, "method": "tools/call"}
    tool["params"] = {"name": "list_connections", "arguments": {}}
    async with serving(twin.hub) as url:
        _, said, _ = await post(url, Authorization=f"Bearer {mine}")
        session = said.get("mcp-session-id", "none")
        version = {"MCP-Protocol-Version": "2025-06-18", "Mcp-Session-Id": session}
        status, _, body = await post(url, tool, Authorization=f"Bearer {other}", **version)
        assert status == 200
        assert json.loads(json.loads(body)["result"]["content"][0]["text"]) == {"connections": []}


async def test_pages_of_strangers_may_not_call(twin: Twin) -> None:
    key = {"Authorization": f"Bearer {await key_of(twin.hub, Role.VIEWER)}"}
    async with serving(
        twin.hub, public_url="https://hub.example.org", origins=("https://office.example",)
    ) as url:
        assert (await post(url, **key))[0] == 200
        assert (await post(url, **key, Origin="https://office.example"))[0] == 200
        assert (await post(url, **key, Host="hub.example.org"))[0] == 200
        assert (await post(url, **key, Origin="https://evil.example"))[0] == 403
        assert (await post(url, **key, Host="evil.example"))[0] == 421


async def test_who_asks_too_often_is_told_so(twin: Twin) -> None:
    key = {"Authorization": f"Bearer {await key_of(twin.hub, Role.VIEWER)}"}
    async with serving(twin.hub, Manners(requests_per_minute=2)) as url:
        answers = [await post(url, **key) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert int(answers[2][1]["Retry-After"]) >= 1


async def test_what_is_no_request_is_refused(twin: Twin) -> None:
    key = {"Authorization": f"Bearer {await key_of(twin.hub, Role.VIEWER)}"}
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    async with serving(twin.hub) as url:
        for body in (None, [], deep, {"jsonrpc": "2.0"}, "x" * 900_000, {"id": 10**400}):
            status, _, _ = await post(url, body, **key)
            assert 400 <= status < 500, body
        assert (await post(url, **key))[0] == 200
