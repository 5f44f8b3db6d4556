"""``storetwin sync``: what changed, at the cost of what changed; with ``--sweep``, what no date shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NOW, RESOURCES
from storetwin.cli.running import print_json, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.syncing import Synced

NAME = typer.Argument(
    None, help="Name of the connection; the default one if omitted.", metavar="CONNECTION"
)


def sync(
    name: str | None = NAME,
    resource: list[str] = RESOURCES,
    sweep: bool = typer.Option(
        False, "--sweep", help="Find deletions and edits that no date shows, instead."
    ),
    bury: bool = typer.Option(
        False, "--bury", help="With --sweep: the store really lost many records, bury them too."
    ),
    now: bool = NOW,
    as_json: bool = JSON,
) -> None:
    """Bring a twin in step with what changed since the last time; pull what was never read."""
    if bury and not sweep:
        raise typer.BadParameter("It goes with --sweep.", param_hint="--bury")

    async def verb(hub: Hub) -> Exit:
        from storetwin.cli.screen import ProgressScreen

        connection = await hub.register.get(name)
        names = resource or []
        with ProgressScreen() as screen:
            if sweep:
                done = await hub.sweep(
                    connection.name, names, observe=screen, bury_many=bury, now=now
                )
            else:
                done = await hub.sync(connection.name, names, observe=screen, now=now)
        return report(done, connection.name, as_json=as_json)

    with_hub(verb, as_json=as_json)


def report(done: Synced, name: str, *, as_json: bool) -> Exit:
    """Print what a round came to; return DONE, or INCOMPLETE where something is left to a person."""
    if as_json:
        print_json(done.as_json())
    else:
        from storetwin.cli.screen import out, table

        console = out()
        rows = [
            (
                line.resource,
                f"{line.created:,}",
                f"{line.updated:,}",
                f"{line.buried:,}",
                line.way,
                f"{line.requests:,}",
                ", ".join(_notes(line.unreadable, line.needs_sweep, line.lacks)),
            )
            for line in done.resources
        ]
        columns = ("resource", "new>", "changed>", "gone>", "how", "requests>", "notes")
        console.print()
        console.print(table(f"In step: {name}", columns, rows))
        console.print()
        console.print(_verdict(done, name))
    return Exit.INCOMPLETE if done.is_short else Exit.DONE


def _notes(unreadable: int, needs_sweep: str | None, lacks: str | None) -> list[str]:
    notes = [f"{unreadable:,} set aside"] if unreadable else []
    notes += [f"{needs_sweep}: a sweep will tell"] if needs_sweep else []
    return notes + ([lacks] if lacks else [])


def _verdict(done: Synced, name: str) -> str:
    """Return the sentence below the table, with the command that goes on where there is one."""
    told = f"{done.changes:,} changes in {done.requests:,} requests."
    if not done.changes:
        told = f"Nothing changed; {done.requests:,} requests."
    if done.needs_sweep:
        chosen = " ".join(f"-r {resource}" for resource in done.needs_sweep)
        told += f" Now: storetwin sync {name} --sweep {chosen}"
    if any(line.unreadable for line in done.resources):
        told += " What was set aside: storetwin dead-letters list"
    return told
