"""The command line and a worker on a twin's records: the same table, the same choices, promoted by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from database_clones import clone, in_own_loop
from hubs import ENCRYPTION_KEY, settings_for
from staging_rows import Mirror
from storetwin.bootstrap import open_hub
from storetwin.cli.exits import Exit
from storetwin.cli.main import app
from storetwin.connections.models import Connection, Credentials
from storetwin.connections.register import NewConnection
from storetwin.hub import Hub
from storetwin.staging.models import Filter, RuleAction, State
from workers import until, working


async def fill(hub: Hub, name: str, records: int) -> Connection:
    """Make a connection with some products, that nobody reads."""
    keys = Credentials(SecretStr("ck_1"), SecretStr("cs_1"))
    new = NewConnection(name, f"http://{name}.test", keys)
    connection = (await hub.register.add(new, hub.clock())).connection
    await hub.schedules.pause(name, is_paused=True)
    async with hub.database.transaction(hub.organisation_id) as tx:
        await Mirror(hub.organisation_id, connection.id).add(tx, range(1, records + 1))
    return connection


@pytest.fixture(scope="module")
def environment(postgres: Any, template: str, tmp_path_factory: Any) -> Iterator[dict[str, str]]:
    folder: Path = tmp_path_factory.mktemp("commands")
    with clone(postgres, template) as dsn:

        async def settle() -> None:
            async with open_hub(settings_for(dsn, folder)) as hub:
                await fill(hub, "shop", 20)

        in_own_loop(settle())
        yield {
            "STORETWIN_DATABASE_URL": dsn,
            "STORETWIN_DATA_DIR": str(folder),
            "STORETWIN_ENCRYPTION_KEY": ENCRYPTION_KEY,
        }


async def leave_blank(environment: dict[str, str], remote_id: str) -> None:
    """Let a record be one whose custom fields the store did not show."""
    dsn, folder = environment["STORETWIN_DATABASE_URL"], Path(environment["STORETWIN_DATA_DIR"])
    async with (
        open_hub(settings_for(dsn, folder)) as hub,
        hub.database.transaction(hub.organisation_id) as tx,
    ):
        partial = "UPDATE mirror.snapshots SET state = 'partial' WHERE remote_id = %s"
        assert await tx.execute(partial, (remote_id,)) == 1


def test_a_person_chooses_and_promotes_on_the_command_line(environment: dict[str, str]) -> None:
    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, arguments, env=environment)
        assert done.exit_code == code, (done.stdout, done.stderr)
        return done.stdout

    assert json.loads(run("staging", "--json"))["products"]["new"] == 20
    page = json.loads(run("staging", "products", "--sort", "key", "--page-size", "3", "--json"))
    assert (page["row_count"], len(page["data"])) == (20, 3)
    but = [word for row in page["data"] for word in ("--but", row["remote_id"])]
    assert "17 of 17 products selected" in run("select", "products", "--state", "new", *but)
    assert "1 of 1 products ignored" in run("ignore", "products", page["data"][0]["remote_id"])
    assert "17 new" in run("promote", "products", "--dry-run")
    told = json.loads(run("promote", "products", "--json"))
    assert (told["records"], [one["state"] for one in told["runs"]]) == (17, ["done"])
    assert told["runs"][0]["stayed_behind"] == {}
    counts = json.loads(run("staging", "--json"))["products"]
    assert counts == {"in_sync": 17, "new": 2, "ignored": 1, "selected": 0}
    run("ignore", "products", page["data"][0]["remote_id"], "--undo")
    assert json.loads(run("staging", "--json"))["products"]["new"] == 3
    assert "is a new one" in run("map", "products", page["data"][0]["remote_id"], "--new")
    assert "Thing" in run("staging", "products", page["data"][1]["remote_id"])
    in_own_loop(leave_blank(environment, page["data"][2]["remote_id"]))
    told = run("promote", "products", "--all", "--yes", code=Exit.INCOMPLETE)
    assert "shop: 2 products promoted, incomplete." in told
    assert "1 products stayed behind. See why: storetwin staging products --state waiting" in told
    run("staging", "nonsense", code=2)
    run("select", "products", code=2)  # which ones?
    run("rule", "add", "drafts", "products", "--action", "ignore", "--status", "draft")
    assert "drafts" in run("rule", "list")
    run("rule", "apply", "drafts")
    run("rule", "remove", "drafts")


async def test_a_worker_promotes_what_a_rule_says_when_its_time_comes(
    database_dsn: str, tmp_path: Path
) -> None:
    async with open_hub(settings_for(database_dsn, tmp_path)) as hub:
        connection = await fill(hub, "shop", 8)
        wanted = Filter("products", states=(State.NEW,))
        await hub.staging.rules.add("daily", wanted, RuleAction.PROMOTE, spec="1d")
        async with hub.database.transaction(hub.organisation_id) as tx:
            await tx.execute("UPDATE staging.rules SET next_at = now()")

        async def is_promoted() -> bool:
            counts = await hub.staging.counts("products", [connection.id])
            return {count.state for count in counts} == {State.IN_SYNC}

        async with working(hub, database_dsn):
            await until(is_promoted)
