"""``storetwin prune``: letting go of what nobody keeps."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from rich.status import Status

    from storetwin.connections.models import Connection
    from storetwin.hub import Hub
    from storetwin.hub.pruning import Pruned


def prune(
    name: str | None = typer.Argument(None, metavar="[CONNECTION]", help="This one; else all."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Drop nothing, only count."),
    as_json: bool = JSON,
) -> None:
    """Drop the earlier versions that a connection's rule does not keep, and old deliveries.

    Workers do this daily by themselves. Without a rule every version stays: storetwin connection
    set --keep-versions, --keep-days.
    """

    async def verb(hub: Hub) -> Exit:
        from storetwin.cli.screen import err

        chosen = [await hub.register.get(name)] if name else await hub.register.every()
        found = []
        for connection in chosen:
            with err().status(f"prune {connection.name}") as status:
                pruned = await hub.history.prune(
                    connection.name,
                    is_rehearsal=dry_run,
                    observe=partial(_tell, status, connection.name),
                )
            found.append((connection, pruned))
        if as_json:
            told = [{"connection": c.name, **_rule(c), **asdict(p)} for c, p in found]
            print_json({"dry_run": dry_run, "connections": told})
        elif not found:
            say_error("No store is connected yet: storetwin connection add")
        else:
            _print(found, dry_run=dry_run)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _rule(connection: Connection) -> dict[str, int | None]:
    options = connection.options
    return {"keep_versions": options.keep_versions, "keep_days": options.keep_days}


def _tell(status: Status, name: str, pruned: Pruned) -> None:
    status.update(f"prune {name}: {pruned.versions:,} versions, {pruned.deliveries:,} deliveries")


def _print(found: list[tuple[Connection, Pruned]], *, dry_run: bool) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (
            connection.name,
            _kept(connection),
            f"{pruned.versions:,}",
            f"{pruned.deliveries:,}",
            f"{pruned.receipts:,}",
        )
        for connection, pruned in found
    ]
    columns = ("connection", "keeps", "versions>", "deliveries>", "runs>")
    out().print(table("Would go" if dry_run else "Went", columns, rows))


def _kept(connection: Connection) -> str:
    """Return the rule of a connection in words."""
    options = connection.options
    kept = [
        f"the latest {options.keep_versions:,}" if options.keep_versions else "",
        f"what was current in the last {options.keep_days:,} days" if options.keep_days else "",
    ]
    return ", and ".join(part for part in kept if part) or "every version"
