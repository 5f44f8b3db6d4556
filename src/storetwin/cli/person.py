"""``storetwin person``: what is known of somebody, told or taken out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.noting import noting
from storetwin.cli.options import JSON, ORGANISATION
from storetwin.cli.running import print_json, say_error, with_hub
from storetwin.cli.user import in_organisation

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.person_models import Erasure, Named, Removal

app = typer.Typer(help="What is known of a person.", no_args_is_help=True)

EMAIL = typer.Argument(None, metavar="[EMAIL]", help="His e-mail.")
CUSTOMER = typer.Option(None, "--customer", metavar="ID", help="The id of his account instead.")
CONNECTION = typer.Option(None, "--connection", "-c", help="Only in this twin; else in all.")
OUTPUT = typer.Option(None, "--output", "-o", help="Write to this file instead (0600).")
DRY_RUN = typer.Option(False, "--dry-run", help="Change nothing, only count.")
YES = typer.Option(False, "--yes", help="Do not ask.")


@app.command()
def export(
    email: str | None = EMAIL,
    customer: str | None = CUSTOMER,
    connection: str | None = CONNECTION,
    output: Path | None = OUTPUT,
    organisation: str | None = ORGANISATION,
) -> None:
    """Write everything that is known of a person as one JSON document."""

    async def verb(hub: Hub) -> Exit:
        import sys

        from storetwin.cli.screen import err

        named = _named(email, customer, connection)
        hub = await in_organisation(hub, organisation)
        with err().status("look") as shown:

            def observe(name: str, looked: int) -> None:
                shown.update(f"look through {name}: {looked:,} records and versions")

            async with noting(hub, "export_person"):
                pieces = hub.persons.export(named, observe)
                if output is None:
                    count = await _write(pieces, sys.stdout)
                else:
                    with _private(output) as file:
                        count = await _write(pieces, file)
        if output is not None:
            say_error(f"{count:,} pieces in {output}.")
        return Exit.DONE

    with_hub(verb)


@app.command()
def erase(
    email: str | None = EMAIL,
    customer: str | None = CUSTOMER,
    connection: str | None = CONNECTION,
    *,
    dry_run: bool = DRY_RUN,
    yes: bool = YES,
    organisation: str | None = ORGANISATION,
    as_json: bool = JSON,
) -> None:
    """Take a person out of the twins; erase him in the store first, or the store brings him back.

    Orders keep what an accountant needs: lines, totals and dates.
    """
    if not dry_run and not yes:
        _ask(email or customer or "")

    async def verb(hub: Hub) -> Exit:
        from dataclasses import asdict

        from storetwin.cli.screen import err

        named = _named(email, customer, connection)
        hub = await in_organisation(hub, organisation)
        with err().status("look") as shown:

            def observe(name: str, looked: int) -> None:
                shown.update(f"{name}: {looked:,} records and versions")

            action = "rehearse_erase_person" if dry_run else "erase_person"
            async with noting(hub, action):
                erasure = await hub.persons.erase(named, is_rehearsal=dry_run, observe=observe)
        if as_json:
            print_json(asdict(erasure))
        else:
            _tell(erasure)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _named(email: str | None, customer: str | None, connection: str | None) -> Named:
    from storetwin.hub.person_models import Named

    return Named(email, customer, connection)


def _ask(who: str) -> None:
    """Let somebody type again whom he means, so that nobody is erased by a slip."""
    typed = typer.prompt("This cannot be undone. Type the e-mail or the id again", err=True)
    if typed.strip().lower() != who.strip().lower():
        say_error("That is another one. Nothing was changed.")
        raise typer.Exit(int(Exit.WRONG_USE))


def _private(path: Path) -> TextIO:
    """Open a new file that only its owner reads."""
    import os

    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)
    return os.fdopen(descriptor, "w", encoding="utf-8")


async def _write(pieces: AsyncGenerator[dict[str, Any]], file: TextIO) -> int:
    """Write the pieces as the members of one list, as they come."""
    from storetwin.kernel.json_values import written

    count = 0
    async with aclosing(pieces) as every:
        async for piece in every:
            file.write(("[\n" if count == 0 else ",\n") + written(piece))
            count += 1
    file.write("\n]\n")
    file.flush()
    return count


def _tell(erasure: Erasure) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (
            one.connection,
            ", ".join(f"{count:,} {name}" for name, count in sorted(one.by_resource.items())),
            f"{one.records:,}",
            f"{one.versions:,}",
            f"{one.deliveries:,}",
            f"{sum(one.texts.values()):,}",
            f"{sum(one.core.values()):,}",
        )
        for one in erasure.connections
        if not one.is_empty
    ]
    if not rows:
        out().print("The twins have nothing of this person.")
    else:
        title = "Would be blanked" if erasure.is_rehearsal else "Blanked"
        columns = (
            "connection",
            "of him",
            "records>",
            "versions>",
            "deliveries>",
            "texts>",
            "core>",
        )
        out().print(table(title, columns, rows))
    for one in erasure.connections:
        _tell_of_store(one)
    if not erasure.is_rehearsal and rows:
        out().print("Nothing was delivered elsewhere. Backups made before still hold him.")


def _tell_of_store(one: Removal) -> None:
    from storetwin.cli.screen import out

    if one.erased_before is not None and not one.is_empty:
        out().print(
            f"He was erased from {one.connection} on {one.erased_before:%Y-%m-%d %H:%M} UTC, and the "
            "store has shown him since."
        )
    if one.in_store:
        shown = "; ".join(
            f"{name} {', '.join(ids[:20])}{' …' if len(ids) > 20 else ''}"
            for name, ids in sorted(one.in_store.items())
        )
        out().print(f"The store of {one.connection} had when it was last read: {shown}.")
        out().print(
            "  Unless he was erased there, he comes back with a reading that shows him. In the store: "
            "Tools, Erase Personal Data; for his orders first WooCommerce, Settings, Accounts & "
            "Privacy, Remove personal data from orders on request. Then pull, and erase here again."
        )
