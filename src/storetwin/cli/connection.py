"""``storetwin connection``: links to stores."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.connection_keys import (
    CA,
    INSECURE,
    KEY,
    SECRET,
    authorise,
    default,
    keys,
    read_ca,
    read_keys,
)
from storetwin.cli.connection_set import print_options, set_
from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.probed import describe_report, print_report
from storetwin.cli.running import print_json, say, say_error, show_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.models import Connection
    from storetwin.hub import Hub
    from storetwin.hub.connecting import Removed

app = typer.Typer(
    help="Add, list, show, set, test and remove connections to stores.", no_args_is_help=True
)
app.command("set")(set_)
for verb in (default, keys, authorise):
    app.command()(verb)


class AuthChoice(StrEnum):
    """How the keys travel."""

    AUTO = "auto"
    BASIC = "basic"
    QUERY = "query"
    OAUTH1 = "oauth1"


@app.command()
def add(
    name: str = NAME,
    url: str = typer.Option(..., "--url", help="The shop's front page, like https://shop.example."),
    *,
    key: str | None = KEY,
    secret: str | None = SECRET,
    auth: AuthChoice = typer.Option(
        AuthChoice.AUTO, "--auth", help="How the keys travel; auto finds out."
    ),
    ca: Path | None = CA,
    insecure_tls: bool = INSECURE,
    tested: bool = typer.Option(
        False, "--test", help="Test it first, and do not keep what does not work."
    ),
    as_json: bool = JSON,
) -> None:
    """Add a connection. Keys may come by environment or standard input, to stay out of the history."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.connections.models import AuthScheme
        from storetwin.connections.register import NewConnection

        credentials = read_keys(key, secret)
        scheme = AuthScheme(auth.value)
        new = NewConnection(name, url, credentials, scheme, read_ca(ca), insecure_tls)
        added = await hub.connecting.add(new, is_tested=tested)
        for warning in added.warnings:
            say_error(f"Note: {warning}")
        if as_json:
            print_json(describe(added.connection) | {"warnings": added.warnings})
        else:
            say(f"Added {added.connection.name} ({added.connection.url}).")
            following = "pull" if added.report else "connection test"
            say(f"Next: storetwin {following} {added.connection.name}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """List the connections."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.register.every()
        if as_json:
            print_json([describe(connection) for connection in found])
        elif not found:
            say_error("No store is connected yet. Add one, or look at the demo:")
            say_error("  storetwin connection add shop --url https://shop.example")
            say_error("  storetwin demo")
        else:
            from storetwin.cli.screen import out, table

            rows = [
                (c.name, c.url, c.scheme.value, c.state.value, c.store.wc_version or "not tested")
                for c in found
            ]
            out().print(table(None, ("name", "url", "auth", "state", "WooCommerce"), rows))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def show(name: str = NAME, as_json: bool = JSON) -> None:
    """Show one connection; never its keys."""

    async def verb(hub: Hub) -> Exit:
        found = describe(await hub.register.get(name))
        if as_json:
            print_json(found)
        else:
            print_options(found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def test(name: str = NAME, as_json: bool = JSON) -> None:
    """Look whether the store answers, what the keys may do, and what else matters."""

    async def verb(hub: Hub) -> Exit:
        report = await hub.test_connection(name)
        if as_json:
            print_json(describe_report(report))
        else:
            print_report(report)
            if report.trouble:
                show_error(report.trouble, as_json=False)
        return Exit.DONE if report.is_ok else Exit.FAILED

    with_hub(verb, as_json=as_json)


@app.command()
def remove(
    name: str = NAME,
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    as_json: bool = JSON,
) -> None:
    """Remove a connection, everything pulled through it, and our webhooks in the store."""
    if not yes and not as_json and sys.stdin.isatty():
        typer.confirm(f"Remove {name} with its whole twin?", abort=True, err=True)

    async def verb(hub: Hub) -> Exit:
        told = _told(await hub.connecting.remove(name))
        if as_json:
            print_json({"removed": name, "webhooks": told})
        else:
            say(f"Removed {name}.")
            if told:
                say(told)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def _told(removed: Removed) -> str | None:
    """Return what to tell of a removed connection's webhooks; None where there were none."""
    if removed.trouble is not None:
        return (
            f"Its webhooks stay in the store: {removed.trouble} Delete them in WooCommerce › "
            "Settings › Advanced › Webhooks; they deliver to nobody."
        )
    return (
        None if removed.webhooks is None else f"Removed {removed.webhooks} webhooks from the store."
    )


def describe(connection: Connection) -> dict[str, Any]:
    """Return what may be shown of a connection."""
    from storetwin.connections.choices import describe_options

    return {
        "name": connection.name,
        "url": connection.url,
        "platform": connection.platform,
        "state": connection.state.value,
        "is_default": connection.is_default,
        "pause_reason": connection.pause_reason,
        "auth": connection.auth.value,
        "detected_auth": connection.detected.value if connection.detected else None,
        "tls": "not checked"
        if connection.is_tls_insecure
        else "own CA"
        if connection.ca
        else "checked",
        "woocommerce": connection.store.wc_version,
        "wordpress": connection.store.wp_version,
        "timezone": connection.store.timezone,
        "currency": connection.store.currency,
        "store_id": connection.store.store_id,
        "created_at": connection.created_at.isoformat(),
        "tested_at": connection.last_probe_at.isoformat() if connection.last_probe_at else None,
        **describe_options(connection.options),
    }
