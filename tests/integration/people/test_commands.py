"""The commands about people: `storetwin user`, `organisation`, `api-key`, `audit`."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hubs import ENCRYPTION_KEY
from storetwin.cli.main import app
from storetwin.cli.noting import os_user

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Machine:
    """The command line on a database."""

    environment: dict[str, str]

    def run(self, *arguments: str, stdin: str = "", **more: str) -> Ran:
        done = CliRunner().invoke(app, arguments, input=stdin, env=self.environment | more)
        return Ran(done.exit_code, done.stdout, done.stderr)

    def do(self, *arguments: str, **more: str) -> Ran:
        ran = self.run(*arguments, **more)
        assert ran.code == 0, (ran.out, ran.err)
        return ran

    def refused(self, word: str, *arguments: str, code: int = 1, stdin: str = "") -> None:
        ran = self.run(*arguments, stdin=stdin)
        assert ran.code == code, (ran.out, ran.err)
        assert word in ran.err
        assert "Traceback" not in ran.err


@pytest.fixture
def machine(database_dsn: str, tmp_path: Path) -> Machine:
    return Machine(
        {
            "STORETWIN_DATABASE_URL": database_dsn,
            "STORETWIN_DATA_DIR": str(tmp_path),
            "STORETWIN_ENCRYPTION_KEY": ENCRYPTION_KEY,
        }
    )


def roles(machine: Machine, *options: str) -> dict[str, str]:
    return {
        row["email"]: row["role"] for row in machine.do("user", "list", "--json", *options).json
    }


def test_users_come_change_and_go(machine: Machine) -> None:
    assert "storetwin user add" in machine.do("user", "list").err
    first = machine.do("user", "add", "ada@example.org", "--json", stdin=f"{PASSWORD}\n").json
    assert first == {"added": "ada@example.org", "role": "owner", "is_installation_admin": True}
    machine.do("user", "add", "bob@example.org", "--role", "operator", STORETWIN_PASSWORD=PASSWORD)
    link = machine.do("user", "add", "grace@example.org", "--json").json["invited"]
    assert re.fullmatch(r"http://127\.0\.0\.1:8480/join#sti_\S{43}", link["link"])
    assert (link["email"], link["role"]) == ("grace@example.org", "viewer")
    assert roles(machine) == {"ada@example.org": "owner", "bob@example.org": "operator"}
    machine.do("user", "role", "BOB@example.org", "administrator")
    machine.do("user", "password", "bob@example.org", stdin="another good one\n")
    machine.do("user", "disable", "bob@example.org")
    assert "disabled" in machine.do("user", "list").out
    machine.do("user", "enable", "bob@example.org")
    assert roles(machine)["bob@example.org"] == "administrator"
    machine.do("user", "remove", "bob@example.org", "--yes")
    assert roles(machine) == {"ada@example.org": "owner"}
    told = machine.do("audit", "list", "--json").json[::-1]
    assert [entry["action"] for entry in told] == [
        "add_user",
        "add_user",
        "add_user",
        "update_member",
        "set_password",
        "disable_user",
        "enable_user",
        "delete_user",
    ]
    assert {(e["actor"], e["via"], e["outcome"]) for e in told} == {(os_user(), "command", "done")}
    assert PASSWORD not in json.dumps(told)
    assert "sti_" not in json.dumps(told)


def test_what_cannot_be_done_is_refused_with_what_to_do(machine: Machine) -> None:
    owner = "ada@example.org"
    machine.refused("11 characters", "user", "add", owner, stdin="elevenchars\n")
    machine.refused("no e-mail", "user", "add", "somebody", stdin=f"{PASSWORD}\n")
    machine.do("user", "add", owner, stdin=f"{PASSWORD}\n")
    machine.refused(f"storetwin user role {owner}", "user", "add", owner)
    machine.refused("last owner", "user", "role", owner, "viewer")
    machine.refused("last owner", "user", "remove", owner, "--yes")
    machine.refused("no user", "user", "disable", "x@example.org", code=2)
    machine.refused("password is missing", "user", "password", owner)
    machine.refused("storetwin organisation list", "user", "list", "--organisation", "x", code=2)
    machine.refused("--expires", "api-key", "add", "k", "--user", owner, "--scope", "read",
                    "--expires", "soon", code=2)  # fmt: skip
    machine.refused(
        "no member", "api-key", "add", "k", "--user", "x@y.z", "--scope", "read", code=2
    )
    machine.refused("no API key", "api-key", "revoke", "k", code=2)
    assert roles(machine) == {owner: "owner"}


def test_organisations_and_keys(machine: Machine) -> None:
    made = machine.do("organisation", "add", "Second shop", "--json").json
    at = ("--organisation", "Second shop")
    machine.do("user", "add", "ada@example.org", "--role", "operator", *at, stdin=f"{PASSWORD}\n")
    key = ("api-key", "add", "reports", "--user", "ada@example.org", *at, "--scope")
    machine.refused("administer", *key, "administer")
    shown = machine.do(*key, "read", "--scope", "export", "--expires", "90d").out
    assert re.fullmatch(r"stk_\S{43}\n", shown)
    assert machine.do("api-key", "list", "--json").json == []
    [listed] = machine.do("api-key", "list", "--json", *at).json
    assert (listed["scopes"], listed["user"]) == (["export", "read"], "ada@example.org")
    assert shown.startswith(listed["hint"])
    machine.do("api-key", "revoke", shown.strip(), *at)
    assert "revoked" in machine.do("api-key", "list", *at).out
    machine.do("organisation", "rename", made["organisation_id"], "Third shop")
    names = [one["name"] for one in machine.do("organisation", "list", "--json").json]
    assert names == ["default", "Third shop"]
    machine.do("organisation", "add", "Third shop")
    machine.refused("by its id", "user", "list", "--organisation", "Third shop")
    by_id = ("--organisation", made["organisation_id"])
    told = machine.do("audit", "list", "--json", *by_id).json
    assert {(e["action"], e["outcome"]) for e in told} == {
        ("add_user", "done"),
        ("create_api_key", "bad_scopes"),
        ("create_api_key", "done"),
        ("delete_api_key", "done"),
        ("update_organisation", "done"),
    }
    assert shown.strip() not in json.dumps(told)


def test_somebody_who_is_a_user_joins_another_organisation_without_a_password(
    machine: Machine,
) -> None:
    machine.do("user", "add", "ada@example.org", stdin=f"{PASSWORD}\n")
    machine.do("organisation", "add", "second")
    machine.do("user", "add", "ada@example.org", "--organisation", "second")
    assert roles(machine, "--organisation", "second") == {"ada@example.org": "viewer"}
    machine.do("user", "remove", "ada@example.org", "--organisation", "second", "--yes")
    assert roles(machine, "--organisation", "second") == {}
    assert roles(machine) == {"ada@example.org": "owner"}


def test_the_page_about_it_is_followed_from_top_to_bottom(machine: Machine) -> None:
    page = Path(__file__).parents[3] / "docs/howto/let-people-in.md"
    lines = re.findall(r"^storetwin (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) >= 15
    for line in lines:
        machine.do(*shlex.split(line), STORETWIN_PASSWORD=PASSWORD)
    assert roles(machine, "--organisation", "Second shop") == {"ada@example.org": "owner"}
    assert roles(machine, "--organisation", "default") == {"ada@example.org": "owner"}
    [key] = machine.do("api-key", "list", "--json").json
    assert key["revoked_at"] is not None
