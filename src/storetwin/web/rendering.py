"""Templates to HTML: what every template knows, and nothing that it could run."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.runtime import Macro
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from storetwin.web import figures
from storetwin.web.assets import Assets
from storetwin.web.words import KIND, ROLE, RUN, STANDING, STATE, TURNING, WORDS
from storetwin.web.writing import WRITERS

SHORTEST_GZIP: Final = 800
SAFE_IN_SCRIPT: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029'"}


def data(value: object) -> Markup:
    """Return a value as JSON that can stand inside a script element of the type application/json.

    Nothing in it can end the element, or begin another.
    """
    text = json.dumps(value, default=str, ensure_ascii=False)
    return Markup(text.translate(SAFE_IN_SCRIPT))  # noqa: S704 - no sign of markup is left in it


@dataclass(frozen=True, slots=True)
class Templates:
    """Renders templates."""

    assets: Assets
    _environment: Environment = field(repr=False)

    def whole(self, name: str, context: dict[str, Any]) -> str:
        """Return a template, rendered."""
        return self._environment.get_template(name).render(context)

    def block(self, name: str, block: str, context: dict[str, Any]) -> str:
        """Return one block of a template, rendered: what htmx asks for, and what a stream sends."""
        template = self._environment.get_template(name)
        found = template.blocks[block]
        return "".join(found(template.new_context(context)))


def load_templates(assets: Assets) -> Templates:
    """Return the templates of the pages."""
    environment = Environment(
        loader=PackageLoader("storetwin.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        WRITERS,
        WORDS=WORDS,
        TURNING=TURNING,
        RUN=RUN,
        STANDING=STANDING,
        STATE=STATE,
        ROLE=ROLE,
        KIND=KIND,
        static=assets.address,
        in_utc=figures.in_utc,
    )
    environment.filters.update(
        n=figures.number, lasted=figures.duration, money=figures.money, data=data
    )
    macros = environment.get_template("macros.html").module
    environment.globals.update({n: v for n, v in vars(macros).items() if isinstance(v, Macro)})
    return Templates(assets, environment)


def html(request: Request, text: str, status: int = 200) -> HTMLResponse:
    """Return an answer, compressed where the browser takes it."""
    body = text.encode("utf-8", "replace")
    response = HTMLResponse(body, status)
    response.headers["Vary"] = "HX-Request, HX-Target, Cookie, Accept, Accept-Encoding"
    if len(body) > SHORTEST_GZIP and "gzip" in request.headers.get("accept-encoding", ""):
        response.body = gzip.compress(body, 5, mtime=0)
        response.headers["Content-Encoding"] = "gzip"
        response.headers["Content-Length"] = str(len(response.body))
    return response
