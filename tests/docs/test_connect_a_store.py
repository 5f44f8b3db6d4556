"""docs/howto/connect-a-store.md, line by line, with the installed program and sandbox stores."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from installed import LOOPBACK, Installation, installation, until
from storetwin.sandboxes.woocommerce import Sandbox, running_store
from storetwin.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "howto" / "connect-a-store.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
USER = "ada@example.org"
SCOPES = ("read", "create", "update", "delete")
SHOPS = ("shop", "other", "third", "fourth")


@contextmanager
def door_of(installed: Installation, port: int) -> Iterator[None]:
    """Run `storetwin serve` for the block."""
    process = installed.start("serve", "--no-worker")

    def answers() -> bool:
        with socket.socket() as asking:
            return asking.connect_ex(("127.0.0.1", port)) == 0

    try:
        until(answers, "the door")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        installed.finish(process)


def approve(link: str) -> None:
    with urllib.request.urlopen(link, timeout=30) as page:
        found = re.search(r'href="([^"]+)" class="[^"]*wc-auth-approve"', page.read().decode())
    assert found is not None
    urllib.request.urlopen(html.unescape(found[1]), timeout=30).close()


def filled_in(block: str, stores: dict[str, Sandbox]) -> str:
    """Return a block with the addresses and keys of real stores."""
    for name, store in stores.items():
        block = block.replace(f"https://{name}.example", store.url)
    store = stores["shop"]
    return block.replace("ck_…", store.key).replace("cs_…", store.secret)


def run_block(installed: Installation, block: str, **more: str) -> str:
    """Run a block of the page as a person does, stopping at the first line that fails."""
    path = f"{Path(sys.executable).parent}:{os.defpath}"
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", block],
        env=installed._variables({"PATH": path, **more}),
        cwd=installed.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "/wc-auth/v1/authorize?" in line and line.startswith("  "):
            approve(line.strip())
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, f"{block}\n{said}\n{err}"
    return said


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, Sandbox]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(running_store(orders=2, seed=at))
            for at, name in enumerate(SHOPS, 1)
        }


def test_the_page_from_its_first_line_to_its_last(stores: dict[str, Sandbox]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    keys = {
        "STORETWIN_STORE_KEY": stores["shop"].key,
        "STORETWIN_STORE_SECRET": stores["shop"].secret,
    }
    public = {"STORETWIN_PORT": str(port), "STORETWIN_PUBLIC_URL": url}
    with installation(**public) as installed, installed.serving():
        installed.do("user", "add", USER, STORETWIN_PASSWORD="correct horse battery")
        key = installed.do("api-key", "add", "docs", "--user", USER, *scopes).out.strip()
        with door_of(installed, port):
            said = [
                run_block(installed, filled_in(block, stores), KEY=key, HUB=url, **keys)
                for block in BLOCKS
            ]
        names = {c["name"] for c in installed.do("connection", "list", "--json").json}
    by_hand, by_page, tested, made, begun, changed, renewed = said
    assert "Added shop" in by_hand
    assert "Connected other" in by_page
    assert '"is_ok":true' in tested
    assert '"name":"third"' in made
    assert '"state":"pending"' in begun
    assert '"quiet_hours":["22:00-06:00"]' in changed
    assert "shop has new keys" in renewed
    assert names == {"shop", "other"}


def test_the_setting_is_read_as_it_stands_there() -> None:
    [block] = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    allowed = Settings(**tomllib.loads(block)).allowed_networks
    assert [str(network) for network in allowed] == ["10.1.2.0/24", LOOPBACK]
