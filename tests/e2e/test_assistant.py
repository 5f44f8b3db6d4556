"""The program as an assistant on this machine starts it: a real process, standard input and output."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from installed import NAME, PROGRAM, Installation, installation
from storetwin.sandboxes.woocommerce import running_store


@pytest.fixture(scope="module")
def program() -> Iterator[Installation]:
    allowed = {"STORETWIN_ALLOWED_NETWORKS": "127.0.0.1/32"}
    with running_store(orders=5) as store, installation(**allowed) as made, made.serving():
        made.connect(store)
        made.do("pull", NAME, "-r", "orders", "-r", "payment_gateways")
        yield made


@asynccontextmanager
async def assistant(
    program: Installation, *options: str, **more: str
) -> AsyncIterator[Client[Any]]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "STORETWIN_DATA_DIR": str(program.data_dir),
        **program.environment,
        **more,
    }
    transport = StdioTransport(
        str(PROGRAM), ["mcp", *options], env=environment, cwd=str(program.folder), keep_alive=False
    )
    async with Client(transport) as client:
        yield client


async def test_an_assistant_reads_the_twin(program: Installation) -> None:
    async with assistant(program) as client:
        assert len(await client.list_tools()) == 11
        answer = await client.call_tool("query", {"resource": "orders", "fields": ["count()"]})
        counted = json.loads(answer.content[0].text)["rows"][0][0]
        exported = program.do("export", "orders", "--format", "jsonl").out
        assert counted == len(exported.splitlines()) > 0


async def test_who_is_nobody_is_told_so_at_once(program: Installation) -> None:
    done = program.run("mcp", STORETWIN_API_KEY="stk_" + "x" * 43)
    assert done.code == 1
    assert "valid credentials" in done.err
    assert "x" * 43 not in done.said
    done = program.run("mcp", "--user", "nobody@example.org")
    assert done.code == 2
    assert "no member" in done.err


def test_an_export_gets_its_name_when_it_is_whole(program: Installation) -> None:
    target = program.folder / "orders.csv"
    done = program.do("export", "orders", "--output", str(target))
    assert "orders.csv" in done.err
    assert done.out == ""
    whole = target.read_bytes()
    assert whole.count(b"\r\n") > 5
    assert [path.name for path in program.folder.iterdir() if ".orders.csv" in path.name] == []
    missing = program.run("export", "orders", "--output", str(program.folder / "no" / "x.csv"))
    assert missing.code == 1
    assert "cannot be written" in missing.err
    done = program.run("export", "orders", "--field", "totl", "--output", str(target))
    assert done.code == 1
    assert "Did you mean total" in done.err
    assert target.read_bytes() == whole


def test_a_question_on_the_command_line(program: Installation) -> None:
    done = program.do(
        "query",
        "orders",
        "--field",
        "count()",
        "--where",
        "total >= 0",
        "--group",
        "currency",
        "--json",
    )
    assert done.json["columns"] == ["currency", "count()"]
    table = program.do("query", "orders", "--limit", "2", "--where", "status != trash")
    assert "There are more" in table.out
    assert "billing.country: text" in program.do("query", "orders", "--describe").out
    assert program.run("query", "orders", "--where", "total").code == 1
