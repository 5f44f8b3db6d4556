"""``storetwin connection identity | accept | pause | resume``: which store it is, and who decides."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.identity import Identity
    from storetwin.connections.models import Connection
    from storetwin.hub import Hub
    from storetwin.mirror.identity import Look

_FACTS = ("store_id", "home_url", "name", "wc_version", "currency", "timezone")


def identity(name: str = NAME, as_json: bool = JSON) -> None:
    """Ask the store which one it is, and compare it with what is remembered. Nothing is changed."""

    async def verb(hub: Hub) -> Exit:
        from storetwin.connections.identity import Identity

        connection, look = await hub.identities.look(name)
        remembered = Identity.from_json(connection.identity)
        if as_json:
            print_json(_described(connection, remembered, look))
        else:
            _print_look(connection, remembered, look)
        return Exit.DONE if look.judgement.is_trusted else Exit.FAILED

    with_hub(verb, as_json=as_json)


def _described(connection: Connection, remembered: Identity | None, look: Look) -> dict[str, Any]:
    from storetwin.connections.doubts import headline, remedy_for

    judgement = look.judgement
    return {
        "connection": connection.name,
        "state": connection.state.value,
        "pause_reason": connection.pause_reason,
        "verdict": judgement.verdict.value,
        "records": judgement.standing.value,
        "finding": headline(judgement, connection.url),
        "remembered": {fact: getattr(remembered, fact) for fact in _FACTS} if remembered else None,
        "seen": {fact: getattr(look.seen, fact) for fact in _FACTS},
        "remedy": None if judgement.is_trusted else remedy_for(judgement.verdict, connection.name),
    }


def _print_look(connection: Connection, remembered: Identity | None, look: Look) -> None:
    from storetwin.cli.screen import out, table

    found = _described(connection, remembered, look)
    old = found["remembered"] or {}
    rows = [(fact, old.get(fact) or "–", found["seen"][fact] or "–") for fact in _FACTS]
    console = out()
    console.print(table(None, ("", "remembered", "seen"), rows))
    say(f"Records looked at: {found['records']}.")
    if look.seen.is_network:
        say("The site is one of a WordPress network: its address names it.")
    if look.seen.store_id is None:
        say(
            "The store tells no store_id (WooCommerce before 8.4, or keys of a user who may not see"
            " the status): it is known by its address and its records."
        )
    say(found["finding"])
    if found["remedy"]:
        say_error(f"  What to do: {found['remedy']}")


def accept(
    name: str = NAME,
    restored: bool = typer.Option(
        False,
        "--restored",
        help="It went back to an earlier state, or was emptied: read all again.",
    ),
    replaced: bool = typer.Option(
        False, "--replaced", help="Another store took its place: bury everything of the old one."
    ),
    url: str | None = typer.Option(
        None, "--url", help="The shop is at this address from now on; it is looked at there."
    ),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
    as_json: bool = JSON,
) -> None:
    """Trust the store as it is now, and let runs use the connection again."""
    if restored and replaced:
        raise typer.BadParameter("Choose one of --restored and --replaced.")
    if replaced and not yes and not as_json and sys.stdin.isatty():
        typer.confirm(f"Set a tombstone on every record of {name}?", abort=True, err=True)

    async def verb(hub: Hub) -> Exit:
        connection, look = await hub.identities.accept(
            name, url=url, is_restored=restored, is_replaced=replaced
        )
        following = f"storetwin pull {name}" + (" --bury" if restored else "")
        if as_json:
            print_json({"accepted": name, "url": connection.url, "next": following})
            return Exit.DONE
        home = look.seen.home_url or connection.url
        say(f"Trusted: {home} is {name} from now on.")
        if restored:
            say("Without --bury the next pull buries only a few records; others stay named.")
        say(f"Next: {following}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def pause(
    name: str = NAME,
    reason: str = typer.Option("Paused by hand.", "--reason", help="Why; runs will say so."),
    as_json: bool = JSON,
) -> None:
    """Let no run use a connection until it is resumed."""

    async def verb(hub: Hub) -> Exit:
        connection = await hub.register.pause(name, reason)
        if as_json:
            print_json({"paused": name, "reason": connection.pause_reason})
        else:
            say(f"Paused {name}: {connection.pause_reason}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


def resume(name: str = NAME, as_json: bool = JSON) -> None:
    """Let runs use a connection again; the next one looks again which store it is."""

    async def verb(hub: Hub) -> Exit:
        await hub.register.resume(name)
        if as_json:
            print_json({"resumed": name})
        else:
            say(f"Resumed {name}. Next: storetwin pull {name}")
        return Exit.DONE

    with_hub(verb, as_json=as_json)
