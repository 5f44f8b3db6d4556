"""``storetwin watch``: follow what runs, as it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import say, say_error, with_hub

if TYPE_CHECKING:
    from uuid import UUID

    from storetwin.hub import Hub

LOOK_SECONDS = 1.0
BREATH_SECONDS = 0.2  # a screen that changes more often cannot be read
CHANNEL = "storetwin_progress"
COUNTS = ("records", "created", "updated", "buried", "unreadable", "pages", "expected")


def watch(
    name: str | None = typer.Argument(None, metavar="[CONNECTION]", help="Only this connection."),
    once: bool = typer.Option(False, "--once", help="Leave when nothing is at work."),
    as_json: bool = JSON,
) -> None:
    """Follow runs live until Ctrl-C: one line whenever a resource or a run comes to its end."""

    async def verb(hub: Hub) -> Exit:
        follower = Follower()
        if not as_json:
            say_error("Following; stop with Ctrl-C." if not once else "Following what is at work.")
        try:
            await _follow(hub, name, follower, once=once, as_json=as_json)
        except asyncio.CancelledError:
            return Exit.DONE
        return Exit.DONE

    with_hub(verb)


async def _follow(
    hub: Hub, name: str | None, follower: Follower, *, once: bool, as_json: bool
) -> None:
    from storetwin.cli.screen import LiveLines

    told = asyncio.Event()
    hearing = asyncio.create_task(_hear(hub, told))
    try:
        with LiveLines() as screen:
            while True:
                told.clear()
                rows = await hub.standings.followed(name, follower.known)
                for event in follower.see(rows):
                    if as_json:
                        say(json.dumps(event, default=str))
                    else:
                        screen.say(_sentence(event))
                screen.show([] if as_json else [_sentence(event) for event in follower.current])
                if once and not follower.at_work:
                    return
                await asyncio.sleep(BREATH_SECONDS)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await told.wait()
    finally:
        hearing.cancel()


async def _hear(hub: Hub, told: asyncio.Event) -> None:
    """Wake the follower at each notice; where they cannot be heard it looks once a second."""
    from storetwin.kernel.errors import StoretwinError

    while True:
        with suppress(StoretwinError):
            async for _ in hub.database.listen(CHANNEL):
                told.set()
        await asyncio.sleep(LOOK_SECONDS)


@dataclass(slots=True)
class Follower:
    """Tells what has changed since it looked last. Pure.

    Args:
        at_work: the runs that were, when it looked last.
        current: the resources that are being read.
    """

    at_work: set[UUID] = field(default_factory=set)
    current: list[dict[str, Any]] = field(default_factory=list)
    _told: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def known(self) -> list[UUID]:
        """Return the runs whose end is still to be told."""
        return list(self.at_work)

    def see(self, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield what happened: runs that began, resources and runs that came to their end."""
        runs = {row["run_id"]: row for row in rows}
        for run_id, row in runs.items():
            if run_id not in self.at_work:
                yield _event("began", row)
        for row in rows:
            mark = (row["run_id"], row["stage"], row["resource"])
            if row["state"] not in (None, "running") and mark not in self._told:
                self._told.add(mark)
                yield _event(row["state"], row, with_counts=True)
        for run_id, row in runs.items():
            if row["run_state"] != "running":
                yield _event(row["run_state"], row | {"resource": None, "stage": None})
                self._told = {mark for mark in self._told if mark[0] != run_id}
        self.at_work = {n for n, row in runs.items() if row["run_state"] == "running"}
        self.current = [
            _event("running", row, with_counts=True)
            for row in rows
            if row["state"] == "running" and row["run_id"] in self.at_work
        ]


def _event(what: str, row: dict[str, Any], *, with_counts: bool = False) -> dict[str, Any]:
    found = {
        "what": what,
        "run_id": row["run_id"],
        "connection": row["connection"],
        "kind": row["kind"],
    }
    if with_counts:
        found |= {"stage": row["stage"], "resource": row["resource"]}
        return found | {name: row[name] for name in COUNTS}
    return found | ({"error": row["error"]} if row["error"] else {})


def _sentence(event: dict[str, Any]) -> str:
    head = f"{event['connection']}  {event['kind']}"
    if "resource" not in event:
        return f"{head}  {event['what']}" + (f": {event['error']}" if event.get("error") else "")
    counts = [f"{event[name]:,} {name}" for name in COUNTS[1:5] if event[name]]
    of = f" of {event['expected']:,}" if event["what"] == "running" and event["expected"] else ""
    told = ", ".join([f"{event['records']:,}{of} records", *counts])
    return f"{head}  {event['resource']}  {event['what']}: {told}"
