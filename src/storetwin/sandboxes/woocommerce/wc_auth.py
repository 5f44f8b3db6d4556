"""The page by which a shop gives keys to an application: ``/wc-auth/v1/authorize``.

As WooCommerce 10.5 has it (``includes/class-wc-auth.php``): what is missing ends in a 401 page; on
Approve it makes keys, posts them to ``callback_url``, and deletes them again unless that answers
200; then it leads the browser to ``return_url``. Two things differ: whoever comes is signed in, and
``callback_url`` may be plain http where it leads to this machine.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, unquote_plus, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from storetwin.sandboxes.woocommerce.app import Shop
from storetwin.sandboxes.woocommerce.auth import KeyPair, Permission
from storetwin.sandboxes.woocommerce.webhooks.post import host_of, post

PREFIX = "/wc-auth/v1"
TIMEOUT = 60.0
_PARAMETERS = ("app_name", "user_id", "return_url", "callback_url", "scope")
_SCOPES = {"read": "Read", "write": "Write", "read_write": "Read/Write"}
_PERMISSIONS = {
    "read": ("View coupons", "View customers", "View orders and sales reports", "View products"),
    "write": (
        "Create webhooks",
        "Create coupons",
        "Create customers",
        "Create orders",
        "Create products",
    ),
    "read_write": (
        "Create webhooks",
        "View and manage coupons",
        "View and manage customers",
        "View and manage orders and sales reports",
        "View and manage products",
    ),
}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_OCTETS = re.compile(r"%[a-fA-F0-9]{2}")
_TAGS = re.compile(r"<[^>]*>")
_HTML = """<!DOCTYPE html>
<html lang="en-US"><head><meta charset="utf-8"><meta name="robots" content="noindex, nofollow">
<title>%s</title></head><body class="wc-auth wp-core-ui">%s</body></html>"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}


class _DiedError(Exception):
    """PHP's ``wp_die``: the message is the page."""


