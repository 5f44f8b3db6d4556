"""``storetwin export``: records in bulk, to a file or to standard output."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import say_error, with_hub
from storetwin.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.exports import Export
    from storetwin.reading.export_formats import Format

EVERY = 2.0  # seconds between two lines of progress


def export(
    resource: str = typer.Argument(help="A resource, like orders.", metavar="RESOURCE"),
    *,
    form: str = typer.Option("csv", "--format", help="csv, jsonl, json or parquet."),
    connection: str | None = typer.Option(None, "--connection", help="Only of this connection."),
    since: str | None = typer.Option(
        None, "--since", metavar="TIME", help="Created from then on, by the store's date."
    ),
    until: str | None = typer.Option(None, "--until", metavar="TIME", help="Created before then."),
    status: list[str] | None = typer.Option(
        None, "--status", help="Only with this status (may be given several times)."
    ),
    field: list[str] | None = typer.Option(
        None, "--field", help="This column of csv or parquet (may be given several times)."
    ),
    gone: bool = typer.Option(False, "--gone", help="Also what the store deleted."),
    output: Path | None = typer.Option(
        None, "--output", "-o", metavar="FILE", help="Write here; standard output without it."
    ),
) -> None:
    """Take records away in bulk: as CSV, JSON lines, one JSON list, or Parquet."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.hub.exports import ExportAsked
        from storetwin.kernel.moments import read_moment

        asked = ExportAsked(
            resource=resource,
            format=_format(form),
            connection=connection,
            since=read_moment(since) if since else None,
            until=read_moment(until) if until else None,
            statuses=tuple(status or ()),
            fields=tuple(field or ()),
            has_gone=gone,
        )
        prepared = await hub.exports.prepare(asked)
        for doubt in prepared.doubts:
            say_error(f"Note: {doubt}")
        if output is None and prepared.format == "parquet" and sys.stdout.isatty():
            raise typer.BadParameter("Parquet is no text: name a file with --output.")
        return await _write(hub, prepared, output)

    with_hub(verb)


def _format(text: str) -> Format:
    from storetwin.kernel.errors import UnknownNameError
    from storetwin.reading.export_formats import Format

    if text not in set(Format):
        raise UnknownNameError(
            f"There is no format {text!r}.", remedy=f"Choose from: {', '.join(Format)}."
        )
    return Format(text)


async def _write(hub: Hub, prepared: Export, output: Path | None) -> Exit:
    """Write an export; a file gets its name when it is whole."""
    progress = _Progress(str(output or "standard output"))
    try:
        with _target(output) as file:
            async with aclosing(hub.exports.stream(prepared)) as pieces:
                async for piece in pieces:
                    file.write(piece.data)
                    progress.tell(piece.records)
                file.flush()
    except BrokenPipeError:  # whoever read it has enough, like head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FAILED
    except OSError as error:
        raise ConfigurationError(
            f"{output or 'Standard output'} cannot be written: {error.strerror or error}.",
            remedy="Name a file in a folder that you may write to, on a disk with room.",
        ) from error
    progress.end(prepared.selection.resource)
    return Exit.DONE


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Yield what is written to: a file beside the final one, which it becomes when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        return
    if output.exists() and not stat.S_ISREG(output.stat().st_mode):
        with output.open("wb") as device:
            yield device
        return
    # Only its owner may read it: these are records of people.
    descriptor, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


class _Progress:
    """Says on standard error how far it is, when it takes longer."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._began = self._told = time.monotonic()
        self._records = 0

    def tell(self, records: int) -> None:
        """Take a count, and say it now and then."""
        self._records = records
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            rate = records / (now - self._began)
            say_error(f" · {records:,} records written, {rate:,.0f}/s")

    def end(self, resource: str) -> None:
        """Say what it came to."""
        if not self._records:
            say_error("No record fits. `storetwin status` shows what the twin has.")
        say_error(f" ✓ {self._records:,} {resource} → {self._target}")
