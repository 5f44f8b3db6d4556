"""Arguments and options that several commands take."""

from __future__ import annotations

import typer

NAME = typer.Argument(help="Name of the connection.", metavar="CONNECTION")
RESOURCES = typer.Option(
    None, "--resource", "-r", help="Only this resource (may be given several times)."
)
JSON = typer.Option(False, "--json", help="Print one JSON document on standard output.")
NOW = typer.Option(False, "--now", help="Do not mind the connection's quiet hours.")
ORGANISATION = typer.Option(
    None, "--organisation", help="Name or id of the organisation; else the default one."
)
