"""``storetwin schedule``: when connections are read by themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.hub import Hub
    from storetwin.runs.schedules import Schedule, ScheduleKind

app = typer.Typer(help="When connections are read by themselves.", no_args_is_help=True)


class Kind(StrEnum):
    """What a schedule does."""

    SYNC = "sync"
    SWEEP = "sweep"


RESOURCE = typer.Option(None, "--resource", "-r", help="Only this resource, else all.")
KIND = typer.Option(
    None, "--kind", help="sync: what changed. sweep: what no date shows, like deletions."
)


@app.command("list")
def list_(
    name: str | None = typer.Argument(None, metavar="[CONNECTION]", help="Only this connection."),
    as_json: bool = JSON,
) -> None:
    """List the schedules, and when each is due next."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.schedules.of(name)
        if as_json:
            print_json([_readable(c, s) for c, schedules in found for s in schedules])
        elif not found:
            say_error("No store is connected yet. Start with: storetwin connection add")
        else:
            _print(found, hub)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command("set")
def set_(
    name: str = NAME,
    every: str | None = typer.Option(None, "--every", help="An interval: 15m, 2h, 1d."),
    cron: str | None = typer.Option(
        None, "--cron", help='On the clock of the site: "0 6 * * *" is each day at six.'
    ),
    kind: Kind = typer.Option(Kind.SYNC, "--kind", help="sync or sweep."),
    resource: str | None = RESOURCE,
) -> None:
    """Set when a connection, or one resource of it, is read."""
    if (every is None) is (cron is None):
        raise typer.BadParameter("Give --every or --cron, one of the two.")

    async def verb(hub: Hub) -> Exit:
        await hub.schedules.set(name, [_kind(kind)], every or cron or "", resource)
        await _show(hub, name)
        return Exit.DONE

    with_hub(verb)


@app.command()
def pause(name: str = NAME, kind: Kind | None = KIND, resource: str | None = RESOURCE) -> None:
    """Let schedules rest; runs started by hand are not held up."""
    _rest(name, kind, resource, is_paused=True)


@app.command()
def resume(name: str = NAME, kind: Kind | None = KIND, resource: str | None = RESOURCE) -> None:
    """Let schedules go on; what is overdue runs once, now."""
    _rest(name, kind, resource, is_paused=False)


@app.command()
def remove(name: str = NAME, kind: Kind | None = KIND, resource: str | None = RESOURCE) -> None:
    """Forget a resource's own schedule: it is read with all others again."""

    async def verb(hub: Hub) -> Exit:
        await hub.schedules.remove(name, resource, kind=_kind(kind) if kind else None)
        await _show(hub, name)
        return Exit.DONE

    with_hub(verb)


def _rest(name: str, kind: Kind | None, resource: str | None, *, is_paused: bool) -> None:
    async def verb(hub: Hub) -> Exit:
        chosen = _kind(kind) if kind else None
        await hub.schedules.pause(name, is_paused=is_paused, kind=chosen, resource=resource)
        await _show(hub, name)
        return Exit.DONE

    with_hub(verb)


def _kind(kind: Kind) -> ScheduleKind:
    from storetwin.runs.schedules import ScheduleKind

    return ScheduleKind(kind.value)


async def _show(hub: Hub, name: str) -> None:
    _print(await hub.schedules.of(name), hub)


def _readable(connection: Connection, schedule: Schedule) -> dict[str, Any]:
    from storetwin.runs.schedules import Cron

    return {
        "connection": connection.name,
        "kind": schedule.kind.value,
        "resource": schedule.resource or None,
        "cron" if isinstance(schedule.spec, Cron) else "every": str(schedule.spec),
        "is_paused": schedule.is_paused,
        "next_at": None if schedule.is_paused else schedule.next_at,
        "last_at": schedule.last_at,
        "failures": schedule.failures,
    }


def _print(found: list[tuple[Connection, list[Schedule]]], hub: Hub) -> None:
    from storetwin.cli.ages import ago, ahead
    from storetwin.cli.screen import out, table

    now = hub.clock()
    rows = [
        (
            connection.name,
            schedule.kind.value,
            schedule.resource or _rest_of(schedule, schedules),
            str(schedule.spec),
            "paused" if schedule.is_paused else ahead(schedule.next_at, now),
            ago(schedule.last_at, now) if schedule.last_at else "never",
            schedule.failures or "",
        )
        for connection, schedules in found
        for schedule in schedules
    ]
    columns = ("connection", "kind", "resource", "when", "next", "last", "failures in a row>")
    out().print(table(None, columns, rows))


def _rest_of(schedule: Schedule, schedules: list[Schedule]) -> str:
    """Return what the schedule of all resources speaks for."""
    has_own = any(s.kind is schedule.kind and s.resource for s in schedules)
    return "all others" if has_own else "all"
