"""From a request to its answer, in the order in which WordPress and WooCommerce decide."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from storetwin.sandboxes.woocommerce.answers import Answer, RestError, error_answer
from storetwin.sandboxes.woocommerce.arguments import checked
from storetwin.sandboxes.woocommerce.auth import Gate, KeyPair, check_permission
from storetwin.sandboxes.woocommerce.faults import Board
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.reads import Call, no_route, read
from storetwin.sandboxes.woocommerce.request import Request
from storetwin.sandboxes.woocommerce.route_index import with_statuses
from storetwin.sandboxes.woocommerce.routes import Route, described, find_route, namespace_index
from storetwin.sandboxes.woocommerce.writing import write

NAMESPACES = (
    "oembed/1.0", "wc/store", "wc/store/v1", "wc-admin", "wc-analytics", "wc/v1", "wc/v2", "wc/v3",
    "wp/v2", "wp-site-health/v1", "wp-block-editor/v1",
)  # fmt: skip
_BOOKINGS = "/wc-bookings/v1"
_INDEXED = ("/wc/v3", _BOOKINGS)
_OLDER = re.compile(r"^/wc/v2/")
_LIST_REFUSED = "Sorry, you cannot list resources."
_REFUSED = {
    ("GET", "list"): ("cannot_view", _LIST_REFUSED),
    ("GET", "single"): ("cannot_view", "Sorry, you cannot view this resource."),
    ("POST", "list"): ("cannot_create", "Sorry, you are not allowed to create resources."),
    ("POST", "whole"): ("cannot_create", "Sorry, you are not allowed to create resources."),
    ("POST", "batch"): (
        "cannot_batch",
        "Sorry, you are not allowed to batch manipulate this resource.",
    ),
    ("POST", "single"): ("cannot_edit", "Sorry, you are not allowed to edit this resource."),
    ("DELETE", "single"): ("cannot_delete", "Sorry, you are not allowed to delete this resource."),
}


class Dispatcher:
    """Answers REST requests for one store.

    Args:
        store: the shop.
        faults: what is broken on purpose.
        gate: who may ask.
    """

    def __init__(self, store: Store, faults: Board, gate: Gate) -> None:
        self.store = store
        self.faults = faults
        self.gate = gate

    def answer(self, request: Request, route: str) -> Answer:
        """Return the answer to a request for a REST route (``/wc/v3/orders``)."""
        pair: KeyPair | None = None
        try:
            pair = self.gate.identify(request)
            if pair is not None:
                check_permission(pair, request.verb)
            found = self._answer(request, route, pair)
        except RestError as error:
            found = error_answer(error, "")
        found.caching = found.caching and pair is not None
        found.vary = pair is None and request.method == "GET"
        return _enveloped(found) if "_envelope" in request.query else found

    def _answer(self, request: Request, route: str, pair: KeyPair | None) -> Answer:
        namespaces = self.faults.namespaces(self._namespaces())
        if route == "/":
            return Answer(200, dumps(_site_index(self.store, request.base, namespaces)).encode())
        if route in _INDEXED and route.strip("/") in namespaces:
            return Answer(200, self._index(request.base, route))
        if route.startswith("/wp/v2"):
            raise RestError("rest_not_logged_in", "You are not currently logged in.", 401)
        if route == "/wc/v1/orders" and pair is not None:
            return Answer(200, b"[]", total=0, pages=0)  # v1 does not know HPOS
        route = _OLDER.sub("/wc/v3/", route)
        known = find_route(self.store, route, request.verb) if "wc/v3" in namespaces else None
        verb = request.verb
        if known is None or verb not in (*known[0].methods, "OPTIONS"):
            raise no_route()
        chosen, parameters = known
        if verb == "OPTIONS":
            body = dumps(self._described(chosen, request.base)).encode()
            return Answer(200, body, allow=chosen.allow if pair else "")
        try:
            answer = self._matched(request, chosen, parameters, pair)
        except RestError as error:
            return error_answer(error, chosen.allow if pair else "")
        return answer

    def _matched(
        self, request: Request, route: Route, parameters: dict[str, str], pair: KeyPair | None
    ) -> Answer:
        """Check the parameters first, then the key: a stranger's bad parameter is a 400."""
        verb = request.verb
        given = {**request.query, **_body_of(request)}
        specs = route.arguments(verb)
        if route.resource == "orders":
            specs = with_statuses(specs, self.store.registered_statuses())
        arguments = checked(specs, given)
        if pair is None:
            raise _refused(route, verb)
        call = Call(self.store, self.faults, request, route, parameters, given, arguments)
        answer = read(call) if verb == "GET" else write(call)
        if not answer.is_bare and not answer.is_fatal:
            answer.allow = answer.allow or route.allow
        return answer

    def _namespaces(self) -> tuple[str, ...]:
        more = (_BOOKINGS.strip("/"),) if "bookings" in self.store.plugins else ()
        return (*NAMESPACES, *more)

    def _described(self, route: Route, base: str) -> dict[str, Any]:
        told = described(route, base)
        return self._with_statuses(told) if route.resource == "orders" else told

    def _index(self, base: str, namespace: str) -> bytes:
        """Return the index of the namespace, with the order statuses of this store."""
        told = namespace_index(base, self.store, namespace)
        for pattern, route in told["routes"].items():
            if pattern.startswith("/wc/v3/orders"):
                told["routes"][pattern] = self._with_statuses(route)
        return dumps(told).encode()

    def _with_statuses(self, told: dict[str, Any]) -> dict[str, Any]:
        """Return a description of a route with the order statuses of this store."""
        statuses = self.store.registered_statuses()
        endpoints = [
            {**each, "args": with_statuses(each["args"], statuses) if each["args"] else []}
            for each in told["endpoints"]
        ]
        return {**told, "endpoints": endpoints}


