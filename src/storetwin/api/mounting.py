"""Other doors inside the web application, with its limits and its problems."""

from __future__ import annotations

import time
from hashlib import sha256

from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storetwin.api.problems import answer_to
from storetwin.api.route import Edge


def mounted(path: str, door: ASGIApp) -> BaseRoute:
    """Return a route on which a door answers for itself, as often as the API would."""
    return Route(path, endpoint=_Limited(door), include_in_schema=False)


class _Limited:
    """A door behind the rate limit of its callers; what it lets fall is a problem as usual."""

    def __init__(self, door: ASGIApp) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        edge: Edge = scope["app"].state.edge
        who = Headers(scope=scope).get("authorization") or str(scope.get("client"))
        try:
            edge.limits.take(sha256(who.encode("utf-8", "replace")).digest(), time.monotonic())
            await self._door(scope, receive, watched)
        except Exception as error:
            if has_begun:
                raise
            await answer_to(error)(scope, receive, send)
