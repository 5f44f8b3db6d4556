"""``storetwin db``: the database itself."""

from __future__ import annotations

import asyncio
import contextlib

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import run, say, say_error

app = typer.Typer(help="The database: its address, its schema, a prompt.", no_args_is_help=True)


@app.command()
def url(
    keep: bool = typer.Option(False, "--keep", help="Keep the embedded server up until Ctrl-C."),
) -> None:
    """Print the database's DSN (it contains a password).

    The embedded server runs while a storetwin command uses it: --keep is such a command.
    """

    async def call() -> Exit:
        from storetwin.bootstrap import open_database
        from storetwin.settings import load_settings

        settings = load_settings()
        async with open_database(settings) as dsn:
            say(dsn)
            if keep and settings.database_url is None:
                say_error("The server stays up until you press Ctrl-C.")
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.Event().wait()
        return Exit.DONE

    run(call)


@app.command()
def upgrade() -> None:
    """Bring the schema to this version of Storetwin, and check that nobody has changed it."""

    async def call() -> Exit:
        from storetwin.bootstrap import open_database, upgrade_database
        from storetwin.db.schema import check_drift
        from storetwin.settings import load_settings

        async with open_database(load_settings()) as dsn:
            applied = await upgrade_database(dsn)
            await check_drift(dsn)
        for step in applied:
            say(f"Applied {step}")
        if not applied:
            say("The schema is up to date.")
        return Exit.DONE

    run(call)


@app.command()
def psql(
    sql: str | None = typer.Option(None, "--command", "-c", help="Run this SQL and leave."),
) -> None:
    """Open psql on the database, scoped to your organisation, as the program's own role."""

    async def call() -> Exit:
        from storetwin.bootstrap import open_psql
        from storetwin.settings import load_settings

        return Exit(min(1, await open_psql(load_settings(), sql)))

    run(call)
