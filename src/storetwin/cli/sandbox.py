"""``storetwin sandbox``: look-alikes of other people's APIs, for trying and testing."""

from __future__ import annotations

from pathlib import Path

import typer

from storetwin.cli.exits import Exit

app = typer.Typer(help="Run a look-alike of a store on this machine.", no_args_is_help=True)


@app.callback()
def sandbox() -> None:
    """Run a look-alike of a store on this machine."""


@app.command()
def woocommerce(
    port: int = typer.Option(8090, "--port", min=0, max=65535, help="Port; 0 takes a free one."),
    host: str = typer.Option("127.0.0.1", "--host", help="Address to listen on."),
    orders: int = typer.Option(1000, "--orders", min=0, help="How many orders the store has."),
    seed: int = typer.Option(1, "--seed", help="Same seed, same bytes."),
    fault: list[str] = typer.Option(
        None, "--fault", help="A fault to play; `--fault help` lists them."
    ),
    wire_log: Path | None = typer.Option(
        None, "--wire-log", help="File that keeps every exchange."
    ),
) -> None:
    """Run a WooCommerce store in a box until Ctrl-C."""
    from storetwin.sandboxes.woocommerce import serve

    code = serve(
        host=host, port=port, orders=orders, seed=seed, faults=fault or [], wire_log=wire_log
    )
    raise typer.Exit(code or Exit.DONE)
