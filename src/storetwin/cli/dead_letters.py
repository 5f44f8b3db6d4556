"""``storetwin dead-letters``: records that could not be had or kept."""

from __future__ import annotations

import sys
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NOW
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.db.database import Row
    from storetwin.hub import Hub

app = typer.Typer(help="List, show, retry and discard records that could not be had or kept.")
CONNECTION = typer.Option(None, "--connection", "-c", help="Only of this connection.")
RESOURCE = typer.Option(None, "--resource", "-r", help="Only of this resource.")
IDS = typer.Option(
    None,
    "--id",
    help="Only this one (may be given several times); --json of the list shows them.",
    metavar="ID",
)


@app.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    connection: str | None = CONNECTION,
    resource: str | None = RESOURCE,
    as_json: bool = JSON,
) -> None:
    """List the dead letters that wait."""
    if context.invoked_subcommand is not None:
        return

    async def verb(hub: Hub) -> Exit:
        letters = await hub.reports.dead_letters(connection=connection, resource=resource)
        if as_json:
            print_json([asdict(letter) for letter in letters])
        elif not letters:
            say_error("Nothing was given up.")
        else:
            from storetwin.cli.screen import out, table

            names = {c.id: c.name for c in await hub.register.every()}
            rows = [
                (
                    names[d.connection_id],
                    d.resource,
                    d.name,
                    d.attempts,
                    f"{d.last_seen_at:%Y-%m-%d %H:%M}",
                    f"{d.next_attempt_at:%Y-%m-%d %H:%M}" if d.next_attempt_at else "",
                    d.reason,
                )
                for d in letters
            ]
            columns = (
                *("connection", "resource", "record", "attempts>"),
                *("last (UTC)", "next (UTC)", "reason"),
            )
            out().print(table(None, columns, rows))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def show(
    dead_letter_id: UUID = typer.Argument(help="Its id; --json of the list shows it."),
    as_json: bool = JSON,
) -> None:
    """Show a dead letter: why, the request that was made, and what the store answered."""

    async def verb(hub: Hub) -> Exit:
        letter = await hub.letters.one(dead_letter_id)
        if as_json:
            print_json(letter)
        else:
            say("\n".join(_told(letter)))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _told(letter: Row) -> list[str]:
    lines = [
        f"{letter['resource']}/{letter['name']} of {letter['connection']}: {letter['state']}",
        f"{letter['attempts']} attempts, the last {letter['last_seen_at']:%Y-%m-%d %H:%M:%S} UTC",
        letter["reason"],
        "",
    ]
    if letter["evidence"] is None:
        return [*lines, "No request is kept."]
    request, answer = letter["evidence"]["request"], letter["evidence"]["answer"]
    query = "&".join(f"{name}={value}" for name, value in request["params"].items())
    lines.append(f"{request['method']} {request['path']}{'?' if query else ''}{query}")
    if answer is None:
        return [*lines, "No answer came in time."]
    said = f"{answer['status']} {answer['content_type']}, after {answer['duration_ms']} ms"
    return [*lines, f"{said}, {answer['bytes']:,} bytes", answer["body"]]


@app.command()
def retry(
    connection: str | None = CONNECTION,
    resource: str | None = RESOURCE,
    ids: list[UUID] | None = IDS,
    due: bool = typer.Option(False, "--due", help="Only those whose time has come."),
    now: bool = NOW,
    as_json: bool = JSON,
) -> None:
    """Ask the store once more for each record that waits."""

    async def verb(hub: Hub) -> Exit:
        letters = await hub.reports.dead_letters(connection=connection, resource=resource)
        letters = [letter for letter in letters if not due or letter.is_due(hub.clock())]
        if ids:
            letters = [letter for letter in letters if letter.dead_letter_id in ids]
        names = {c.id: c.name for c in await hub.register.every()}
        total = {"resolved": 0, "failed": 0, "unnamed": 0}
        letters.sort(key=lambda letter: names[letter.connection_id])
        for name, group in groupby(letters, key=lambda letter: names[letter.connection_id]):
            for key, value in asdict(
                await hub.retry_dead_letters(name, list(group), now=now)
            ).items():
                total[key] += value
        if as_json:
            print_json(total)
        else:
            say(f"{total['resolved']} resolved, {total['failed']} failed again.")
            if total["unnamed"]:
                say(f"{total['unnamed']} have no id of their own; the next pull settles them.")
        return Exit.INCOMPLETE if total["failed"] or total["unnamed"] else Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def discard(
    connection: str | None = CONNECTION,
    resource: str | None = RESOURCE,
    ids: list[UUID] | None = IDS,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    as_json: bool = JSON,
) -> None:
    """Discard dead letters. Certificates go on naming the records while they are lacking."""
    if ids and (connection or resource):
        raise typer.BadParameter("Give ids, or a connection and a resource.")
    if not yes and not as_json and sys.stdin.isatty():
        typer.confirm("Discard these dead letters?", abort=True, err=True)

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.letters import Chosen

        some = tuple(ids) if ids else None
        discarded = await hub.letters.discard(Chosen(some, connection, resource))
        if as_json:
            print_json({"discarded": discarded})
        else:
            say(f"{discarded} discarded.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)
