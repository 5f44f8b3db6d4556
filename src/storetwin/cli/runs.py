"""``storetwin status`` and ``storetwin runs``."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.pull import JSON
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.hub import Hub


def status(as_json: bool = JSON) -> None:
    """Show for each connection what the twin holds, and when that was last proved."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.reports.status()
        letters = await hub.reports.dead_letters()
        waiting: dict[Any, int] = defaultdict(int)
        for letter in letters:
            waiting[letter.connection_id] += 1
        lines = [
            _status_of(connection, found, waiting[connection.id])
            for connection in await hub.register.every()
        ]
        if as_json:
            print_json({"connections": lines})
        elif not lines:
            say_error("No store is connected yet. Add one, or look at the demo:")
            say_error("  storetwin connection add shop --url https://shop.example")
            say_error("  storetwin demo")
        else:
            _print_status(lines, hub.clock())
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _status_of(connection: Connection, found: Any, waiting: int) -> dict[str, Any]:
    certificate = found["certificates"].get(connection.id)
    last = next((run for run in found["runs"] if run["connection_id"] == connection.id), None)
    resources: dict[str, dict[str, int]] = {}
    for row in found["records"]:
        if row["connection_id"] == connection.id:
            resources.setdefault(row["resource"], {})[row["state"]] = row["n"]
    return {
        "connection": connection.name,
        "url": connection.url,
        "state": connection.state.value,
        "pause_reason": connection.pause_reason,
        "dead_letters": waiting,
        "is_complete": certificate["is_complete"] if certificate else None,
        "certified_at": certificate["ended_at"] if certificate else None,
        "level": certificate["level"] if certificate else None,
        "last_run": {k: last[k] for k in ("run_id", "kind", "state", "started_at", "ended_at")}
        if last
        else None,
        "resources": resources,
    }


def _print_status(lines: list[dict[str, Any]], now: datetime) -> None:
    from rich.text import Text

    from storetwin.cli.screen import out, table

    console = out()
    for line in lines:
        verdict = {
            True: Text("complete", "green"),
            False: Text("not complete", "red"),
            None: Text("never certified", "yellow"),
        }[line["is_complete"]]
        head = (
            Text(line["connection"], "bold")
            .append(f"  {line['url']}  ", "dim")
            .append_text(verdict)
        )
        if line["certified_at"]:
            head.append(f"  {ago(line['certified_at'], now)}, level {line['level']}", "dim")
        if line["dead_letters"]:
            head.append(f"  {line['dead_letters']} dead letters", "yellow")
        console.print(head)
        if line["pause_reason"]:
            console.print(Text(f"  Paused: {line['pause_reason']}", "yellow"), soft_wrap=True)
        rows = [
            (name, *(f"{states.get(s, 0):,}" for s in ("listed", "unlisted", "partial", "gone")))
            for name, states in sorted(line["resources"].items())
        ]
        if rows:
            console.print(
                table(None, ("resource", "listed>", "in no list>", "partial>", "gone>"), rows)
            )
        else:
            console.print(f"  Nothing was pulled yet: storetwin pull {line['connection']}")


def runs(
    run_id: str | None = typer.Argument(None, metavar="[ID]", help="The beginning of a run's id."),
    limit: int = typer.Option(20, "--limit", min=1, max=1000, help="How many runs to list."),
    as_json: bool = JSON,
) -> None:
    """List the latest runs, or show one with its progress by resource."""

    async def verb(hub: Hub) -> Exit:
        if run_id is None:
            found = await hub.reports.runs(limit=limit)
            if as_json:
                print_json([_readable(run) for run in found])
            elif not found:
                say_error("Nothing ran yet. Start with: storetwin pull CONNECTION")
            else:
                _print_runs(found)
            return Exit.DONE
        run, progress = await hub.reports.run(run_id)
        if as_json:
            print_json(_readable(run) | {"progress": progress})
        else:
            _print_run(run, progress)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _readable(run: dict[str, Any]) -> dict[str, Any]:
    return run | {"options": json.loads(run["options"])}


def _print_runs(found: list[dict[str, Any]]) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (
            run["run_id"],
            run["connection"],
            run["kind"],
            run["state"],
            f"{run['started_at']:%Y-%m-%d %H:%M:%S}",
            lasted(run),
            f"{run['records']:,}",
            f"{run['requests']:,}",
        )
        for run in found
    ]
    columns = (
        "run",
        "connection",
        "kind",
        "state",
        "started (UTC)",
        "lasted>",
        "records>",
        "requests>",
    )
    out().print(table(None, columns, rows))


def _print_run(run: dict[str, Any], progress: list[dict[str, Any]]) -> None:
    from storetwin.cli.screen import out, table

    console = out()
    console.print(
        f"{run['kind']} of {run['connection']}, {run['state']}, lasted {lasted(run)}, {run['requests']:,} requests"
    )
    if run["error"]:
        console.print(run["error"], style="red")
    names = ("records", "created", "updated", "buried", "unreadable", "pages")
    rows = [
        (p["stage"], p["resource"], p["state"], *(f"{p[n]:,}" for n in names)) for p in progress
    ]
    console.print(table(None, ("stage", "resource", "state", *(f"{n}>" for n in names)), rows))


def lasted(run: dict[str, Any]) -> str:
    """Return how long a run took, or has been taking by its last heartbeat."""
    seconds = ((run["ended_at"] or run["heartbeat_at"]) - run["started_at"]).total_seconds()
    return f"{seconds:,.1f} s"


def ago(moment: datetime, now: datetime) -> str:
    """Return the age of a moment in words."""
    seconds = max(0.0, (now - moment).total_seconds())
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {name} ago"
    return f"{int(seconds)} s ago"
