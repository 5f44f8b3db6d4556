"""docs/tutorial/list-my-orders.md is followed from its first command to its last."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import Installation, installation, processes_with, until

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "list-my-orders.md"
INSTALLED = ("make install\n", ". .venv/bin/activate\n")  # done: this test runs in its outcome


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    return block.replace("\\\n", " ").strip().splitlines()


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    with installation(is_prepared=False) as made:
        yield made


@pytest.fixture(scope="module")
def followed(home: Installation) -> Iterator[list[str]]:
    """What each block said, followed one after the other in one shell."""
    ports = {"8088": _free_port(), "8480": _free_port()}
    script = home.folder / "follow.sh"
    shell = blocks("sh")
    parts = ["set -eu", *(f"{block}\nsleep 1; echo '---'" for block in shell)]
    text, program = "\n".join(parts), blocks("python")[0]
    for line in INSTALLED:
        assert line in text
        text = text.replace(line, "")
    for told, port in ports.items():
        text, program = text.replace(told, str(port)), program.replace(told, str(port))
    script.write_text(text, encoding="utf-8")
    (home.folder / "list_my_orders.py").write_text(program, encoding="utf-8")
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(home.folder),
        "LANG": "C.UTF-8",
        "STORETWIN_DATA_DIR": str(home.data_dir),
    }
    said = home.folder / "said.txt"  # no pipe: what runs in the background would hold it open
    with said.open("w") as out, (home.folder / "errors.txt").open("w") as errors:
        process = subprocess.Popen(
            ["bash", script.name],
            cwd=home.folder,
            env=environment,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )
    try:
        assert process.wait(timeout=150) == 0, (home.folder / "errors.txt").read_text()
        yield said.read_text(encoding="utf-8").split("---\n")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        until(lambda: not processes_with(str(home.folder)), "everything has ended")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_curl_lists_orders(followed: list[str]) -> None:
    listed = json.loads(followed[3])
    assert len(listed["data"]) == 3
    assert {order["status"] for order in listed["data"]} == {"completed"}


def test_a_generated_client_lists_orders(followed: list[str]) -> None:
    lines = followed[5].splitlines()
    assert len(lines) == 20
    assert all(re.fullmatch(r"\S+ \S+ [\d.]+ [A-Z]{3}", line) for line in lines)


def test_the_number_of_commands_is_as_stated() -> None:
    *setup, client, program = [len(commands(block)) for block in blocks("sh")]
    assert (sum(setup), client, program) == (10, 1, 1)
    text = PAGE.read_text(encoding="utf-8")
    assert all(word in text for word in ("Ten commands", "An eleventh", "a twelfth"))
