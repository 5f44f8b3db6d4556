"""Connecting with the installed program: by the store's own page, with other keys, with a default."""

from __future__ import annotations

import html
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from installed import NAME, Installation, installation, until
from storetwin.sandboxes.woocommerce import Sandbox, running_store

OTHER = "other"


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=5) as running:
        yield running


@pytest.fixture(scope="module")
def hub() -> Iterator[tuple[Installation, int]]:
    """The program, and the port that its public URL names."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    public = {"STORETWIN_PORT": str(port), "STORETWIN_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with installation(**public) as made, made.serving():
        yield made, port


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def door_of(installed: Installation, port: int) -> Iterator[list[str]]:
    """Run `storetwin serve` for the block; afterwards there is what it said."""
    door, said = installed.start("serve", "--no-worker"), list[str]()
    try:
        until(lambda: answers(port), "the door")
        yield said
    finally:
        door.send_signal(signal.SIGTERM)
        said.append(installed.finish(door).said)


def link_of(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    for line in iter(process.stdout.readline, b""):
        if b"/wc-auth/v1/authorize?" in line:
            return line.decode().strip()
    raise AssertionError(process.communicate())


def approve(link: str) -> str:
    """Press Approve, follow where it leads, and return what the browser shows then."""
    with urllib.request.urlopen(link, timeout=30) as page:
        text = page.read().decode()
    found = re.search(r'href="([^"]+)" class="[^"]*wc-auth-approve"', text)
    assert found is not None
    with urllib.request.urlopen(html.unescape(found[1]), timeout=30) as page:
        return str(page.read().decode())


def test_a_store_is_connected_by_a_link_and_later_gets_other_keys(
    hub: tuple[Installation, int], store: Sandbox
) -> None:
    installed, port = hub
    with door_of(installed, port) as said:
        link = connected(installed, store)
        renewed(installed, store)
    assert parse_qs(urlsplit(link).query)["user_id"][0] not in "".join(said)


def connected(installed: Installation, store: Sandbox) -> str:
    """Connect by the store's page; return the link to it."""
    asking = installed.start("connection", "authorise", NAME, "--url", store.url)
    link = link_of(asking)
    assert "The store is connected" in approve(link)
    done = installed.finish(asking)
    assert done.code == 0, done.said
    assert f"Connected {NAME} ({store.url})." in done.out
    assert installed.do("connection", "show", NAME, "--json").json["state"] == "active"
    installed.do("pull", NAME, "--resource", "orders")
    return link


def renewed(installed: Installation, store: Sandbox) -> None:
    """Give the connection other keys; nothing of any is ever written."""
    made = store.make_keys()
    wrong = installed.run("connection", "keys", NAME, "--key", made.key, "--secret", "cs_wrong")
    assert wrong.code != 0
    assert "The consumer secret is wrong." in wrong.err
    pair = {"STORETWIN_STORE_KEY": made.key, "STORETWIN_STORE_SECRET": made.secret}
    assert "new keys" in installed.do("connection", "keys", NAME, **pair).out
    old = [each for each in store.shop.gate.pairs if each.key != made.key]
    for each in old:
        store.revoke(each.key)
    installed.do("pull", NAME, "--resource", "orders")
    heard = "".join(installed.heard)
    for each in (made, *old):
        assert each.secret not in heard
    store.shop.gate.reset()


def test_what_does_not_work_is_not_kept_and_one_is_the_default(
    hub: tuple[Installation, int], store: Sandbox
) -> None:
    installed, _ = hub
    with running_store(orders=1, seed=2) as second:
        wrong = {"STORETWIN_STORE_KEY": second.key, "STORETWIN_STORE_SECRET": "cs_no"}
        arguments = ("connection", "add", OTHER, "--url", second.url, "--test")
        assert installed.run(*arguments, **wrong).code != 0
        names = [c["name"] for c in installed.do("connection", "list", "--json").json]
        assert OTHER not in names
        keys = {"STORETWIN_STORE_KEY": second.key, "STORETWIN_STORE_SECRET": second.secret}
        assert f"storetwin pull {OTHER}" in installed.do(*arguments, **keys).out
        assert OTHER in installed.do("connection", "default", OTHER).out
        listed = installed.do("connection", "list", "--json").json
        assert listed[0]["name"] == OTHER
        assert [c["is_default"] for c in listed].count(True) == 1


def test_without_a_public_url_no_link_is_given(store: Sandbox) -> None:
    with installation() as installed:
        refused = installed.run("connection", "authorise", NAME, "--url", store.url)
        assert refused.code == 1
        assert "STORETWIN_PUBLIC_URL" in refused.err
