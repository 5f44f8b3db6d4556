"""The routes of the API: patterns, methods, and who answers them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from storetwin.sandboxes.woocommerce.fixed import recorded_routes
from storetwin.sandboxes.woocommerce.lists import ListRules
from storetwin.sandboxes.woocommerce.model.store import Store
from storetwin.sandboxes.woocommerce.representation import Shape
from storetwin.sandboxes.woocommerce.route_index import RouteIndex, Specs, index_of
from storetwin.sandboxes.woocommerce.versions import Release

_NAMESPACE = "/wc/v3"
_EDIT = ("POST", "PUT", "PATCH")
_ORDER_LINKS = (("status", ["any"]), ("dp", 2), ("context", "view"))
_PATTERNS = {
    "": r"[\d]+", "word": r"[\w-]+", "slug": r"\w[\w\s\-]*", "code": r"[\w-]{3}",
}  # fmt: skip
_PARAMETER = re.compile(r"\{(\w+):?(\w*)\}")
# What single records obey though their route does not declare it (measured).
_VIEW: Specs = {
    "include_meta": {"default": [], "type": "array", "items": {"type": "string"}},
    "exclude_meta": {"default": [], "type": "array", "items": {"type": "string"}},
}
_MONEY_VIEW: Specs = {**_VIEW, "dp": {"default": 2, "type": "integer"}}
_SINGLE_VIEW: dict[str, Specs] = {
    **dict.fromkeys(("products", "variations", "customers", "coupons"), _VIEW),
    **dict.fromkeys(("orders", "refunds"), _MONEY_VIEW),
}


@dataclass(frozen=True, slots=True)
class Route:
    """One route of one release.

    Args:
        path: below ``/wc/v3/``; ``{name}`` is a number, ``{name:word}`` a word.
        kind: what it does: list, single, batch, whole (a list without paging), keyed (a record
            named by a word), fixed, unmodelled …
        resource: the table behind it; empty for fixed answers.
        rules: for lists.
        index: what its arguments are in this release, with these plugins.
        pattern: as WordPress names it; follows from the path.
    """

    path: str
    kind: str
    resource: str = ""
    rules: ListRules | None = None
    index: RouteIndex = field(default_factory=lambda: RouteIndex({}))
    pattern: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """What it takes."""
        return self.index.methods(self.pattern)

    @property
    def namespace(self) -> str:
        """Its namespace, with a leading slash: ``/wc/v3``."""
        return "/".join(self.pattern.split("/")[:3])

    @property
    def allow(self) -> str:
        """The value of the Allow header."""
        return ", ".join(self.methods)

    def arguments(self, verb: str) -> Specs:
        """Return the parameters that are checked for a method, but those of the URL."""
        if self.kind == "batch" or verb == "DELETE":
            return {}
        declared = self.index.arguments(self.pattern, verb)
        more = _SINGLE_VIEW.get(self.resource, {}) if (verb, self.kind) == ("GET", "single") else {}
        named = [found[1] for found in _PARAMETER.finditer(self.path)]
        return {name: s for name, s in {**declared, **more}.items() if name not in named}


def _pattern(path: str) -> str:
    def written(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{_PATTERNS[found[2]]})"

    below = _PARAMETER.sub(written, path)
    return below if path.startswith("/") else f"{_NAMESPACE}/{below}"


def _route(path: str, kind: str, resource: str = "", rules: ListRules | None = None) -> Route:
    return Route(path, kind, resource, rules, pattern=_pattern(path))


def _listed(
    path: str, resource: str, *, shape: Shape = Shape.OWN, links: tuple[tuple[str, Any], ...] = ()
) -> Route:
    return _route(path, "list", resource, ListRules(resource, shape, links))


def _family(path: str, resource: str, *, links: Any = ()) -> tuple[Route, ...]:
    """Return list, single and batch routes of a resource."""
    return (
        _listed(path, resource, links=links),
        _route(path + "/batch", "batch", resource),
        _route(path + "/{id}", "single", resource),
    )


def _whole(path: str, resource: str) -> Route:
    return _route(path, "whole", resource, ListRules(resource))


ROUTES: tuple[Route, ...] = (
    _route("orders/statuses", "order_statuses"),
    *_family("orders", "orders", links=_ORDER_LINKS),
    _listed("orders/{order_id}/refunds", "refunds", shape=Shape.ORDER_REFUND, links=(("dp", 2),)),
    _route("orders/{order_id}/refunds/{id}", "single", "refunds"),
    _whole("orders/{order_id}/notes", "order_notes"),
    _route("orders/{order_id}/notes/{id}", "single", "order_notes"),
    _listed("refunds", "refunds", links=(("dp", 2),)),
    *_family("products/categories", "categories"),
    *_family("products/tags", "tags"),
    *_family("products/brands", "brands"),
    *_family("products/shipping_classes", "shipping_classes"),
    *_family("products/reviews", "reviews"),
    _whole("products/attributes", "attributes"),
    _route("products/attributes/batch", "batch", "attributes"),
    _route("products/attributes/{id}", "single", "attributes"),
    *_family("products/attributes/{attribute_id}/terms", "terms"),
    _listed("products/custom-fields/names", "custom_field_names"),
    *_family("products", "products"),
    *_family("products/{product_id}/variations", "variations"),
    _listed("variations", "variations", shape=Shape.TOP_LEVEL_VARIATION),
    *_family("customers", "customers"),
    *_family("coupons", "coupons"),
    _whole("taxes/classes", "tax_classes"),
    _route("taxes/classes/{slug:slug}", "keyed", "tax_classes"),
    *_family("taxes", "taxes"),
    *_family("webhooks", "webhooks"),
    _route("system_status", "system_status"),
    _route("system_status/tools", "fixed"),
    _route("reports", "fixed"),
    _route("reports/sales", "fixed"),
    _route("reports/orders/totals", "order_totals"),
    _whole("shipping/zones", "zones"),
    _route("shipping/zones/{id}", "single", "zones"),
    _whole("shipping/zones/{id}/locations", "zone_locations"),
    _whole("shipping/zones/{zone_id}/methods", "zone_methods"),
    _route("shipping/zones/{zone_id}/methods/{instance_id}", "single", "zone_methods"),
    _whole("shipping_methods", "shipping_methods"),
    _route("shipping_methods/{id:word}", "keyed", "shipping_methods"),
    _whole("payment_gateways", "payment_gateways"),
    _route("payment_gateways/{id:word}", "keyed", "payment_gateways"),
    _whole("settings", "setting_groups"),
    _whole("settings/{group_id:word}", "settings"),
    _route("settings/{group_id:word}/{id:word}", "keyed", "settings"),
    _route("data", "fixed"),
    _whole("data/countries", "countries"),
    _route("data/countries/{location:word}", "keyed", "countries"),
    _whole("data/currencies", "currencies"),
    _route("data/currencies/current", "current_currency"),
    _route("data/currencies/{currency:code}", "keyed", "currencies"),
    _whole("data/continents", "continents"),
    *_family("subscriptions", "subscriptions", links=_ORDER_LINKS),
    _listed("/wc-bookings/v1/bookings", "bookings"),
    _route("/wc-bookings/v1/bookings/{id}", "single", "bookings"),
    _route("data/continents/{location:word}", "keyed", "continents"),
)  # fmt: skip


@cache
def routes_of(
    release: Release, plugins: frozenset[str] = frozenset()
) -> tuple[tuple[re.Pattern[str], Route], ...]:
    """Return the routes that a release has, each with its pattern, in the order of the search."""
    index = index_of(release, plugins)
    known = [replace(route, index=index) for route in ROUTES if route.pattern in index]
    patterns = {route.pattern for route in known}
    known += [
        Route(pattern.removeprefix(f"{_NAMESPACE}/"), "unmodelled", index=index, pattern=pattern)
        for pattern in index.routes
        if pattern not in patterns
    ]
    return tuple((re.compile(route.pattern), route) for route in known)


def find_route(store: Store, path: str, verb: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path below ``/wp-json`` (``/wc/v3/orders/7``) and its parameters.

    The first that takes the method, or else the first that has the path.
    """
    first: tuple[Route, dict[str, str]] | None = None
    for pattern, route in routes_of(store.release, store.plugins):
        found = pattern.fullmatch(path)
        if found is not None:
            if verb in route.methods:
                return route, found.groupdict()
            first = first or (route, found.groupdict())
    return first


