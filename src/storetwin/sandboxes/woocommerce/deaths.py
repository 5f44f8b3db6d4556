"""How PHP dies while it shows a record, and what it still sends."""

from __future__ import annotations

from collections.abc import Callable

from storetwin.sandboxes.woocommerce.answers import HTML, Answer
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.request import Request

_CRITICAL = (
    "<p>There has been a critical error on this website.</p><p><a "
    'href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about '
    "troubleshooting WordPress.</a></p>"
)


def fatal(request: Request, _: int = 0) -> Answer:
    """Return the answer of a PHP fatal error: JSON for those who accept it, else HTML."""
    return _told(request, "internal_server_error", _CRITICAL)


def _die(request: Request, number: int) -> Answer:
    return _told(request, "wp_die", f"simulated wp_die for order #{number}")


def _exit(_: Request, __: int) -> Answer:
    """PHP ends in the middle: the headers so far, and no body."""
    return Answer(200, b"", is_fatal=True, caching=False)


DEATHS: dict[str, Callable[[Request, int], Answer]] = {"fatal": fatal, "die": _die, "exit": _exit}
"""Each takes the request and the id of the record that kills."""


def _told(request: Request, code: str, message: str) -> Answer:
    if not request.wants_json:
        page = fixed_answers()["error_page"].replace("~MESSAGE~", message)
        return Answer(500, page.encode(), content_type=HTML, is_fatal=True)
    told = {"code": code, "message": message, "data": {"status": 500}, "additional_errors": []}
    return Answer(500, dumps(told).encode(), is_fatal=True)
