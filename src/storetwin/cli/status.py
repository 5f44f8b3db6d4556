"""``storetwin status``: how every connection is doing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.printable import printable
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from rich.text import Text

    from storetwin.connections.webhooks_health import Health
    from storetwin.hub import Hub
    from storetwin.hub.standings import ConnectionStanding

STATES = ("listed", "unlisted", "partial", "gone")
STYLES = {"in step": "green", "resting": "dim", "never read": "yellow", "behind": "red"}


def status(in_json: bool = JSON) -> None:
    """Show for each connection whether its twin is in step, what it holds, and what hinders it."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.standings import as_json
        from storetwin.jobs.living import living_workers

        found, workers = await hub.standings.every(), await living_workers(hub)
        webhooks = await hub.standings.webhooks()
        if in_json:
            told = [as_json(one, webhooks.get(one.connection.id)) for one in found]
            print_json({"workers": workers, "connections": told})
        elif not found:
            say_error("No store is connected yet. Add one, or look at the demo:")
            say_error("  storetwin connection add shop --url https://shop.example")
            say_error("  storetwin demo")
        else:
            for one in found:
                _print(one, webhooks.get(one.connection.id), hub.clock())
            if not workers:
                say_error("No worker is at work: nothing is read by itself. Start: storetwin serve")
        return Exit.DONE

    with_hub(verb, as_json=in_json)


def _print(one: ConnectionStanding, webhooks: Health | None, now: datetime) -> None:
    from rich.text import Text

    from storetwin.cli.screen import out

    console = out()
    console.print(_head(one, now))
    for line in _remarks(one, webhooks, now):
        console.print(Text(f"  {printable(line)}", "yellow"), soft_wrap=True)
    for run in one.at_work:
        console.print(f"  {run['kind']} at work: storetwin watch {one.connection.name}")
    if any(r.records for r in one.resources):
        console.print(_table(one, now))
    else:
        console.print(f"  Nothing was pulled yet: storetwin pull {one.connection.name}")


def _head(one: ConnectionStanding, now: datetime) -> Text:
    from rich.text import Text

    from storetwin.cli.ages import ago, ahead

    proof = {
        True: ("complete", "green"),
        False: ("not complete", "red"),
        None: ("never certified", "yellow"),
    }
    certificate = one.certificate
    head = Text(one.connection.name, "bold").append(f"  {one.connection.url}  ", "dim")
    head.append(one.standing.value, STYLES[one.standing.value]).append("  ")
    head.append(*proof[certificate["is_complete"] if certificate else None])
    if certificate:
        head.append(f"  {ago(certificate['ended_at'], now)}, level {certificate['level']}", "dim")
    if one.next_at and not one.connection.pause_reason:
        head.append(f"  next {ahead(one.next_at, now)}", "dim")
    return head


def _remarks(one: ConnectionStanding, webhooks: Health | None, now: datetime) -> list[str]:
    """Return what a person should know: what hinders, what waits."""
    from storetwin.cli.ages import ago

    name, last = one.connection.name, one.last_run
    found = []
    if one.connection.pause_reason:
        found.append(f"Paused: {one.connection.pause_reason}")
    if last and last["error"] and last["state"] in ("failed", "paused"):
        found.append(
            f"The last {last['kind']} failed {ago(last['ended_at'], now)}: {last['error']}"
        )
    if one.failures > 1:
        found.append(f"Its schedule came to nothing {one.failures} times in a row.")
    if letters := sum(r.dead_letters for r in one.resources):
        found.append(f"{letters} dead letters: storetwin dead-letters --connection {name}")
    if one.waiting:
        found.append(f"{one.waiting:,} deliveries of webhooks wait.")
    if webhooks and webhooks.standing.value not in ("ok", "off", "polling only"):
        found.append(f"Webhooks {webhooks.standing.value}: {webhooks.reason}")
    return found


def _table(one: ConnectionStanding, now: datetime) -> object:
    from rich.text import Text

    from storetwin.cli.ages import ago
    from storetwin.cli.screen import table

    rows = [
        (
            r.resource,
            Text(r.standing.value, STYLES[r.standing.value]),
            *(f"{r.records.get(state, 0):,}" for state in STATES),
            ago(r.marks.synced_at, now) if r.marks.synced_at else "never",
            f"{r.marks.synced_to:%Y-%m-%d %H:%M:%S}" if r.marks.synced_to else "",
            ago(r.marks.swept_at, now) if r.marks.swept_at else "never",
        )
        for r in one.resources
    ]
    columns = ("resource", "standing", "listed>", "in no list>", "partial>", "gone>")
    return table(None, (*columns, "read", "up to (store, UTC)", "swept"), rows)
