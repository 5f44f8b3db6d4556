"""``storetwin api-key``: keys for programs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.noting import noting
from storetwin.cli.options import JSON, ORGANISATION
from storetwin.cli.running import print_json, say, say_error, with_hub
from storetwin.cli.user import in_organisation
from storetwin.tenancy.models import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from storetwin.hub import Hub
    from storetwin.tenancy.keys import Key

app = typer.Typer(help="API keys: for programs that use the hub.", no_args_is_help=True)
PAGE = 200
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@app.command()
def add(
    name: str = typer.Argument(help="What the key is for.", metavar="NAME"),
    user: str = typer.Option(..., "--user", help="E-mail of whose it is: it may never more."),
    scope: list[Permission] = typer.Option(
        ..., "--scope", help="What it may do (may be given several times)."
    ),
    expires: str | None = typer.Option(
        None, "--expires", help="When it ends by itself: 12h, 90d, 52w. Default: never."
    ),
    organisation: str | None = ORGANISATION,
    as_json: bool = JSON,
) -> None:
    """Make an API key; it is printed this once."""
    lifetime = _lifetime(expires) if expires else None

    async def verb(hub: Hub) -> Exit:
        from storetwin.tenancy.keys import NewKey

        hub = await in_organisation(hub, organisation)
        expires_at = hub.clock() + lifetime if lifetime else None
        new = NewKey(name, frozenset(scope), expires_at)
        async with noting(hub, "create_api_key", f"user={user} name={name}"):
            issued = await hub.people.api_keys.issue_for(user, new)
        if as_json:
            key = await hub.people.api_keys.one(None, issued.api_key_id)
            print_json(_readable(key) | {"key": issued.key})
        else:
            say_error("Keep it now, it is not shown again:")
            say(issued.key)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command("list")
def list_(organisation: str | None = ORGANISATION, as_json: bool = JSON) -> None:
    """List the API keys, never the keys themselves."""

    async def verb(hub: Hub) -> Exit:
        hub = await in_organisation(hub, organisation)
        found = await _every(hub)
        if as_json:
            print_json([_readable(key) for key in found])
        elif not found:
            say_error("There is no API key yet. Make one:")
            say_error("  storetwin api-key add NAME --user EMAIL --scope read")
        else:
            _print(found, hub.clock())
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def revoke(
    key: str = typer.Argument(help="Its name, how it begins, or its id.", metavar="KEY"),
    organisation: str | None = ORGANISATION,
) -> None:
    """End an API key for ever, at once."""

    async def verb(hub: Hub) -> Exit:
        hub = await in_organisation(hub, organisation)
        found = _named(await _every(hub), key)
        async with noting(hub, "delete_api_key", f"api_key_id={found.api_key_id}"):
            await hub.people.api_keys.revoke(None, found.api_key_id)
        say(f"Revoked {found.name} ({found.hint}…).")
        return Exit.DONE

    with_hub(verb)


async def _every(hub: Hub) -> list[Key]:
    verbs = hub.people.api_keys
    found = page = await verbs.every(None, limit=PAGE)
    while len(page) == PAGE:
        page = await verbs.every(None, limit=PAGE, before=page[-1].api_key_id)
        found = found + page
    return found


def _named(keys: list[Key], text: str) -> Key:
    """Return the one key that is meant.

    Raises:
        UnknownNameError: there is none that still works.
        ConfigurationError: it could be several.
    """
    from storetwin.kernel.errors import ConfigurationError, UnknownNameError

    found = [
        key
        for key in keys
        if key.revoked_at is None
        and (text in (key.name, str(key.api_key_id)) or text.startswith(key.hint))
    ]
    if not found:
        raise UnknownNameError(
            f"There is no API key {text[:10]!r}.",
            remedy="storetwin api-key list shows which there are.",
        )
    if len(found) > 1:
        raise ConfigurationError(
            f"{len(found)} keys are called {text!r}.",
            remedy="Name one by its id: storetwin api-key list --json",
        )
    return found[0]


def _lifetime(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9]\d{0,3})([hdw])", text)
    if match is None:
        raise typer.BadParameter("Write it like 12h, 90d or 52w.", param_hint="--expires")
    return int(match[1]) * _UNITS[match[2]]


def _readable(key: Key) -> dict[str, Any]:
    return {
        "api_key_id": str(key.api_key_id),
        "name": key.name,
        "hint": key.hint,
        "user": key.email,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }


def _print(keys: list[Key], now: datetime) -> None:
    from storetwin.cli.ages import ago
    from storetwin.cli.screen import out, table

    rows = [
        (
            key.name,
            f"{key.hint}…",
            key.email,
            ", ".join(sorted(key.scopes)),
            ago(key.last_used_at, now) if key.last_used_at else "never",
            _standing(key, now),
        )
        for key in keys
    ]
    columns = ("name", "begins with", "user", "may", "used", "state")
    out().print(table(None, columns, rows))


def _standing(key: Key, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is None:
        return "works"
    return "expired" if key.expires_at <= now else f"until {key.expires_at:%Y-%m-%d}"
