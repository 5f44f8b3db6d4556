"""``storetwin mcp``: the tools for an assistant on this machine, over standard input and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.running import with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.mcp.identity import Who

KEY = "STORETWIN_API_KEY"


def mcp(
    user: str | None = typer.Option(
        None,
        "--user",
        metavar="EMAIL",
        help="Ask as this member of the organisation; without it, as whoever runs the command.",
    ),
) -> None:
    """Let an assistant on this machine read the twin (MCP over standard input and output).

    With an API key in STORETWIN_API_KEY it asks as the key's holder, and no longer than that lives.
    """

    async def verb(hub: Hub) -> Exit:
        from storetwin.mcp.local import as_key, as_member, as_operator
        from storetwin.mcp.server import build_server
        from storetwin.settings import environment_secret

        key = environment_secret(KEY)
        who: Who = as_operator(hub)
        if key and user:
            raise typer.BadParameter(f"Give --user or {KEY}, not both.")
        if key:
            who = as_key(hub, key)
        elif user:
            who = as_member(hub, user)
        await who()  # say at once who is nobody
        await build_server(hub, who).run_stdio_async(show_banner=False, log_level="ERROR")
        return Exit.DONE

    with_hub(verb)
