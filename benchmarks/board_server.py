"""The REST API of a hub in a process of its own, with a key for one organisation.

The first line of standard output is JSON: where it is, and the key. It serves until its standard
input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import uvloop
from pydantic import SecretStr

from storetwin.api.app import Manners, create_app
from storetwin.api.health import Health
from storetwin.api.server import address_of, listen_on, run_server
from storetwin.bootstrap import open_hub
from storetwin.settings import Settings
from storetwin.tenancy.keys import NewKey, issue_key
from storetwin.tenancy.members import NewUser, add_user
from storetwin.tenancy.models import Permission, Role


async def _number() -> int:
    return 0


async def main(chosen: argparse.Namespace) -> None:
    settings = Settings(
        database_url=SecretStr(chosen.dsn), data_dir=Path(chosen.folder),
        encryption_key=SecretStr("c3RvcmV0d2luLXN0b3JldHdpbi1zdG9yZXR3aW4tMTI="),
    )  # fmt: skip
    organisation_id = UUID(chosen.organisation)
    async with open_hub(settings) as opened:
        hub = opened.of(organisation_id)
        now = hub.clock()
        user = await add_user(
            hub.database, organisation_id, NewUser("bench@example.org", "Bench"), Role.VIEWER, now
        )
        async with hub.database.transaction(organisation_id) as tx:
            key = NewKey("bench", frozenset({Permission.READ}))
            issued = await issue_key(tx, organisation_id, user, key, now)
        with listen_on("127.0.0.1", 0) as listening:
            app = create_app(
                opened, Health(_number, _number), manners=Manners(requests_per_minute=10**9)
            )
            is_up = asyncio.Event()
            serving = asyncio.create_task(run_server(app, listening, is_up.set))
            await is_up.wait()
            print(json.dumps({"url": address_of(listening), "key": issued.key}), flush=True)
            with suppress(EOFError):
                await asyncio.to_thread(sys.stdin.read)
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for option in ("--dsn", "--folder", "--organisation"):
        parser.add_argument(option, required=True)
    uvloop.run(main(parser.parse_args()))
