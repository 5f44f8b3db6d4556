"""The installed program on an empty folder: the first user by his link, and what he can do then."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from installed import Installation, installation

PASSWORD = "correct horse battery staple"


@contextmanager
def serving(home: Installation, *options: str) -> Iterator[tuple[str, str]]:
    """`storetwin serve` on a free port; yields its URL and what it said at its start."""
    process = home.start("serve", "--port", "0", "--no-worker", *options)
    assert process.stdout is not None
    said = ""
    while "Listening on " not in said and (line := process.stdout.readline()):
        said += line.decode()
    try:
        found = re.search(r"Listening on (\S+)", said)
        assert found, said
        yield found[1], said
    finally:
        process.terminate()
        home.finish(process)


def ask(url: str, path: str, body: object = None, token: str | None = None) -> tuple[int, Any]:
    request = urllib.request.Request(f"{url}/api/v1{path}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture(scope="module")
def home() -> Iterator[Installation]:
    with installation(is_prepared=False) as made, made.serving():
        yield made


def test_from_an_empty_folder_to_a_key_that_lists(home: Installation) -> None:
    public = "https://hub.example"
    with serving_at(home, public) as (url, said):
        link = re.search(r"(\S+)/join#(sti_\S+)", said)
        assert link, said
        assert link[1] == public
        # the command that it prints is the one that does it
        printed = re.search(r"^  (curl .*\\\n.*\\\n.*)$", said, re.MULTILINE)
        assert printed, said
        command = printed[1].replace(public, url).replace("…", PASSWORD)
        done = subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, timeout=30, check=True
        )
        assert json.loads(done.stdout)["role"] == "owner", done.stdout
        status, tokens = ask(url, "/sessions", {"email": "you@example.org", "password": PASSWORD})
        assert status == 201
        access = tokens["access_token"]
        status, made = ask(url, "/api-keys", {"name": "mine", "scopes": ["read"]}, access)
        assert status == 201
        assert ask(url, "/connections", token=made["key"]) == (
            200,
            {"data": [], "next_cursor": None},
        )
        home.do("api-key", "revoke", "mine")
        assert ask(url, "/connections", token=made["key"])[0] == 401
        home.do("user", "add", "second@example.org", "--role", "owner", STORETWIN_PASSWORD=PASSWORD)
        home.do("user", "disable", "you@example.org")
        assert ask(url, "/users/me", token=access)[0] == 401
    with serving(home) as (url, said):
        assert "join#" not in said
    secrets = (PASSWORD, link[2], made["key"], access)
    logged = json.dumps(home.do("audit", "list", "--json").json)
    assert not [secret for secret in secrets if secret in logged]
    for action in ("accept_invitation", "create_session", "delete_api_key", "disable_user"):
        assert f'"{action}"' in logged


@contextmanager
def serving_at(home: Installation, public: str) -> Iterator[tuple[str, str]]:
    """`storetwin serve` behind a public URL."""
    home.environment["STORETWIN_PUBLIC_URL"] = public
    try:
        with serving(home) as served:
            yield served
    finally:
        del home.environment["STORETWIN_PUBLIC_URL"]
