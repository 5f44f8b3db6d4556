"""Every line for the API in docs/howto/look-back.md runs as it stands there."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

from api_callers import key_of, serving_api
from hubs import open_twin
from storetwin.sandboxes.woocommerce import running_store
from storetwin.tenancy.models import Role

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "look-back.md"
TEXT = PAGE.read_text(encoding="utf-8").partition("## Over the API")[2].partition("\n## ")[0]
ALIAS, *LINES = [
    line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()
]


async def said(line: str, **variables: str) -> bytes:
    """Run a line as a shell does; fail unless it succeeds."""
    command = f"shopt -s expand_aliases\n{ALIAS}\n{line}\n"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, stdout=-1, stderr=-1, env={"PATH": "/usr/bin:/bin"} | variables
    )
    out, error = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0, (line, out, error)
    return out


async def test_every_line_is_answered(database_dsn: str, tmp_path: Path) -> None:
    with running_store(orders=30, seed=2) as store:
        async with (
            open_twin(database_dsn, tmp_path, store) as twin,
            serving_api(twin.hub) as api,
        ):
            await twin.pull()
            orders = await twin.documents("orders")
            known = {
                "HUB": api.url,
                "KEY": await key_of(twin.hub, Role.VIEWER),
                "ORDER": next(iter(orders)),
            }
            answers = {line: await said(line, **known) for line in LINES}
    exact = orders[known["ORDER"]]
    assert len(answers) == len(LINES) >= 12
    by_path = {line.partition("/api/v1")[2]: answer for line, answer in answers.items()}
    for path, answer in by_path.items():
        if "/raw/" in path:
            assert answer == exact
        elif path.startswith("/connections/shop/snapshots/orders/$ORDER"):
            assert json.loads(answer)["document"] == json.loads(exact)
        else:
            assert json.loads(answer), path
    feed = next(answer for path, answer in by_path.items() if "sort=changed_at" in path)
    assert {one["resource"] for one in json.loads(feed)["data"]} == {"orders"}
