"""Webhooks with the installed program: real processes, killed while deliveries come in."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from doors import free_port
from installed import NAME, Installation, installation, until
from storetwin.sandboxes.woocommerce import Sandbox, running_store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store() -> Iterator[Sandbox]:
    with running_store(orders=60, seed=7) as sandbox:
        yield sandbox


@pytest.fixture
def hub() -> Iterator[tuple[Installation, int]]:
    port = free_port()
    with installation(
        STORETWIN_PUBLIC_URL=f"http://127.0.0.1:{port}", STORETWIN_PORT=str(port)
    ) as installed:
        yield installed, port


def serve(installed: Installation, port: int) -> subprocess.Popen[bytes]:
    """Start the hub's door without a worker, and wait until it answers."""
    import socket

    process = installed.start("serve", "--no-worker")

    def answers() -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", port)) == 0

    until(answers, "the door")
    return process


def secrets_of(installed: Installation) -> tuple[str, str]:
    """Return token and secret as the program itself opens them."""
    code = (
        "import asyncio, json\n"
        "from storetwin.bootstrap import open_hub\n"
        "from storetwin.settings import load_settings\n"
        "async def main():\n"
        "    async with open_hub(load_settings()) as hub:\n"
        "        (end,) = (await hub.register.receiving_ends.every()).values()\n"
        "        print(json.dumps([end.token, end.secret]))\n"
        "asyncio.run(main())\n"
    )
    environment = {"STORETWIN_DATA_DIR": str(installed.data_dir), "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    token, secret = json.loads(done.stdout)
    return token, secret


def test_nothing_that_was_answered_is_lost_when_the_door_is_killed(
    hub: tuple[Installation, int], store: Sandbox, tmp_path: Path
) -> None:
    installed, port = hub
    installed.connect(store)
    with installed.serving():
        door = serve(installed, port)
        installed.do("webhook", "create", NAME)
        token, secret = secrets_of(installed)
        ids, answered = tmp_path / "ids.json", tmp_path / "answered.json"
        ids.write_text(json.dumps(list(range(1, 20_001))))
        delivering = subprocess.Popen(
            [
                sys.executable, "-m", "benchmarks.door_load", f"--port={port}",
                f"--path=/hooks/{token}", f"--secret={secret}", f"--source={store.url}",
                f"--ids={ids}", f"--answered={answered}", "--seconds=30", "--connections=32",
            ],
            cwd=ROOT, stdout=subprocess.PIPE,
        )  # fmt: skip
        until(
            lambda: installed.rows("SELECT count(*) AS n FROM mirror.inbox")[0]["n"] > 300,
            "deliveries",
        )
        os.kill(door.pid, signal.SIGKILL)
        delivering.communicate(timeout=60)
        door.communicate()
        told = [str(number) for number in json.loads(answered.read_text())]
        assert len(told) > 100
        kept = {row["remote_id"] for row in installed.rows("SELECT remote_id FROM mirror.inbox")}
        assert set(told) <= kept


def test_the_commands_say_what_they_do(hub: tuple[Installation, int], store: Sandbox) -> None:
    installed, port = hub
    installed.connect(store)
    with installed.serving():
        nothing = installed.do("webhook", "list", NAME)
        assert "off" in nothing.out
        assert "storetwin webhook create shop" in nothing.out
        none_yet = installed.run("webhook", "test", NAME)
        assert (none_yet.code, "webhook create shop" in none_yet.err) == (1, True)
        created = installed.do("webhook", "create", NAME, "--json")
        assert len(created.json["created"]) == 15
        closed = installed.run("webhook", "test", NAME)
        assert closed.code == 1
        assert "Nobody answers" in closed.err
        door = serve(installed, port)
        tested = installed.do("webhook", "test", NAME, "--json").json
        assert (tested["arrived"], tested["kept"], tested["trouble"]) == (True, True, None)
        listed = installed.do("webhook", "list", NAME, "--json").json
        assert (len(listed["working"]), listed["lacking"]) == (15, {})
        token, secret = secrets_of(installed)
        door.terminate()
        door.communicate(timeout=20)
        removed = installed.do("connection", "remove", NAME, "--yes")
        assert "Removed 15 webhooks from the store." in removed.out
    heard = "".join(installed.heard)
    assert token not in heard
    assert secret not in heard


def test_without_a_public_url_it_is_said(store: Sandbox) -> None:
    with installation() as installed:
        installed.connect(store)
        refused = installed.run("webhook", "create", NAME)
        assert refused.code == 1
        assert "STORETWIN_PUBLIC_URL" in refused.err
