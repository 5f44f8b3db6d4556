"""``storetwin demo``: see everything work within a minute, with nothing but this program."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import run

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.settings import Settings


def demo(
    orders: int = typer.Option(10_000, "--orders", min=0, help="How many orders the store has."),
    seed: int = typer.Option(1, "--seed", help="Same seed, same store."),
    port: int = typer.Option(
        8090, "--port", min=0, max=65535, help="The store's port; 0 takes a free one."
    ),
    once: bool = typer.Option(False, "--once", help="Leave when everything was pulled."),
) -> None:
    """Start a store, a database and the hub; pull everything; print the certificate."""

    async def call() -> Exit:
        from storetwin import demo as demonstration
        from storetwin.settings import load_settings
        from storetwin.telemetry.logs import configure_logging

        settings = load_settings()
        configure_logging(settings.log_level, settings.log_format)
        typer.echo(f"Starting a WooCommerce store with {orders:,} orders, and PostgreSQL …")
        async with demonstration.demo_store(orders=orders, seed=seed, port=port) as store:
            typer.echo(f"The store answers at {store.url}")
            async with demonstration.demo_hub(settings) as hub:
                return await _show(hub, store, settings, once=once)

    run(call)


async def _show(hub: Hub, store: object, settings: Settings, *, once: bool) -> Exit:
    from storetwin import demo as demonstration
    from storetwin.cli.connection import print_report
    from storetwin.cli.pull import report
    from storetwin.cli.screen import ProgressScreen

    assert isinstance(store, demonstration.DemoStore)
    marker = demonstration.demo_settings(settings).data_dir / demonstration.MARKER
    print_report(await demonstration.connect(hub, store, marker))
    typer.echo()
    with ProgressScreen() as screen:
        outcome = await demonstration.pull(hub, screen)
    code = report(outcome, demonstration.NAME, as_json=False)
    _say_what_next(settings)
    if once:
        return code
    typer.echo("Everything stays up until you press Ctrl-C.")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        typer.echo("\nStopping the store and the database …")
    return Exit.DONE


def _say_what_next(settings: Settings) -> None:
    from storetwin.demo import demo_settings

    folder = demo_settings(settings).data_dir
    typer.echo()
    typer.echo("Look at it from another terminal:")
    typer.echo(f"  export STORETWIN_DATA_DIR={folder}")
    typer.echo("  storetwin status")
    typer.echo(
        '  storetwin db psql -c "SELECT resource, count(*) FROM mirror.documents GROUP BY 1"'
    )
    typer.echo("  storetwin verify demo --level bytes")
    typer.echo("Then connect your own store:")
    typer.echo("  storetwin connection add shop --url https://shop.example")