def described(route: Route, base: str) -> dict[str, Any]:
    """Return what OPTIONS says of a route: methods and arguments, and the schema if known."""
    endpoints = route.index.routes[route.pattern]
    found: dict[str, Any] = {
        "namespace": route.namespace.strip("/"),
        "methods": list(route.methods),
        "endpoints": [
            {"methods": list(endpoint.methods), "args": endpoint.arguments or []}
            for endpoint in endpoints
        ],
    }
    if route.kind == "list" and route.resource in recorded_routes():
        found["schema"] = recorded_routes()[route.resource]["schema"]
    if "(?P<" not in route.pattern:
        found["_links"] = {"self": [{"href": f"{base}/wp-json{route.pattern}"}]}
    return found


def _own_route(base: str, namespace: str) -> dict[str, Any]:
    arguments = {
        "namespace": {"default": namespace.strip("/"), "required": False},
        "context": {"default": "view", "required": False},
    }
    return {
        "namespace": namespace.strip("/"),
        "methods": ["GET"],
        "endpoints": [{"methods": ["GET"], "args": arguments}],
        "_links": {"self": [{"href": f"{base}/wp-json{namespace}"}]},
    }


def namespace_index(base: str, store: Store, namespace: str = _NAMESPACE) -> dict[str, Any]:
    """Return ``/wp-json/wc/v3``: every route with its arguments, public without a key."""
    routes: dict[str, Any] = {namespace: _own_route(base, namespace)}
    known = [route for _, route in routes_of(store.release, store.plugins)]
    for route in sorted(known, key=lambda each: each.pattern):
        if route.namespace == namespace:
            told = described(route, base)
            told.pop("schema", None)
            routes[route.pattern] = told
    return {
        "namespace": namespace.strip("/"),
        "routes": routes,
        "_links": {"up": [{"href": f"{base}/wp-json/"}]},
    }
