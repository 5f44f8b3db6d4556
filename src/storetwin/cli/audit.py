"""``storetwin audit``: who did what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, ORGANISATION
from storetwin.cli.running import print_json, say_error, with_hub
from storetwin.cli.user import in_organisation

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.tenancy.audit import Entry

app = typer.Typer(help="Who did what.", no_args_is_help=True)


@app.command("list")
def list_(
    action: str | None = typer.Option(None, "--action", help="Only this, like create_session."),
    actor: str | None = typer.Option(None, "--actor", help="Only what he did."),
    since: datetime | None = typer.Option(None, "--since", help="From this moment on (UTC)."),
    until: datetime | None = typer.Option(None, "--until", help="Before this moment (UTC)."),
    limit: int = typer.Option(50, "--limit", min=1, max=1000, help="How many at most."),
    organisation: str | None = ORGANISATION,
    as_json: bool = JSON,
) -> None:
    """List what was done, the newest first."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.tenancy.audit import Filters

        hub = await in_organisation(hub, organisation)
        filters = Filters(action, actor, _utc(since), _utc(until))
        found = await hub.people.audit(filters, limit=limit)
        if as_json:
            print_json([_readable(entry) for entry in found])
        elif not found:
            say_error("Nothing such was done yet.")
        else:
            _print(found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _utc(moment: datetime | None) -> datetime | None:
    from datetime import UTC

    return moment.replace(tzinfo=UTC) if moment else None


def _readable(entry: Entry) -> dict[str, Any]:
    deed = entry.deed
    return {
        "entry_id": str(entry.entry_id),
        "at": entry.at,
        "actor": deed.actor,
        "via": deed.via.value,
        "action": deed.action,
        "subject": deed.subject,
        "outcome": deed.outcome,
        "detail": deed.detail,
        "address": deed.address,
    }


def _print(entries: list[Entry]) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.deed.actor,
            entry.deed.via.value,
            entry.deed.action,
            entry.deed.subject or "",
            entry.deed.outcome or "cut off",
            entry.deed.address or "",
        )
        for entry in entries
    ]
    columns = ("when (UTC)", "who", "by", "what", "to", "outcome", "from")
    out().print(table(None, columns, rows))
