"""Every block of docs/howto/test-your-own-client.md runs as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storetwin.testing import WooCommerceStore, running_woocommerce_store

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "test-your-own-client.md"
TEXT = PAGE.read_text(encoding="utf-8")
PORT = "http://127.0.0.1:8088"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


CURL = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("curl")]
COMMANDS = [line for block in blocks("sh") for line in block.splitlines() if line not in CURL]
PYTHON = blocks("python")


@pytest.fixture(scope="module")
def store() -> Iterator[WooCommerceStore]:
    with running_woocommerce_store(orders=100) as running:
        yield running


def test_there_is_something_to_run():
    assert (len(CURL), len(COMMANDS), len(PYTHON)) == (24, 2, 4)


def test_the_first_request(store):
    code = PYTHON[0].replace(PORT, store.url)
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert len(done.stdout.splitlines()) == 3


def test_the_tests_pass_for_a_stranger(tmp_path):
    """Outside of this project: no conftest, no settings, warnings are errors."""
    (tmp_path / "test_client.py").write_text("\n\n".join(PYTHON[1:]), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--strict-markers",
            "-W",
            "error",
            "-p",
            "no:asyncio",
            ".",
        ],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_the_curl_lines_one_after_another(store):
    assert CURL
    for line in CURL:
        words = shlex.split(line.replace(PORT, store.url), comments=True)
        done = subprocess.run(words, check=False, capture_output=True, timeout=30)
        assert done.returncode == 0, done
        json.loads(done.stdout)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_starts_a_store(line):
    program = Path(sys.executable).with_name("storetwin")
    arguments = [word for word in line.split()[1:] if word != "--stop-with-stdin"]
    free = arguments if "--port" in arguments else [*arguments, "--port", "0"]
    process = subprocess.Popen(
        [program, *free, "--stop-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    said = json.loads(first)["url"] if "--json" in arguments else first.split()[-1]
    assert said.startswith("http://127.0.0.1:")
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_every_route_of_the_control_door_has_its_line(store):
    from storetwin.sandboxes.woocommerce.app import Shop
    from storetwin.sandboxes.woocommerce.control import ControlDoor
    from storetwin.sandboxes.woocommerce.faults import Board
    from storetwin.sandboxes.woocommerce.model.store import Store

    model = Store(orders=5)
    for route in ControlDoor(Shop(model, Board(model))).routes():
        first = route.path.split("{")[0].rstrip("/")
        assert any(f"/sandbox{first}" in line for line in CURL), route.path


def test_the_table_names_all_that_a_store_can():
    table = {
        word
        for row in re.findall(r"^\|(.*)\|.*\|$", TEXT, re.MULTILINE)
        for word in re.findall(r"`(\w+)", row)
    }
    public = {name for name in vars(WooCommerceStore) if not name.startswith("_")}
    assert public <= table
