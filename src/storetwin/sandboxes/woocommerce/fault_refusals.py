"""Faults that answer in the shop's place: by a proxy, a firewall, a host, or another plugin."""

from __future__ import annotations

from collections.abc import Callable

from storetwin.sandboxes.woocommerce.answers import PLAIN_HTML, Answer, RestError, error_answer
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.request import Request

Refusal = Callable[[FaultSpec, Request], Answer]

_MAINTENANCE = (
    b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Briefly unavailable "
    b"for scheduled maintenance. Check back in a minute.</h1></body></html>"
)
_WAF_200 = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser "
    b"before accessing the site.</body></html>"
)
_WAF_403 = b"<html><head><title>403 Forbidden</title></head><body>Forbidden</body></html>"
_GATEWAY = (
    b"<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n"
    b"<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_TITLES = {502: b"502 Bad Gateway", 504: b"504 Gateway Time-out"}
_DOWN = b"<html><head><title>503 Service Temporarily Unavailable</title></head></html>"
_NOT_FOUND = b"<!DOCTYPE html><html><head><title>Page not found</title></head><body></body></html>"
_LOGIN = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Log In &lsaquo; Sandbox store &#8212; '
    b'WordPress</title></head><body class="login"><form name="loginform" id="loginform" '
    b'action="/wp-login.php" method="post"><input type="text" name="log"><input type="password" '
    b'name="pwd"></form></body></html>'
)
_RATE = '{"code":"rate_limited","message":"Too many requests.","data":{"status":429}}'


def page(status: int, body: bytes, **headers: str) -> Answer:
    """Return a page of HTML with nothing of WordPress about it."""
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Answer(status, body, content_type=PLAIN_HTML, is_bare=True, headers=lines)


def gateway(status: int) -> Answer:
    """Return what nginx says when PHP gives no answer: 502 or 504."""
    title = _GATEWAY_TITLES[status]
    return page(status, _GATEWAY % (title, title))


def not_found() -> Answer:
    """Return the theme's page for an address that does not exist."""
    return page(404, _NOT_FOUND)


def _down(_: FaultSpec, __: Request) -> Answer:
    return page(503, _DOWN)


def _maintenance(spec: FaultSpec, _: Request) -> Answer:
    return page(503, _MAINTENANCE, Retry_After=str(spec.number("wait", 600)))


def _waf(spec: FaultSpec, _: Request) -> Answer:
    is_polite = spec.number("status", 403) == 200
    return page(200, _WAF_200) if is_polite else page(403, _WAF_403)


def _redirect(spec: FaultSpec, request: Request) -> Answer:
    query = f"?{request.query_string}" if request.query_string else ""
    to = spec.text("to", "https://other.example").rstrip("/") + request.path + query
    return page(spec.number("status", 302), b"", Location=to)


def _rate_limit(spec: FaultSpec, _: Request) -> Answer:
    answer = Answer(429, _RATE.encode(), is_bare=True)
    answer.headers.append(("Retry-After", str(spec.number("wait", 1))))
    return answer


def _bad_gateway(_: FaultSpec, __: Request) -> Answer:
    return gateway(502)


def _login_page(_: FaultSpec, __: Request) -> Answer:
    return page(200, _LOGIN)


def _empty(_: FaultSpec, __: Request) -> Answer:
    return Answer(200, b"", is_bare=True)


def _unauthorised(_: FaultSpec, __: Request) -> Answer:
    """A plugin that limits logins, or a database too busy to look the key up: as without keys."""
    text = "Sorry, you cannot list resources."
    answer = error_answer(RestError("woocommerce_rest_cannot_view", text, 401), "")
    answer.caching, answer.vary = False, True
    return answer


REFUSALS: dict[str, Refusal] = {
    "down": _down,
    "maintenance": _maintenance,
    "waf": _waf,
    "redirect": _redirect,
    "rate-limit": _rate_limit,
    "bad-gateway": _bad_gateway,
    "login-page": _login_page,
    "empty": _empty,
    "unauthorised": _unauthorised,
}
"""By name, in the order in which they come before each other."""
