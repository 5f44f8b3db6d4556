"""Who calls a public route: nobody knows yet, but from where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from storetwin.api.peers import header_name, peer_of
from storetwin.hub import Hub
from storetwin.tenancy.sessions import Visitor


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody of whom nothing is known but from where he calls."""

    hub: Hub
    visitor: Visitor


def _stranger(request: Request) -> Stranger:
    hub: Hub = request.app.state.edge.hub
    address = peer_of(request.scope, header_name(hub.proxy_header))
    agent = request.headers.get("user-agent", "").replace("\x00", "")
    return Stranger(hub, Visitor(address, agent or None))


Anybody = Annotated[Stranger, Depends(_stranger)]
