"""What happens at every route of the REST API, before and after its own function.

In this order: the rate limit, who calls, whether he may, whether the request can be used at all;
then the route's function; then the ETag. So a stranger learns nothing, not even what is wrong with
his request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response, StreamingResponse

from storetwin.api.callers import Caller, Demand
from storetwin.api.given import is_text
from storetwin.api.limits import Allowance, Limits
from storetwin.api.peers import header_name, peer_of
from storetwin.api.problems import ProblemError, answer_to
from storetwin.hub import Hub
from storetwin.kernel.errors import InvariantError

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Edge:
    """What all routes of one application share; it is ``app.state.edge``.

    Args:
        hub: of any organisation; which one, the caller says.
    """

    hub: Hub
    limits: Limits


class DoorRoute(APIRoute):
    """A route for those whom we know: it demands what its function's arguments say."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()
        demands = [d.call for d in self.dependant.dependencies if isinstance(d.call, Demand)]
        if len(demands) != 1:
            raise InvariantError(f"{self.path} does not say what it demands of its caller.")
        demand = demands[0]

        async def answer(request: Request) -> Response:
            edge: Edge = request.app.state.edge
            address = peer_of(request.scope, header_name(edge.hub.proxy_header))
            token = _bearer(request)
            allowance = _take(edge, token or address or "")
            try:
                principal = await edge.hub.doorkeeper.recognise(token)
                demand.check(principal)
                _check_text(request)
                hub = edge.hub.of(principal.organisation_id)
                request.state.caller = Caller(principal, hub, address)
                response = await handle(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
                response = answer_to(error)
            return _finished(request, response, allowance)

        return answer


class PublicRoute(APIRoute):
    """A route for anybody: how one signs in."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            edge: Edge = request.app.state.edge
            address = peer_of(request.scope, header_name(edge.hub.proxy_header))
            allowance = _take(edge, address or "")
            try:
                _check_text(request)
                response = await handle(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
                response = answer_to(error)
            return _finished(request, response, allowance)

        return answer


def _take(edge: Edge, caller: str) -> Allowance:
    return edge.limits.take(sha256(caller.encode()).digest(), time.monotonic())


def _bearer(request: Request) -> str | None:
    """Return what stands after ``Authorization: Bearer``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _check_text(request: Request) -> None:
    """Refuse what PostgreSQL cannot hold: a NUL, or half a character.

    Raises:
        ProblemError: 400, the address has such a thing.
    """
    values = [*request.query_params.values(), *map(str, request.path_params.values())]
    if not all(map(is_text, values)):
        raise ProblemError(400, "bad_text", "The address has characters that are no text.")


def _finished(request: Request, response: Response, allowance: Allowance) -> Response:
    response.headers.update(allowance.headers)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if request.method not in READING or response.status_code != 200:
        return response
    if isinstance(response, StreamingResponse):
        return response
    tag = f'"{sha256(response.body).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    known = {part.strip().removeprefix("W/") for part in _if_none_match(request).split(",")}
    if tag in known or "*" in known:
        kept = {
            k: v for k, v in response.headers.items() if k not in ("content-length", "content-type")
        }
        return Response(status_code=304, headers=kept)
    return response


def _if_none_match(request: Request) -> str:
    return request.headers.get("if-none-match", "")
