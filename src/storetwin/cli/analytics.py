"""``storetwin analytics``: figures for a span of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.hub import Hub
    from storetwin.reading.analytics import Analytics, Figures


def analytics(
    name: str | None = typer.Argument(None, metavar="[CONNECTION]", help="Only this connection."),
    timeframe: str = typer.Option(
        "30d", "--timeframe", help="The latest so many hours or days: 24h, 7d, 30d."
    ),
    as_json: bool = JSON,
) -> None:
    """Show what runs came to, how stores answered, and what came by webhook."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.analytics import analyse

        found, connections = await analyse(hub, timeframe, name)
        if as_json:
            print_json(_readable(found, connections))
        elif not connections:
            say_error("No store is connected yet. Start with: storetwin connection add")
        else:
            _print(found, connections)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _readable(found: Analytics, connections: list[Connection]) -> dict[str, Any]:
    from storetwin.hub.analytics import as_json
    from storetwin.reading.analytics import Figures

    return {
        "since": found.since,
        "until": found.until,
        "unit": found.unit,
        "kept_since": found.kept_since,
        "total": as_json(found.total),
        "by_connection": [
            {"connection": one.name} | as_json(found.connections.get(one.id, Figures()))
            for one in connections
        ],
        "by_time": [
            {"began_at": moment} | as_json(figures)
            for moment, figures in sorted(found.times.items())
        ],
    }


def _print(found: Analytics, connections: list[Connection]) -> None:
    from storetwin.cli.screen import out, table
    from storetwin.reading.analytics import Figures

    rows = [_row(one.name, found.connections.get(one.id, Figures())) for one in connections]
    if len(rows) > 1:
        rows.append(_row("all", found.total))
    columns = (
        "connection",
        "runs>",
        "done>",
        "records>",
        "new>",
        "changed>",
        "gone>",
        "pages>",
        "requests>",
        "average>",
        "p50>",
        "p95>",
        "slowest>",
        "429>",
        "troubled>",
        "webhooks>",
    )
    out().print(table(f"Since {found.since:%Y-%m-%d %H:%M} UTC", columns, rows))
    if found.kept_since and found.kept_since > found.since:
        say_error(f"Runs are kept since {found.kept_since:%Y-%m-%d %H:%M} UTC.")


def _row(name: str, figures: Figures) -> tuple[str, ...]:
    rate, average = figures.success_rate, figures.average_ms
    p50, p95 = figures.p50_ms, figures.p95_ms
    counts = ("records", "created", "updated", "buried", "pages", "requests")
    return (
        name,
        f"{figures.runs:,}",
        "" if rate is None else f"{rate:.1%}",
        *(f"{getattr(figures, count):,}" for count in counts),
        "" if average is None else f"{average:,.0f} ms",
        "" if p50 is None else f"{p50:,} ms",
        "" if p95 is None else f"{p95:,} ms",
        f"{figures.slowest_ms:,} ms" if figures.answers else "",
        f"{figures.throttled:,}",
        f"{figures.troubled:,}",
        f"{figures.received:,}",
    )
