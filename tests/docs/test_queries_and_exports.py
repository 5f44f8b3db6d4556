"""The pages of questions, exports and assistants say what is there; every command runs as it stands."""

import asyncio
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import NAME, Installation, installation
from storetwin.hub import Hub
from storetwin.mcp.local import as_operator
from storetwin.mcp.server import build_server
from storetwin.reading.export_columns import DECLARED_RESOURCES, columns_of
from storetwin.reading.export_formats import Format
from storetwin.reading.fields import COLUMN_MEANINGS, COLUMNS
from storetwin.reading.query_models import Operator
from storetwin.sandboxes.woocommerce import running_store

DOCS = Path(__file__).parents[2] / "docs"
QUERIES = (DOCS / "reference" / "queries.md").read_text(encoding="utf-8")
EXPORTS = (DOCS / "reference" / "exports.md").read_text(encoding="utf-8")
ASSISTANTS = (DOCS / "howto" / "ask-with-an-assistant.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for text in (QUERIES, EXPORTS)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("storetwin")
]


@pytest.fixture(scope="module")
def program() -> Iterator[Installation]:
    allowed = {"STORETWIN_ALLOWED_NETWORKS": "127.0.0.1/32"}
    with running_store(orders=5) as store, installation(**allowed) as made, made.serving():
        made.connect(store)
        made.do("pull", NAME, "-r", "orders", "-r", "products", "-r", "customers")
        yield made


def test_there_is_something_to_run() -> None:
    assert len(COMMANDS) == 12


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_runs_as_it_stands(program: Installation, line: str) -> None:
    program.do(*shlex.split(line)[1:])


def test_every_column_operator_and_format_has_its_line() -> None:
    for name in COLUMNS:
        assert f"| `{name}` | {COLUMN_MEANINGS[name]} |" in QUERIES
    for operator in Operator:
        assert f"`{operator}`" in QUERIES
    for form in Format:
        assert f"| `{form}` |" in EXPORTS


def test_every_resource_has_its_columns() -> None:
    for resource in DECLARED_RESOURCES:
        names = ", ".join(f"`{column.name}`" for column in columns_of(resource))
        assert f"| {resource} | {names} |" in EXPORTS


def test_every_tool_has_its_line() -> None:
    hub = Hub.__new__(Hub)  # no tool is called
    tools = asyncio.run(build_server(hub, as_operator(hub)).list_tools())
    documented = set(re.findall(r"^\| `(\w+)` \|", ASSISTANTS, re.MULTILINE))
    assert documented == {tool.name for tool in tools}


def test_the_blocks_are_json() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```", QUERIES + ASSISTANTS, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        json.loads(block)
