"""``storetwin connection default | keys | authorise``: which is meant, and what opens the store."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.probed import describe_report
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.authorisation import Authorisation
    from storetwin.connections.models import Credentials
    from storetwin.hub import Hub

KEY_VARIABLE, SECRET_VARIABLE = "STORETWIN_STORE_KEY", "STORETWIN_STORE_SECRET"
KEY = typer.Option(None, "--key", help=f"Consumer key (ck_…). Else {KEY_VARIABLE}, else asked for.")
SECRET = typer.Option(
    None, "--secret", help=f"Consumer secret (cs_…). Else {SECRET_VARIABLE}, else asked for."
)
CA = typer.Option(None, "--ca", help="PEM file of a certificate authority to trust.")
INSECURE = typer.Option(False, "--insecure-tls", help="Do not check the certificate.")
LOOK_SECONDS = 0.5


def default(name: str = NAME, as_json: bool = JSON) -> None:
    """Let a connection be meant where none is named."""

    async def verb(hub: Hub) -> Exit:
        connection = await hub.register.make_default(name)
        if as_json:
            print_json({"default": connection.name})
        else:
            say(f"{connection.name} is the default connection from now on.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def keys(
    name: str = NAME, key: str | None = KEY, secret: str | None = SECRET, as_json: bool = JSON
) -> None:
    """Replace the keys of a connection, once the new ones were seen to open the same store."""

    async def verb(hub: Hub) -> Exit:
        tried = await hub.connecting.renew(name, read_keys(key, secret))
        for warning in tried.warnings:
            say_error(f"Note: {warning}")
        if as_json:
            assert tried.report is not None
            print_json({"renewed": name, "test": describe_report(tried.report)})
        else:
            say(f"{name} has new keys; they open {tried.connection.url}.")
            say("Delete the old ones in WooCommerce › Settings › Advanced › REST API.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def authorise(
    name: str = NAME,
    url: str = typer.Option(..., "--url", help="The shop's front page, like https://shop.example."),
    scope: str = typer.Option("read_write", "--scope", help="read, write or read_write."),
    ca: Path | None = CA,
    insecure_tls: bool = INSECURE,
    no_wait: bool = typer.Option(False, "--no-wait", help="Print the link, and do not wait."),
    as_json: bool = JSON,
) -> None:
    """Connect a store by its own page: open the link, press Approve, and its keys come by themselves.

    A `storetwin serve` has to run, and STORETWIN_PUBLIC_URL to lead to it.
    """

    async def verb(hub: Hub) -> Exit:
        from storetwin.connections.authorisation import Asked, Scope

        if scope not in list(Scope):
            raise typer.BadParameter("Choose read, write or read_write.", param_hint="--scope")
        wait = not no_wait
        asked = Asked(name, url, Scope(scope), ca=read_ca(ca), is_tls_insecure=insecure_tls)
        begun = await hub.authorising.begin(asked)
        say = say_error if as_json and wait else typer.echo
        if not (as_json and not wait):
            say("Open this in the browser of somebody who manages the store, and press Approve:")
            say(f"  {begun.authorise_url}")
        found = begun.authorisation
        if wait:
            found = await _settled(hub, found)
        if as_json:
            print_json(_described(found) | ({} if wait else {"authorise_url": begun.authorise_url}))
        return _end(found, wait=wait, as_json=as_json)

    with_hub(verb, as_json=as_json)


async def _settled(hub: Hub, begun: Authorisation) -> Authorisation:
    """Wait until keys were taken, or can be no more; say why some were not."""
    from storetwin.connections.authorisation import Standing

    minutes = (begun.expires_at - begun.created_at).total_seconds() / 60
    say_error(f" · waiting for the store's keys, for {minutes:.0f} minutes at most (Ctrl-C stops)")
    found, told = begun, 0
    while found.standing(hub.clock()) is Standing.PENDING:
        await asyncio.sleep(LOOK_SECONDS)
        found = await hub.authorising.get(begun.authorisation_id)
        if found.trouble and found.tries != told:
            told = found.tries
            say_error(f" · keys came and do not work: {found.trouble}")
            if found.remedy:
                say_error(f"   What to do: {found.remedy}")
    return found


def _end(found: Authorisation, *, wait: bool, as_json: bool) -> Exit:
    if not wait:
        return Exit.DONE
    if found.connected_at is None:
        say_error("Error: The store sent no keys that work.")
        say_error("  What to do: Begin anew; each link lasts an hour.")
        return Exit.FAILED
    if not as_json:
        say(f"Connected {found.name} ({found.url}).")
        say(f"Next: storetwin pull {found.name}")
    return Exit.DONE


def _described(found: Authorisation) -> dict[str, Any]:
    return {
        "authorisation": found.authorisation_id,
        "connection": found.name,
        "url": found.url,
        "connected_at": found.connected_at,
        "expires_at": found.expires_at,
        "trouble": found.trouble,
        "remedy": found.remedy,
    }


def read_keys(key: str | None, secret: str | None) -> Credentials:
    """Return keys from the options, the environment, or standard input, in this order.

    Raises:
        ConfigurationError: one is missing.
    """
    from storetwin.connections.models import Credentials

    return Credentials(
        _secret(key, KEY_VARIABLE, "Consumer key"),
        _secret(secret, SECRET_VARIABLE, "Consumer secret"),
    )


def _secret(given: str | None, variable: str, prompt: str) -> Any:
    from pydantic import SecretStr

    from storetwin.kernel.errors import ConfigurationError
    from storetwin.settings import environment_secret

    value = given or environment_secret(variable)
    if not value and sys.stdin.isatty():
        value = typer.prompt(prompt, hide_input=True, err=True)
    elif not value:
        value = sys.stdin.readline().strip()
    if not value:
        raise ConfigurationError(
            f"The {prompt.lower()} is missing.",
            remedy=f"Set {variable}, or write key and secret on two lines of standard input.",
        )
    return SecretStr(value)


def read_ca(path: Path | None) -> str | None:
    """Return the text of a certificate file.

    Raises:
        ConfigurationError: it cannot be read, or holds no certificate.
    """
    from storetwin.kernel.errors import ConfigurationError

    if path is None:
        return None
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The certificate file {path} cannot be read: {error}.", remedy="Give a PEM file."
        ) from error
    if "BEGIN CERTIFICATE" not in text:
        raise ConfigurationError(
            f"The file {path} holds no certificate.", remedy="Give a PEM file (BEGIN CERTIFICATE)."
        )
    return text
