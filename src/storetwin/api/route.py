"""What happens at every route of the REST API, before and after its own function.

In this order: the rate limit; who calls; a line in the audit log, where it tells of such things;
whether he may; whether the request can be used at all; whether it was sent before; then the
route's function; then the ETag. So a stranger learns nothing, not even what is wrong with his
request.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, ClassVar

import msgspec
from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from storetwin.api.bodies import with_body
from storetwin.api.callers import Caller, Demand
from storetwin.api.conditional import READING, conditional
from storetwin.api.given import is_text
from storetwin.api.limits import Allowance, Limits
from storetwin.api.peers import header_name, peer_of
from storetwin.api.problems import ProblemError, answer_to
from storetwin.api.repeating import once
from storetwin.hub import Hub
from storetwin.kernel.errors import InvariantError
from storetwin.tenancy import audit
from storetwin.tenancy.answers import Answers
from storetwin.tenancy.models import Permission

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


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

    is_question: ClassVar[bool] = False

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        demands = [d.call for d in self.dependant.dependencies if isinstance(d.call, Demand)]
        if len(demands) != 1:
            raise InvariantError(f"{self.path} does not say what it demands of its caller.")
        changes = not (self.is_question or READING.issuperset(self.methods or ()))
        return _Door(self.name, demands[0], changes, super().get_route_handler()).answer


class QuestionRoute(DoorRoute):
    """A route whose question is too long for an address: a body, and nothing is changed."""

    is_question = True


@dataclass(frozen=True, slots=True)
class _Door:
    """What stands before the function of a route.

    Args:
        action: what the route does, as the audit log names it.
        changes: something may be different afterwards.
    """

    action: str
    demand: Demand
    changes: bool
    handle: Handler

    @property
    def is_noted(self) -> bool:
        """Say whether the audit log tells of it: of what changes, and of what takes records away."""
        return self.changes or self.demand.permission is Permission.EXPORT

    async def answer(self, request: Request) -> Response:
        """Answer a request, unless its caller asks too often."""
        edge: Edge = request.app.state.edge
        token, address = _bearer(request), _address(request, edge)
        work = partial(self._let_in, request, edge, token, address)
        return await _within_limits(request, token or address, work)

    async def _let_in(
        self, request: Request, edge: Edge, token: str | None, address: str | None
    ) -> Response:
        """Answer whoever sent a token, if we know him; what he changes is written down."""
        principal = await edge.hub.doorkeeper.recognise(token)
        _check_text(request)
        caller = Caller(principal, edge.hub.of(principal.organisation_id), address)
        if not self.is_noted:
            return await self._work(request, caller)
        database, clock = caller.hub.database, caller.hub.clock
        entry = await audit.begin(
            database, principal, self.action, _subject(request), address, clock()
        )
        try:
            response = await self._work(request, caller)
        except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
            response = answer_to(error)
        await audit.finish(database, principal.organisation_id, entry, _outcome(response))
        return response

    async def _work(self, request: Request, caller: Caller) -> Response:
        """Do what is asked, if the caller may and the request can be used."""
        self.demand.check(caller.principal)
        request.state.caller = caller
        if request.method in READING:
            return await self.handle(request)
        again, body = await with_body(request)
        if not self.changes:
            return await self.handle(again)
        hub = caller.hub
        answers = Answers(hub.database, hub.vault, caller.principal)
        return await once(again, body, answers, hub.clock, lambda: self.handle(again))


class PublicRoute(APIRoute):
    """A route for anybody: how one signs in."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            async def work() -> Response:
                _check_text(request)
                again, _ = await with_body(request)
                return await handle(again)

            edge: Edge = request.app.state.edge
            return await _within_limits(request, _address(request, edge), work)

        return answer


async def _within_limits(
    request: Request, caller: str | None, work: Callable[[], Coroutine[Any, Any, Response]]
) -> Response:
    """Answer a request, unless its caller asks too often."""
    edge: Edge = request.app.state.edge
    allowance: Allowance | None = None
    try:
        who = sha256((caller or "").encode("utf-8", "replace")).digest()
        allowance = edge.limits.take(who, time.monotonic())
        response = conditional(request, await work())
    except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
        response = answer_to(error)
    if allowance is not None:
        response.headers.update(allowance.headers)
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


def _bearer(request: Request) -> str | None:
    """Return what stands after ``Authorization: Bearer``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _address(request: Request, edge: Edge) -> str | None:
    return peer_of(request.scope, header_name(edge.hub.proxy_header))


def _subject(request: Request) -> str | None:
    """Return what a request is about, as its address names it."""
    return " ".join(f"{name}={value}" for name, value in request.path_params.items()) or None


def _outcome(response: Response) -> str:
    """Return how a request ended: ``done``, or the code of its problem."""
    if response.status_code < 400:
        return audit.DONE
    try:
        return str(msgspec.json.decode(response.body)["code"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return str(response.status_code)


def _check_text(request: Request) -> None:
    """Refuse what PostgreSQL cannot hold: a NUL, or half a character.

    Raises:
        ProblemError: 400, the address has such a thing.
    """
    asked = [value for _, value in request.query_params.multi_items()]
    values = [*asked, *map(str, request.path_params.values())]
    if not all(map(is_text, values)):
        raise ProblemError(400, "bad_text", "The address has characters that are no text.")
