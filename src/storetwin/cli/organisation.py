"""``storetwin organisation``: the tenants of this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.noting import noting
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, say, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.tenancy.organisations import Organisation

app = typer.Typer(help="The organisations of this installation.", no_args_is_help=True)


@app.command()
def add(
    name: str = typer.Argument(help="What it is called.", metavar="NAME"), as_json: bool = JSON
) -> None:
    """Make an organisation; nobody is in it yet."""

    async def verb(hub: Hub) -> Exit:
        async with noting(hub, "create_organisation", f"name={name}"):
            made = await hub.people.organisations.make(None, name)
        if as_json:
            print_json(_readable(made))
        else:
            say(f"Made {made.name} ({made.organisation_id}).")
            say(f'Next: storetwin user add EMAIL --role owner --organisation "{made.name}"')
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """List the organisations."""

    async def verb(hub: Hub) -> Exit:
        every = await hub.people.organisations.every()
        if as_json:
            print_json([_readable(one) for one in every])
        else:
            from storetwin.cli.screen import out, table

            rows = [
                (one.name, str(one.organisation_id), f"{one.created_at:%Y-%m-%d}") for one in every
            ]
            out().print(table(None, ("name", "id", "since"), rows))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def rename(
    organisation: str = typer.Argument(help="Its name or id.", metavar="ORGANISATION"),
    name: str = typer.Argument(help="What it is called from now on.", metavar="NAME"),
) -> None:
    """Call an organisation by another name."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.people.organisations.named(organisation)
        there = hub.of(found.organisation_id)
        async with noting(there, "update_organisation", f"name={name}"):
            await hub.people.organisations.call(found.organisation_id, name)
        say(f"{found.name} is called {name} now.")
        return Exit.DONE

    with_hub(verb)


def _readable(one: Organisation) -> dict[str, Any]:
    return {
        "organisation_id": str(one.organisation_id),
        "name": one.name,
        "created_at": one.created_at.isoformat(),
    }
