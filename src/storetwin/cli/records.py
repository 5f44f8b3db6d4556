"""``storetwin show``: one record, exactly as the store sent it, now and at any time before."""

from __future__ import annotations

import base64
import sys
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.history import Held

AT = typer.Option(
    None,
    "--at",
    metavar="TIME",
    help="As the twin had it then: a date or a time (UTC unless it names a zone).",
)
DIFF = typer.Option(
    None,
    "--diff",
    metavar="A B",
    help="What differs, field by field, between two versions: numbers, times, or now.",
)


def show(
    name: str = NAME,
    resource: str = typer.Argument(help="A resource, like orders.", metavar="RESOURCE"),
    remote_id: str = typer.Argument(help="The store's own id.", metavar="ID"),
    history: bool = typer.Option(
        False, "--history", help="Every version: when, who brought it, what it changed."
    ),
    at: str | None = AT,
    diff: tuple[str, str] | None = DIFF,
    raw: bool = typer.Option(False, "--raw", help="Write the exact bytes and nothing else."),
    as_json: bool = JSON,
) -> None:
    """Show one record of the twin: its state, its content, what it was before, what changed."""
    if sum((history, at is not None, diff is not None)) > 1:
        raise typer.BadParameter("Give one of --history, --at and --diff.")
    if raw and (history or diff):
        raise typer.BadParameter("--raw writes one version: give it alone or with --at.")

    async def verb(hub: Hub) -> Exit:
        from storetwin.cli import history as telling

        if history:
            telling.print_versions(
                await hub.history.versions(name, resource, remote_id), as_json=as_json
            )
        elif diff is not None:
            telling.print_difference(
                await hub.history.difference(name, resource, remote_id, *diff), as_json=as_json
            )
        elif at is not None:
            held = await hub.history.at(name, resource, remote_id, at)
            _print_held(held, raw=raw, as_json=as_json)
        else:
            await _show(hub, name, resource, remote_id, raw=raw, as_json=as_json)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


async def _show(
    hub: Hub, name: str, resource: str, remote_id: str, *, raw: bool, as_json: bool
) -> None:
    from storetwin.cli.history import version_facts
    from storetwin.mirror.repository import document_of

    row, versions = await hub.history.record(name, resource, remote_id)
    document = document_of(row)
    facts = {k: v for k, v in row.items() if k not in ("payload", "raw")}
    earlier = [version_facts(version) for version in versions]
    _print(
        facts,
        document,
        {"versions": earlier},
        f"{len(versions) + 1} kept (--history), {len(document):,} bytes",
        raw=raw,
        as_json=as_json,
    )


def _print_held(held: Held, *, raw: bool, as_json: bool) -> None:
    from storetwin.cli.history import version_facts
    from storetwin.cli.running import say_error

    version = held.version
    if version.state == "gone" and not as_json:
        say_error(
            f"It was gone: the tombstone was set at {version.written_at:%Y-%m-%d %H:%M:%S} UTC. "
            "What it had last:"
        )
    size = f"{version.number}, {len(held.document):,} bytes"
    _print(version_facts(version), held.document, {}, size, raw=raw, as_json=as_json)


def _print(
    facts: dict[str, Any],
    document: bytes,
    more: dict[str, Any],
    size: str,
    *,
    raw: bool,
    as_json: bool,
) -> None:
    from storetwin.kernel.json_values import written

    if raw:
        sys.stdout.buffer.write(document)
    elif as_json:
        print_json(facts | more | {"document": _parsed(document)})
    else:
        for label, value in facts.items():
            say(f"{label:<13} {value if value is not None else '–'}")
        say(f"{'versions' if more else 'version':<13} {size}")
        say(written(_parsed(document), indent=2))


def _parsed(document: bytes) -> Any:
    """Return the document as JSON, numbers as they are written; else its bytes in base64."""
    from storetwin.kernel.json_values import parse, written

    try:
        document.decode()
        parsed = parse(document)
        written(parsed)
    except (ValueError, RecursionError):
        return {"base64": base64.b64encode(document).decode()}
    return parsed
