"""``storetwin sandbox``: look-alikes of other people's APIs, for trying and testing."""

from __future__ import annotations

import typer

app = typer.Typer(help="Run a look-alike of a store on this machine.", no_args_is_help=True)


@app.callback()
def sandbox() -> None:
    """Run a look-alike of a store on this machine."""


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def woocommerce(context: typer.Context) -> None:
    """Run a WooCommerce store in a box until Ctrl-C (its own --help lists options and faults)."""
    from storetwin.sandboxes.woocommerce.__main__ import main

    raise typer.Exit(main(context.args, prog="storetwin sandbox woocommerce"))
