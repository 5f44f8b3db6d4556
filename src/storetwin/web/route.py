"""What happens at every page, before and after its own function.

As at the REST API (`storetwin.api.route`), in this order: the rate limit; who asks, by the cookie;
a line in the audit log, where something is changed; whether he may; whether the request can be used
and was sent by a page of ours; then the function. Whatever goes wrong becomes a page that says so.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from storetwin.api.bodies import with_body
from storetwin.api.conditional import READING
from storetwin.api.given import is_text
from storetwin.api.problems import ProblemError
from storetwin.api.route import Edge
from storetwin.kernel.errors import InvariantError
from storetwin.tenancy import audit
from storetwin.web import csrf
from storetwin.web.failures import code_of, failed
from storetwin.web.guarding import guard
from storetwin.web.view import Page, PageDemand, Web, address_of, recognised

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
ENDING = "_page"


class PageRoute(APIRoute):
    """A page for those whom we know: it demands what its function's first argument says."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        demands = [d.call for d in self.dependant.dependencies if isinstance(d.call, PageDemand)]
        if len(demands) != 1:
            raise InvariantError(f"{self.path} does not say what it demands of who asks.")
        if not self.name.endswith(ENDING):
            raise InvariantError(f"The function of {self.path} is not called …{ENDING}.")
        action = self.name.removesuffix(ENDING)
        return _Door(action, demands[0], super().get_route_handler()).answer


class OpenPageRoute(APIRoute):
    """A page for anybody: how one signs in."""

    def get_route_handler(self) -> Handler:
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            async def work() -> Response:
                _check_text(request)
                if request.method in READING:
                    return await handle(request)
                edge: Edge = request.app.state.edge
                csrf.check_origin(request, edge.hub.public_url)
                again, _ = await with_body(request)
                return await handle(again)

            return await _answered(request, None, work)

        return answer


@dataclass(frozen=True, slots=True)
class _Door:
    """What stands before the function of a page.

    Args:
        action: what the page does, as the audit log names it.
    """

    action: str
    demand: PageDemand
    handle: Handler

    async def answer(self, request: Request) -> Response:
        """Answer a request, unless its sender asks too often."""
        web: Web = request.app.state.web
        return await _answered(request, web.jar.session(request), lambda: self._let_in(request))

    async def _let_in(self, request: Request) -> Response:
        """Answer whoever has a session; what he changes is written down."""
        page = await recognised(request)
        if request.method in READING:
            return await self._work(page)
        hub, principal = page.hub, page.principal
        entry = await audit.begin(
            hub.database,
            principal,
            self.action,
            _subject(request),
            page.caller.address,
            hub.clock(),
        )
        try:
            response, outcome = await self._work(page), audit.DONE
        except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
            response, outcome = await failed(request, error), code_of(error)
        await audit.finish(hub.database, principal.organisation_id, entry, outcome)
        return response

    async def _work(self, page: Page) -> Response:
        """Do what is asked, if he may and the request can be used."""
        request = page.request
        self.demand.check(page.principal)
        _check_text(request)
        if request.method in READING:
            return await self.handle(request)
        csrf.check_origin(request, page.hub.public_url)
        again, _ = await with_body(request)
        await csrf.check_token(again, page.hub.vault, page.principal.credential_id)
        return await self.handle(again)


async def _answered(
    request: Request, token: str | None, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Return an answer, whatever happens, with what it says of itself to the browser."""
    edge: Edge = request.app.state.edge
    web: Web = request.app.state.web
    try:
        who = sha256((token or address_of(request) or "").encode("utf-8", "replace")).digest()
        edge.limits.take(who, time.monotonic())
        response = await work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it gets an answer
        response = await failed(request, error)
    guard(response, is_secure=web.jar.is_secure)
    return response


def _subject(request: Request) -> str | None:
    """Return what a request is about, as its address names it."""
    return " ".join(f"{name}={value}" for name, value in request.path_params.items()) or None


def _check_text(request: Request) -> None:
    """Refuse what PostgreSQL cannot hold: a NUL, or half a character.

    Raises:
        ProblemError: 400, the address has such a thing.
    """
    asked = [value for _, value in request.query_params.multi_items()]
    values = [*asked, *map(str, request.path_params.values())]
    if not all(map(is_text, values)):
        raise ProblemError(400, "bad_text", "The address has characters that are no text.")
