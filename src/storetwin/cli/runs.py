"""``storetwin runs``: what has run, and how it ended."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.printable import printable
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.runs.standing_repository import Filter

KINDS = ("pull", "verify", "retry", "sync", "sweep", "rehearse", "receive")
STATES = (
    "queued",
    "running",
    "done",
    "incomplete",
    "failed",
    "interrupted",
    "paused",
    "cancelled",
)


def runs(
    run_id: str | None = typer.Argument(None, metavar="[ID]", help="The beginning of a run's id."),
    connection: str | None = typer.Option(None, "--connection", help="Only of this connection."),
    kind: list[str] = typer.Option(
        None, "--kind", help=f"Only of this kind: {', '.join(KINDS)} (hidden unless named)."
    ),
    state: list[str] = typer.Option(
        None, "--state", help=f"Only those that are, or ended, so: {', '.join(STATES)}."
    ),
    since: str | None = typer.Option(
        None, "--since", help="Begun then or later: 2h, 3d, 2026-11-20, 2026-11-20T14:30."
    ),
    resource: str | None = typer.Option(None, "--resource", "-r", help="That touched this."),
    limit: int = typer.Option(20, "--limit", min=1, max=1000, help="How many runs to list."),
    as_json: bool = JSON,
) -> None:
    """List the latest runs, or show one with its progress by resource."""
    _check("--kind", kind, KINDS)
    _check("--state", state, STATES)

    async def verb(hub: Hub) -> Exit:
        if run_id is not None:
            await _show_one(hub, run_id, as_json=as_json)
            return Exit.DONE
        chosen = await _filter(hub, (kind, state), since, resource, limit)
        found = await hub.reports.runs(connection, chosen)
        if as_json:
            print_json([_readable(run) for run in found])
        elif found:
            _print_runs(found)
        elif connection or kind or state or since or resource:
            say_error("No run fits. Leave out a filter, or look further back with --since.")
        else:
            say_error("Nothing was read yet. Start with: storetwin pull CONNECTION")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


async def _show_one(hub: Hub, run_id: str, *, as_json: bool) -> None:
    run, progress = await hub.reports.run(run_id)
    *_, result = await hub.asking.show(run["run_id"])
    if as_json:
        print_json(_readable(run) | {"progress": progress, "result": result})
        return
    _print_run(run, progress)
    if result is not None:
        print_json(result)


async def _filter(
    hub: Hub,
    chosen: tuple[list[str] | None, list[str] | None],
    since: str | None,
    resource: str | None,
    limit: int,
) -> Filter:
    from storetwin.runs.models import RunKind, RunState
    from storetwin.runs.standing_repository import Filter

    kinds, states = chosen
    return Filter(
        kinds=[RunKind(kind) for kind in kinds or ()],
        states=[RunState(state) for state in states or ()],
        since=_since(since, hub.clock()) if since else None,
        resource=(await hub.reports.catalogue(None)).named(resource).name if resource else None,
        limit=limit,
    )


def _since(text: str, now: datetime) -> datetime:
    """Read a moment, or how long ago it was."""
    from storetwin.kernel.moments import read_moment
    from storetwin.runs.schedules import read_length

    length = read_length(text)
    return read_moment(text) if length is None else now - length


def _check(option: str, given: list[str] | None, known: tuple[str, ...]) -> None:
    if strange := [value for value in given or () if value not in known]:
        raise typer.BadParameter(f"{option} {strange[0]} is not one of {', '.join(known)}.")


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
        console.print(printable(run["error"]), style="red")
    names = ("records", "created", "updated", "buried", "unreadable", "pages")
    rows = [
        (p["stage"], p["resource"], p["state"], *(f"{p[n]:,}" for n in names)) for p in progress
    ]
    console.print(table(None, ("stage", "resource", "state", *(f"{n}>" for n in names)), rows))


def lasted(run: dict[str, Any]) -> str:
    """Return how long a run took, or has been taking by its last heartbeat."""
    seconds = ((run["ended_at"] or run["heartbeat_at"]) - run["started_at"]).total_seconds()
    return f"{seconds:,.1f} s"
