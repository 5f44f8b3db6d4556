"""The commands of the two pages about keys and people run as they stand there, in their order."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import Installation, installation
from storetwin.sandboxes.woocommerce import Sandbox, running_store

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
EMAIL = "ada@example.org"


def commands_of(page: str) -> list[list[str]]:
    text = (HOWTO / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line.split()[1:] for block in blocks for line in block.splitlines()]


@pytest.fixture(scope="module")
def store() -> Iterator[Sandbox]:
    with running_store(orders=2) as running:
        running.store.create_order({"billing": {"email": EMAIL, "last_name": "Lovelace"}})
        yield running


@pytest.fixture(scope="module")
def program(store: Sandbox) -> Iterator[Installation]:
    with installation() as made, made.serving():
        made.connect(store)
        made.do("pull", "shop", "--resource", "orders")
        yield made


def test_the_page_about_the_key(program: Installation) -> None:
    commands = commands_of("rotate-the-key.md")
    assert commands == [["vault", verb] for verb in ("status", "rotate", "status", "retire")]
    said = [program.do(*command).out for command in commands]
    before, after = (
        re.findall(r"^([0-9a-f]{8}) +(\w+) +(\d+)", one, re.MULTILINE) for one in said[::2]
    )
    assert [role for _, role, _ in before] == ["current"]
    assert [(role, int(n) > 0) for _, role, n in after] == [("current", True), ("former", False)]
    assert f"The key {before[0][0]} was thrown away" in said[3]


def test_the_page_about_people(program: Installation) -> None:
    commands = commands_of("export-or-erase-a-person.md")
    assert [command[1] for command in commands] == ["export", "erase", "erase"]
    exported, planned, erased = (program.do(*command) for command in commands)
    assert "3 pieces" in exported.err
    file = program.folder / "ada.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [piece["kind"] for piece in json.loads(file.read_text())] == ["about", "record", "end"]
    assert "Would be blanked" in planned.out
    assert "1 orders" in erased.out
    assert "Erase Personal Data" in erased.out
    assert program.run("person", "export", EMAIL).code == 2
    refused = program.run("person", "erase", EMAIL, stdin="other@example.org\n")
    assert refused.code == 2
    assert "Nothing was changed" in refused.err
