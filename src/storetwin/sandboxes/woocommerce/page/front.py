"""Serves the page's files. A browser that opens ``/`` sees the page, everybody else the shop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_FILES = Path(__file__).with_name("files")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Front:
    """Stands before the shop and answers for its page.

    Args:
        shop: gets every request that is not for the page.
    """

    def __init__(self, shop: App) -> None:
        self._shop = shop
        self._files = {path.name: path.read_bytes() for path in sorted(_FILES.iterdir())}

    def routes(self) -> list[Route]:
        """Return the routes of the page's files, relative to the control door."""
        return [Route("/page/{name}", self.file, methods=["GET"])]

    async def file(self, request: Request) -> Response:
        """Send one of the page's files."""
        return self._response(request.path_params["name"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page, or let the shop answer."""
        answer: App = self._response("index.html") if _is_for_the_page(scope) else self._shop
        await answer(scope, receive, send)

    def _response(self, name: str) -> Response:
        body = self._files.get(name)
        if body is None:
            return Response(f"There is no file {name}.", 404, media_type="text/plain")
        return Response(body, headers={**_HEADERS, "Content-Type": _TYPES[Path(name).suffix]})


def _is_for_the_page(scope: Scope) -> bool:
    """Say whether a browser opens ``/``: not the REST API by its plain address, not a script."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"] != "/":
        return False
    if "rest_route" in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
