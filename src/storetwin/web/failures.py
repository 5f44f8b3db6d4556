"""What went wrong, as a page that says what happened, what it means and what to do."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from storetwin.api.problems import answer_to
from storetwin.kernel.errors import RetryableError, StoretwinError
from storetwin.telemetry.logs import Log
from storetwin.tenancy.models import ForbiddenError, Permission, Role, UnauthenticatedError
from storetwin.web.guarding import guard
from storetwin.web.rendering import html
from storetwin.web.view import Page, Web, recognised, sign_in_path, times_of, wants_json, wants_page
from storetwin.web.words import ROLE

log = Log()
TITLES: Final = {
    400: "This cannot be asked",
    403: "This is not yours to do",
    404: "There is no such page",
    405: "This cannot be done here",
    408: "It did not arrive in time",
    409: "Somebody was first",
    413: "This is too long",
    422: "This cannot be used",
    424: "The store does not answer",
    429: "This was too often",
    503: "This cannot be had right now",
}
ELSEWHERE: Final = ("/api/", "/health", "/hooks/", "/mcp", "/metrics", "/static/")
"""Where programs ask: they are answered as programs are."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What is told of an error.

    Args:
        support: finds it again in the log.
    """

    status: int
    title: str
    detail: str
    remedy: str | None = None
    code: str | None = None
    support: str | None = None


def code_of(error: Exception) -> str:
    """Return an error in a word, as the audit log has it."""
    return str(getattr(error, "code", None) or "bug")


async def failed(request: Request, error: Exception) -> Response:
    """Return the answer to a request that ended in an error."""
    if isinstance(error, UnauthenticatedError) and not wants_json(request):
        return _to_sign_in(request)
    problem = answer_to(error)
    if wants_json(request):
        return problem
    told: Mapping[str, Any] = msgspec.json.decode(problem.body)
    failure = _failure(problem.status_code, told, error)
    response = await show(request, failure)
    for name in ("Retry-After", "Allow"):
        if name in problem.headers:
            response.headers[name] = problem.headers[name]
    return response


def _failure(status: int, told: Mapping[str, Any], error: Exception) -> Failure:
    if status >= 500 and not isinstance(error, RetryableError):
        support = secrets.token_hex(4)
        log.error("page_failed", support=support, error=type(error).__name__)
        return Failure(
            status,
            "Something went wrong here",
            "This page could not be made, by a fault of Storetwin's own. It was logged.",
            "Go back and try again. If it happens again, tell whoever runs this hub the id below.",
            support=support,
        )
    if status == 404 and isinstance(error, HTTPException):
        return Failure(404, TITLES[404], "Nothing is at this address, or nothing of yours.")
    remedy = _who_gives(error) if isinstance(error, ForbiddenError) else told.get("remedy")
    title = TITLES.get(status, "This did not work")
    return Failure(status, title, told["detail"], remedy, told.get("code"))


def _who_gives(error: ForbiddenError) -> str:
    """Return which role it takes, and who gives it."""
    roles = [ROLE[role] for role in reversed(Role) if error.permission in role.permissions]
    least = roles[0] if roles else ROLE[Role.OWNER]
    giver = "an owner" if error.permission is Permission.ADMINISTER else "an administrator"
    return f"It takes the role {least} or more; {giver} of the organisation can give it to you."


async def show(request: Request, failure: Failure) -> Response:
    """Return a failure as a page; inside the shell for those whom we know."""
    web: Web = request.app.state.web
    page: Page | None = getattr(request.state, "page", None)
    context = {"failure": failure}
    if request.headers.get("hx-request"):
        times = times_of(request, request.app.state.edge.hub)
        text = web.templates.block("failure_note.html", "failure", context | {"times": times})
        response: Response = html(request, text, failure.status)
        response.headers.update({"HX-Retarget": "#failures", "HX-Reswap": "innerHTML"})
        return response
    if page is not None:
        try:
            return await page.render("failure.html", context, status=failure.status)
        except Exception:
            log.exception("shell_failed")
    return html(request, bare(request, "failure_bare.html", context), failure.status)


def bare(request: Request, template: str, context: Mapping[str, Any]) -> str:
    """Return a page for somebody whom we do not know."""
    web: Web = request.app.state.web
    times = times_of(request, request.app.state.edge.hub)
    known = {"path": request.url.path, "times": times}
    return web.templates.whole(template, known | dict(context))


def _to_sign_in(request: Request) -> Response:
    web: Web = request.app.state.web
    to = sign_in_path(request)
    response: Response
    if request.headers.get("hx-request"):
        response = Response(status_code=401, headers={"HX-Redirect": to})
    else:
        response = RedirectResponse(to, 303)
    if web.jar.session(request) is not None:
        web.jar.forget_session(response)
    return response


def handle_lost(app: FastAPI) -> None:
    """Answer browsers that ask for what is no page, and leave programs to the API."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if request.url.path.startswith(ELSEWHERE) or not wants_page(request):
            answer: Response = await before(request, error)
            return answer
        with suppress(StoretwinError):
            await recognised(request)  # so that it is told inside the shell
        response = await failed(request, error)
        guard(response, is_secure=request.app.state.web.jar.is_secure)
        return response

    before: Any = app.exception_handlers[HTTPException]
    app.add_exception_handler(HTTPException, handle)