def _refused(route: Route, verb: str) -> RestError:
    verb = "POST" if verb in ("PUT", "PATCH") else verb
    code, message = _REFUSED.get((verb, route.kind), ("cannot_view", _LIST_REFUSED))
    return RestError(f"woocommerce_rest_{code}", message, 401, shows_allow=False)


def _body_of(request: Request) -> dict[str, Any]:
    """Return the members of a JSON body.

    Raises:
        RestError: 400, it is not JSON.
    """
    if not request.body or request.method in ("GET", "HEAD"):
        return {}
    try:
        found = json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _no_json(10, "Single unpaired UTF-16 surrogate in unicode escape") from None
    except ValueError:
        raise _no_json(4, "Syntax error") from None
    return found if isinstance(found, dict) else {}


def _no_constant(name: str) -> None:
    """Refuse NaN and Infinity, which PHP does not read; 1e999 it takes for INF."""
    raise ValueError(name)


def _no_json(number: int, text: str) -> RestError:
    told = {"status": 400, "json_error_code": number, "json_error_message": text}
    message = "Invalid JSON body passed."
    return RestError("rest_invalid_json", message, 400, shows_allow=False, data=told)


def _site_index(store: Store, base: str, namespaces: tuple[str, ...]) -> dict[str, Any]:
    """Return ``/wp-json/``: what the site says of itself."""
    return {
        "name": "Sandbox store", "description": "", "url": store.home_url or base,
        "home": store.home_url or base,
        "gmt_offset": str(store.site.offset(store.plan.orders.created[-1]) // 3600),
        "timezone_string": store.site.name, "page_for_posts": 0, "page_on_front": 0,
        "show_on_front": "posts", "namespaces": list(namespaces), "authentication": [],
        "routes": {f"/{name}": {"namespace": name, "methods": ["GET"]} for name in namespaces},
        "site_logo": 0, "site_icon": 0, "site_icon_url": "",
        "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
    }  # fmt: skip


def _enveloped(answer: Answer) -> Answer:
    """Return the answer wrapped in one of status 200, as ``_envelope`` asks."""
    headers: dict[str, Any] = {}
    if answer.total is not None:
        headers = {"X-WP-Total": answer.total, "X-WP-TotalPages": answer.pages}
    head = dumps({"status": answer.status, "headers": headers or []})
    body = b'{"body":' + answer.body + b"," + head[1:].encode()
    return replace(answer, status=200, body=body)
