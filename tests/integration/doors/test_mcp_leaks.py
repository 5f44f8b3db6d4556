"""The MCP server as assistants meet it: every tool that it has, by whom, and what it gives away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest
from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport
from fastmcp.exceptions import ToolError

from estates import Estate, World
from rows import state_of
from sites import Served
from storetwin.tenancy.models import Permission
from walks import WORDS, Walker

PATH = "/mcp"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}
# What tools want to be told that names no thing.
TOLD = {"text": "xyz", "first": "1", "at": "now", "since": "2026-01-01", "until": "2026-12-31"}


def client(served: Served, token: str) -> Client[StreamableHttpTransport]:
    return Client(StreamableHttpTransport(f"{served.url}{PATH}", auth=token))


def walker(tool: Any, estate: Estate) -> Walker:
    """Return what makes up the arguments of a tool out of an organisation's things."""
    schema = dict(tool.input_schema)
    return Walker({"$defs": schema.get("$defs", {}), "tool": schema}, estate.values, WORDS | TOLD)


def arguments(walker: Walker) -> tuple[dict[str, Any], dict[str, str]]:
    """Return arguments for a tool, and the things that they name."""
    return walker.arguments(walker.document["tool"])


async def outcome(
    asking: Client[StreamableHttpTransport], name: str, given: dict[str, Any]
) -> tuple[bool, str]:
    """Call a tool; return whether it answered, and what."""
    try:
        result = await asking.call_tool(name, given)
    except ToolError as error:
        return False, str(error)
    return True, "\n".join(getattr(part, "text", repr(part)) for part in result.content)


def without(text: str, asked: Mapping[str, str]) -> str:
    for name, value in sorted(asked.items(), key=lambda item: -len(item[1])):
        text = text.replace(value, "{" + name + "}")
    return text


async def test_a_stranger_meets_no_tool(served: Served, world: World) -> None:
    said = set()
    strangers = world.ours.people.strangers
    async with aiohttp.ClientSession(headers=ACCEPT) as session:
        for what, token in strangers.items():
            sent = {} if token is None else {"Authorization": f"Bearer {token}"}
            async with session.post(f"{served.url}{PATH}", json=CALL, headers=sent) as answer:
                assert answer.status == 401, (what, answer.status)
                assert "WWW-Authenticate" in answer.headers, what
                if token:
                    said.add(await answer.text())
                assert not {mark for mark in world.ours.marks if mark in await answer.text()}
    assert len(said) == 1, said


async def test_who_may_not_read_meets_no_tool(served: Served, world: World) -> None:
    sent = ACCEPT | {"Authorization": f"Bearer {world.ours.people.lacking[Permission.READ]}"}
    async with (
        aiohttp.ClientSession(headers=sent) as session,
        session.post(f"{served.url}{PATH}", json=CALL) as answer,
    ):
        assert answer.status == 403, await answer.text()


async def test_another_organisation_cannot_tell_what_exists(served: Served, world: World) -> None:
    """Each tool asked for a thing of ours by somebody else: it never was."""
    before = state_of(world.admin_dsn, world.database)
    naming = 0
    async with client(served, world.theirs.people.administrator) as asking:
        tools = await asking.list_tools()
        assert len(tools) > 8
        for tool in tools:
            ours = walker(tool, world.ours)
            found = []
            for one in (ours, ours.imaginary()):
                given, asked = arguments(one)
                is_answer, text = await outcome(asking, tool.name, given)
                rest = without(text, asked)
                assert not {mark for mark in world.ours.marks if mark in rest}, (tool.name, rest)
                found.append((is_answer, rest))
                naming += bool(asked)
            assert found[0] == found[1] or not asked, (tool.name, found)
            own, asked = arguments(walker(tool, world.theirs))
            _, text = await outcome(asking, tool.name, own)
            assert not {mark for mark in world.ours.marks if mark in text}, (tool.name, text)
    assert naming > 8
    assert state_of(world.admin_dsn, world.database) == before


@pytest.mark.parametrize("who", ["viewer", "owner"])
async def test_who_may_read_finds_his_things(served: Served, world: World, who: str) -> None:
    """Every tool answers, with what is there; and none changes anything."""
    before = state_of(world.admin_dsn, world.database)
    seen = {}
    async with client(served, getattr(world.ours.people, who)) as asking:
        for tool in await asking.list_tools():
            given, _ = arguments(walker(tool, world.ours))
            is_answer, text = await outcome(asking, tool.name, given)
            assert is_answer, (tool.name, given, text)
            json.loads(text)
            seen[tool.name] = any(mark in text for mark in world.ours.marks)
    assert sum(seen.values()) >= len(seen) // 2, seen
    assert state_of(world.admin_dsn, world.database) == before
