"""``storetwin connection set``: what is pulled through a connection, and how gently."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, with_hub

if TYPE_CHECKING:
    from storetwin.connections.options import Endpoint
    from storetwin.hub import Hub


NOTES = typer.Option(
    None, "--notes/--no-notes", help="Pull order notes: a request an order, at every pull."
)
EXTRA = typer.Option(None, "--extra", metavar="RESOURCE", help="Pull this resource too.")
WITHOUT = typer.Option(None, "--without", metavar="RESOURCE", help="Leave this resource out.")
ENDPOINT = typer.Option(
    None, "--endpoint", metavar="FILE", help="JSON that describes a plugin's list."
)
NO_ENDPOINT = typer.Option(None, "--no-endpoint", metavar="NAME", help="Forget a plugin's list.")
LANGUAGE = typer.Option(
    None, "--language", metavar="CODE", help="Each language of the catalogue, or all."
)
NO_LANGUAGE = typer.Option(False, "--no-language", help="The catalogue has one language.")
AT_ONCE = typer.Option(
    None, "--at-once", help="Requests in flight at most; 0 leaves it to the settings."
)
PER_MINUTE = typer.Option(
    None, "--per-minute", help="Requests a minute at most; 0 for no such limit."
)
QUIET = typer.Option(
    None, "--quiet", metavar="FROM-TO", help="Leave the store alone then, like 22:00-06:00."
)
NO_QUIET = typer.Option(False, "--no-quiet", help="No quiet hours.")
KEEP_VERSIONS = typer.Option(
    None, "--keep-versions", metavar="N", help="Keep a record's latest N versions; off keeps all."
)
KEEP_DAYS = typer.Option(
    None,
    "--keep-days",
    metavar="D",
    help="Keep what was current in the last D days; off: for ever.",
)


def set_(
    name: str = NAME,
    *,
    notes: bool | None = NOTES,
    extra: list[str] = EXTRA,
    without: list[str] = WITHOUT,
    endpoint: list[Path] = ENDPOINT,
    no_endpoint: list[str] = NO_ENDPOINT,
    language: list[str] = LANGUAGE,
    no_language: bool = NO_LANGUAGE,
    at_once: int | None = AT_ONCE,
    per_minute: int | None = PER_MINUTE,
    quiet: list[str] = QUIET,
    no_quiet: bool = NO_QUIET,
    keep_versions: str | None = KEEP_VERSIONS,
    keep_days: str | None = KEEP_DAYS,
    as_json: bool = JSON,
) -> None:
    """Choose what is pulled through a connection, and how gently. Only what is given changes."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.connections.choices import (
            Choices,
            describe_options,
            read_kept,
            read_quiet_hours,
        )

        choices = Choices(
            notes=notes,
            extra=tuple(extra or ()),
            without=tuple(without or ()),
            endpoints=tuple(found for path in endpoint or () for found in _read(path)),
            endpoints_gone=tuple(no_endpoint or ()),
            languages=() if no_language else tuple(language) if language else None,
            at_once=at_once,
            per_minute=per_minute,
            quiet_hours=() if no_quiet else tuple(map(read_quiet_hours, quiet)) if quiet else None,
            keep_versions=read_kept("--keep-versions", keep_versions) if keep_versions else None,
            keep_days=read_kept("--keep-days", keep_days) if keep_days else None,
        )
        connection, forgotten = await hub.configure(name, choices)
        found = describe_options(connection.options)
        if as_json:
            print_json(found | {"forgotten": forgotten})
        else:
            print_options(found)
            for resource in forgotten:
                say(f"What the twin held of {resource} is gone: some of it is secret now.")
            if choices != Choices():
                say(f"Next: storetwin pull {name}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _read(path: Path) -> tuple[Endpoint, ...]:
    from storetwin.connections.catalogue import EndpointError
    from storetwin.connections.choices import read_endpoints

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EndpointError(
            f"The file {path} cannot be read: {error}.", remedy="Give a file with JSON."
        ) from error
    return read_endpoints(text, str(path))


def print_options(found: dict[str, object]) -> None:
    """Print the options of a connection, one a line."""
    for label, value in found.items():
        say(f"{label:<14} {_text(value)}")


def _text(value: object) -> str:
    if isinstance(value, list):
        parts = [f"{v['name']} ({v['path']})" if isinstance(v, dict) else str(v) for v in value]
        return ", ".join(parts) or "–"
    return "–" if value is None else str(value)
