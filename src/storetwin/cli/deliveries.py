"""``storetwin webhook deliveries`` and ``retry``: what stores told, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.db.database import Row
    from storetwin.hub import Hub


def deliveries(
    name: str = NAME,
    state: str | None = typer.Option(
        None, "--state", help="Only waiting, applied or ignored ones.", metavar="STATE"
    ),
    topic: str | None = typer.Option(None, "--topic", help="Only of this, like order.updated."),
    record: str | None = typer.Option(
        None, "--record", help="Only of this record, like orders/3912.", metavar="RECORD"
    ),
    limit: int = typer.Option(20, "--limit", min=1, max=1000, help="How many at most."),
    as_json: bool = JSON,
) -> None:
    """List what the store told by webhook, the latest first; never what it said of a person."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.partial import read_address
        from storetwin.mirror.deliveries import Sought

        resource, remote_id = read_address(record) if record else (None, None)
        sought = Sought(state, topic, resource, remote_id)
        found: list[Row] = []
        behind: int | None = None
        while len(found) < limit:
            rows, behind = await hub.deliveries.page(
                name, sought, behind=behind, limit=limit - len(found)
            )
            found += rows
            if behind is None:
                break
        if as_json:
            print_json({"deliveries": found, "has_more": behind is not None})
        elif not found:
            say_error("Nothing that fits was delivered in the last seven days.")
            say_error(f"  How the webhooks are doing: storetwin webhook list {name}")
        else:
            _print(found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def retry(
    name: str = NAME,
    number: int = typer.Argument(help="Of the delivery, as it is listed.", metavar="NUMBER"),
    as_json: bool = JSON,
) -> None:
    """Let the record that a delivery names be read again at once, by the next worker."""

    async def verb(hub: Hub) -> Exit:
        row = await hub.deliveries.retry(name, number)
        if as_json:
            print_json({key: value for key, value in row.items() if key != "body"})
        else:
            record = f"{row['resource']}/{row['remote_id']}"
            say(f"{record} is read again as soon as a worker runs (storetwin serve).")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _print(found: list[Row]) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (
            row["number"],
            f"{row['received_at']:%Y-%m-%d %H:%M:%S}",
            row["topic"],
            row["remote_id"] or "–",
            row["state"],
            row["attempts"],
            row["note"] or "",
        )
        for row in found
    ]
    columns = ("number>", "received (UTC)", "topic", "record", "state", "attempts>", "note")
    out().print(table(None, columns, rows))
