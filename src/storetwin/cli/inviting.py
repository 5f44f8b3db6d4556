"""One-time links, as they are shown to whoever has the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from storetwin.cli.running import say

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.tenancy.invitations import IssuedInvitation


async def say_first_link(hub: Hub, url: str) -> None:
    """Print the link of the very first user, unless there is one."""
    from storetwin.bootstrap import patiently

    issued = await patiently(hub.people.invitations.first, hub.revive)
    if issued is None:
        return
    say("Nobody can sign in yet. Whoever has this link becomes the owner, within a day:")
    print_link(issued, url, None)
    say("Or, from another terminal: storetwin user add you@example.org")


def print_link(issued: IssuedInvitation, url: str, email: str | None) -> None:
    """Print a link, and how a program follows it."""
    given = f'"email": "{email or "you@example.org"}", "name": "You", "password": "…"'
    say(f"  {issued.link(url)}")
    say("A program does the same with (a password has at least 12 characters):")
    say(f"  curl {url.rstrip('/')}/api/v1/invitations/accept \\")
    say("    -H 'Content-Type: application/json' \\")
    say(f'    -d \'{{"token": "{issued.token}", {given}}}\'')


def url_of(hub: Hub) -> str:
    """Return where the hub is reached: from outside if that is set, else from this machine."""
    from storetwin.settings import load_settings

    if hub.public_url:
        return hub.public_url
    settings = load_settings()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"