class AuthPage:
    """Answers below ``/wc-auth/v1``.

    Args:
        shop: whose keys are made.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._nonce = secrets.token_hex(5)

    def routes(self) -> list[Route]:
        """Return its routes."""
        paths = (f"{PREFIX}/{{route}}", f"{PREFIX}/{{route}}/")
        return [Route(path, self.answer, methods=["GET"]) for path in paths]

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return await self._answer(request.path_params["route"].lower(), request.query_params)
        except _DiedError as error:
            text = f"<p>Error: {escape(str(error))}.</p>"
            page = _HTML % ("Access denied", text)
            return Response(page, 401, headers=_HEADERS, media_type="text/html")

    async def _answer(self, route: str, sent: Mapping[str, str]) -> Response:
        given = _validated(sent)
        if route == "login":
            return RedirectResponse(self._url("authorize", given), 302)
        if route == "authorize":
            page = _HTML % ("Application authentication request", self._form(given))
            return Response(page, headers=_HEADERS, media_type="text/html")
        if route != "access_granted":
            raise _DiedError("You do not have permission to access this page")
        if not secrets.compare_digest(sent.get("wc_auth_nonce", "").encode(), self._nonce.encode()):
            raise _DiedError("Invalid nonce verification")
        pair = self._shop.gate.make(Permission(given["scope"]))
        await self._send(pair, given)
        return RedirectResponse(_back(given, success=1), 302)

    async def _send(self, pair: KeyPair, given: Mapping[str, str]) -> None:
        """Post keys to the callback.

        Raises:
            _DiedError: it did not answer 200; the keys are deleted.
        """
        url = _formatted(given["callback_url"])
        body = _keys(pair, given["user_id"], len(self._shop.gate.pairs))
        headers = (
            ("Host", host_of(url)),
            ("User-Agent", f"WordPress/{self._shop.store.release.number}; {self._shop.store.base}"),
            ("Accept", "*/*"),
            ("Content-Type", "application/json;charset=UTF-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        )
        reply = await post(url, headers, body, TIMEOUT, self._shop.webhooks.tls)
        if reply.status != 200:
            self._shop.gate.revoke(pair.key)
            raise _DiedError(
                "An error occurred in the request and at the time were unable to send the consumer "
                "data"
                if reply.status
                else "A valid URL was not provided"
            )

    def _form(self, given: Mapping[str, str]) -> str:
        app, scope = escape(_clean(given["app_name"])), given["scope"]
        granted = self._url("access_granted", given) + f"&wc_auth_nonce={self._nonce}"
        allowed = "".join(f"<li>{text}</li>" for text in _PERMISSIONS[scope])
        host = escape(urlsplit(_formatted(given["callback_url"])).hostname or "")
        return (
            f"<h1>{app} would like to connect to your store</h1>"
            f'<p>This will give "<strong>{app}</strong>" <strong>{_SCOPES[scope]}</strong> access '
            f'which will allow it to:</p><ul class="wc-auth-permissions">{allowed}</ul>'
            f"<p>Approving will share credentials with <strong>{host}</strong>. "
            "Do not proceed if this looks suspicious in any way.</p>"
            '<div class="wc-auth-logged-in-as"><p>Logged in as admin</p></div>'
            '<p class="wc-auth-actions">'
            f'<a href="{escape(granted)}" class="button button-primary wc-auth-approve">Approve</a> '
            f'<a href="{escape(_back(given, success=0))}" class="button wc-auth-deny">Deny</a></p>'
        )

    def _url(self, route: str, given: Mapping[str, str]) -> str:
        """Return another address of the page; both URLs in it have been decoded once more."""
        question = {
            "app_name": _clean(given["app_name"]),
            "user_id": _clean(given["user_id"]),
            "return_url": _formatted(given["return_url"]),
            "callback_url": _formatted(given["callback_url"]),
            "scope": given["scope"],
        }
        return f"{self._shop.store.base}{PREFIX}/{route}/?{urlencode(question, quote_via=quote, safe='')}"


def _validated(sent: Mapping[str, str]) -> dict[str, str]:
    """Return what was sent, if it is whole.

    Raises:
        _DiedError: it is not.
    """
    for name in _PARAMETERS:
        if sent.get(name, "") in ("", "0"):
            raise _DiedError(f"Missing parameter {name}")
    given = {name: sent[name] for name in _PARAMETERS}
    if given["scope"] not in _SCOPES:
        raise _DiedError(f"Invalid scope {_clean(given['scope'])}")
    for name in ("return_url", "callback_url"):
        url = _formatted(given[name])
        if not _is_url(url):
            raise _DiedError(f"The {url} is not a valid URL")
    callback = urlsplit(_formatted(given["callback_url"]))
    if callback.scheme.lower() != "https" and callback.hostname not in _HERE:
        raise _DiedError("The callback_url needs to be over SSL")
    return given


def _formatted(url: str) -> str:
    """Decode a URL that has been decoded already, as WooCommerce does."""
    decoded = unquote_plus(url)
    return decoded if "://" in decoded else f"https://{decoded}"


def _is_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.scheme and parts.hostname) and url.isascii() and " " not in url
    except ValueError:
        return False


def _clean(text: str) -> str:
    return " ".join(_OCTETS.sub("", _TAGS.sub("", text)).split())


def _back(given: Mapping[str, str], *, success: int) -> str:
    """Return where the browser is led to."""
    parts = urlsplit(_formatted(given["return_url"]))
    told = {"success": str(success), "user_id": _clean(given["user_id"])}
    query = [(name, text) for name, text in parse_qsl(parts.query, True) if name not in told]
    return urlunsplit(parts._replace(query=urlencode([*query, *told.items()])))


def _keys(pair: KeyPair, user_id: str, number: int) -> bytes:
    document: dict[str, Any] = {
        "key_id": number,
        "user_id": user_id,
        "consumer_key": pair.key,
        "consumer_secret": pair.secret,
        "key_permissions": pair.permission.value,
    }
    return json.dumps(document).encode()
