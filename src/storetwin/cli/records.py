"""``storetwin show``: one record, exactly as the store sent it."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.pull import JSON, NAME
from storetwin.cli.running import print_json, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub


def show(
    name: str = NAME,
    resource: str = typer.Argument(help="A resource, like orders.", metavar="RESOURCE"),
    remote_id: str = typer.Argument(help="The store's own id.", metavar="ID"),
    raw: bool = typer.Option(False, "--raw", help="Write the exact bytes and nothing else."),
    as_json: bool = JSON,
) -> None:
    """Show one record of the twin: its state, its versions, its content."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.mirror.repository import document_of

        row, versions = await hub.reports.record(name, resource, remote_id)
        document = document_of(row)
        facts = {k: v for k, v in row.items() if k not in ("payload", "raw")}
        if raw:
            sys.stdout.buffer.write(document)
        elif as_json:
            print_json(facts | {"versions": versions, "document": _parsed(document)})
        else:
            _print(facts, versions, document)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _parsed(document: bytes) -> Any:
    """Return the document as JSON where Python can read it, else its bytes in base64."""
    try:
        return json.loads(document)
    except ValueError:
        return {"base64": base64.b64encode(document).decode()}


def _print(facts: dict[str, Any], versions: list[dict[str, Any]], document: bytes) -> None:
    for label, value in facts.items():
        typer.echo(f"{label:<13} {value if value is not None else '–'}")
    typer.echo(f"{'versions':<13} {len(versions) + 1}, {len(document):,} bytes")
    parsed = _parsed(document)
    typer.echo(json.dumps(parsed, indent=2, ensure_ascii=False).encode("utf-8", "replace").decode())
