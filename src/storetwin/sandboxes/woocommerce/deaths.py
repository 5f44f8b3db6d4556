"""How PHP dies while it shows a record, and what it still sends."""

from __future__ import annotations

from collections.abc import Callable

from storetwin.sandboxes.woocommerce.answers import HTML, Answer
from storetwin.sandboxes.woocommerce.fault_dirt import halved
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.fault_refusals import gateway
from storetwin.sandboxes.woocommerce.fault_wire import hang, huge, hung_up
from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.request import Request

_CRITICAL = (
    "<p>There has been a critical error on this website.</p><p><a "
    'href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about '
    "troubleshooting WordPress.</a></p>"
)


def fatal(request: Request) -> Answer:
    """Return the answer of a PHP fatal error: JSON for those who accept it, else HTML."""
    return _told(request, "internal_server_error", _CRITICAL)


def _fatal(request: Request, _: int, __: FaultSpec) -> Answer:
    return fatal(request)


def _die(request: Request, number: int, _: FaultSpec) -> Answer:
    return _told(request, "wp_die", f"simulated wp_die for order #{number}")


def _exit(_: Request, __: int, ___: FaultSpec) -> Answer:
    """PHP ends in the middle: the headers so far, and no body."""
    return Answer(200, b"", is_fatal=True, caching=False)


def _memory(_: Request, __: int, spec: FaultSpec) -> Answer:
    """Memory runs out where WordPress has none left to say so."""
    wait = spec.number("ms", 100) / 1000
    return Answer(500, b"", content_type=HTML, is_bare=True, wait=wait)


def _gateway(_: Request, __: int, spec: FaultSpec) -> Answer:
    """The PHP worker dies, or takes longer than nginx waits."""
    return gateway(spec.number("status", 502))


def _hang(request: Request, _: int, spec: FaultSpec) -> Answer:
    """A plugin asks another server for each record, and that one does not answer."""
    return hang(spec, request)


def _huge(request: Request, _: int, spec: FaultSpec) -> Answer:
    """A plugin keeps its log in the record's meta."""
    return huge(spec, request)


DEATHS: dict[str, Callable[[Request, int, FaultSpec], Answer]] = {
    "fatal": _fatal,
    "die": _die,
    "exit": _exit,
    "memory": _memory,
    "gateway": _gateway,
    "hang": _hang,
    "huge": _huge,
}
"""What comes instead of the record; each takes the request, the id that kills, and how."""

BREAKS: dict[str, Callable[[Answer], Answer]] = {"reset": hung_up, "cut": halved}
"""What becomes of the answer with the record: half of it was sent when PHP died."""


def _told(request: Request, code: str, message: str) -> Answer:
    if not request.wants_json:
        page = fixed_answers()["error_page"].replace("~MESSAGE~", message)
        return Answer(500, page.encode(), content_type=HTML, is_fatal=True)
    told = {"code": code, "message": message, "data": {"status": 500}, "additional_errors": []}
    return Answer(500, dumps(told).encode(), is_fatal=True)
