"""The routes of the API: patterns, methods, and who answers them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from storetwin.sandboxes.woocommerce.fixed import fixed_answers, recorded_routes
from storetwin.sandboxes.woocommerce.lists import ListRules
from storetwin.sandboxes.woocommerce.representation import Shape
from storetwin.sandboxes.woocommerce.route_arguments import (
    CONTEXT,
    CREATE_ARGUMENTS,
    LIST_ARGUMENTS,
    SINGLE_ARGUMENTS,
    Specs,
    update_arguments,
)

READ, EDIT, ERASE = ("GET",), ("POST", "PUT", "PATCH"), ("DELETE",)
_LIST_AND_CREATE = ("GET", "POST")
_ALL = (*READ, *EDIT, *ERASE)
_ORDER_LINKS = (("status", ["any"]), ("dp", 2), ("context", "view"))


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Args:
        path: below ``/wc/v3/`` with ``{name}`` for its parameters.
        kind: what it does: list, single, batch, whole (a list without paging), fixed …
        resource: the table behind it; empty for fixed answers.
        methods: what it takes.
        rules: for lists.
        specs: the name of its arguments in LIST_ARGUMENTS.
    """

    path: str
    kind: str
    resource: str = ""
    methods: tuple[str, ...] = READ
    rules: ListRules | None = None
    specs: str = ""

    @property
    def allow(self) -> str:
        """The value of the Allow header."""
        return ", ".join(self.methods)

    @property
    def pattern(self) -> str:
        """The route as WordPress names it: ``/wc/v3/orders/(?P<id>[\\d]+)``."""
        text = re.sub(r"\{(slug|code)\}", r"(?P<\1>[\\w\\s\\-]+)", self.path)
        return "/wc/v3/" + re.sub(r"\{(\w+)\}", r"(?P<\1>[\\d]+)", text)

    def arguments(self, verb: str) -> Specs:
        """Return the declared parameters for a method."""
        if verb == "GET":
            if self.kind == "single":
                return SINGLE_ARGUMENTS.get(self.resource, CONTEXT)
            return LIST_ARGUMENTS.get(self.specs, {})
        if verb == "DELETE" or self.kind == "batch":
            return {}
        if self.kind == "list":
            return CREATE_ARGUMENTS.get(self.resource, {})
        return update_arguments(self.resource)


def _listed(
    path: str, resource: str, *, methods: tuple[str, ...] = _LIST_AND_CREATE, specs: str = "",
    shape: Shape = Shape.OWN, links: tuple[tuple[str, Any], ...] = (),
) -> Route:  # fmt: skip
    rules = ListRules(resource, shape, links)
    return Route(path, "list", resource, methods, rules, specs or resource)


def _family(path: str, resource: str, *, specs: str = "", links: Any = ()) -> tuple[Route, ...]:
    """Return list, single and batch routes of a resource."""
    return (
        _listed(path, resource, specs=specs, links=links),
        Route(path + "/batch", "batch", resource, EDIT),
        Route(path + "/{id}", "single", resource, _ALL),
    )


def _whole(path: str, resource: str, methods: tuple[str, ...] = _LIST_AND_CREATE) -> Route:
    return Route(path, "whole", resource, methods, ListRules(resource), resource)


ROUTES: tuple[Route, ...] = (
    Route("orders/statuses", "fixed"),
    *_family("orders", "orders", links=_ORDER_LINKS),
    _listed(
        "orders/{order}/refunds", "refunds", specs="order_refunds", shape=Shape.ORDER_REFUND,
        links=(("dp", 2),),
    ),
    Route("orders/{order}/refunds/{id}", "single", "refunds", (*READ, *ERASE)),
    Route("orders/{order}/notes", "notes", "notes", _LIST_AND_CREATE),
    _listed("refunds", "refunds", methods=READ, links=(("dp", 2),)),
    *_family("products/categories", "categories"),
    *_family("products/tags", "tags"),
    *_family("products/brands", "brands"),
    *_family("products/shipping_classes", "shipping_classes"),
    *_family("products/reviews", "reviews"),
    _whole("products/attributes", "attributes"),
    Route("products/attributes/batch", "batch", "attributes", EDIT),
    Route("products/attributes/{id}", "single", "attributes", _ALL),
    *_family("products/attributes/{attribute}/terms", "terms"),
    _listed("products/custom-fields/names", "custom_field_names", methods=READ),
    *_family("products", "products"),
    *_family("products/{product}/variations", "variations", specs="product_variations"),
    _listed("variations", "variations", methods=READ, shape=Shape.TOP_LEVEL_VARIATION),
    *_family("customers", "customers"),
    *_family("coupons", "coupons"),
    _whole("taxes/classes", "tax_classes"),
    Route("taxes/classes/{slug}", "single", "tax_classes", ERASE),
    *_family("taxes", "taxes"),
    *_family("webhooks", "webhooks"),
    Route("system_status", "system_status"),
    Route("reports/orders/totals", "order_totals"),
    Route("shipping/zones/{id}", "zone", "", _ALL),
    Route("shipping/zones/{id}/locations", "zone_locations", "", (*READ, *EDIT)),
    Route("shipping/zones/{id}/methods", "zone_methods", "", _LIST_AND_CREATE),
    Route("shipping/zones/{id}/methods/{instance_id}", "zone_method", "", _ALL),
)  # fmt: skip

_COMPILED = tuple((re.compile(route.pattern), route) for route in ROUTES)


@cache
def _fixed_route(path: str) -> Route | None:
    found = fixed_answers()["answers"].get(path)
    return None if found is None else Route(path, "fixed", "", tuple(found["allow"].split(", ")))


def find_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path below ``/wp-json`` (``/wc/v3/orders/7``) and its parameters."""
    below = path.removeprefix("/wc/v3/")
    fixed = _fixed_route(below) if below != "system_status" else None
    if fixed is not None:
        return fixed, {}
    for pattern, route in _COMPILED:
        found = pattern.fullmatch(path)
        if found is not None:
            return route, found.groupdict()
    return None


def described(route: Route, base: str) -> dict[str, Any]:
    """Return what OPTIONS says of a route: methods and arguments, and the schema if known."""
    endpoints = []
    if "GET" in route.methods:
        endpoints.append({"methods": ["GET"], "args": route.arguments("GET") or []})
    edits = [method for method in route.methods if method in EDIT]
    if edits:
        endpoints.append({"methods": edits, "args": route.arguments(edits[-1]) or []})
    if "DELETE" in route.methods:
        endpoints.append({"methods": ["DELETE"], "args": _FORCE})
    found: dict[str, Any] = {
        "namespace": "wc/v3",
        "methods": list(route.methods),
        "endpoints": endpoints,
    }
    if route.kind == "list" and route.resource in recorded_routes():
        found["schema"] = recorded_routes()[route.resource]["schema"]
    if "{" not in route.path:
        found["_links"] = {"self": [{"href": f"{base}/wp-json/wc/v3/{route.path}"}]}
    return found


_FORCE = {
    "force": {
        "type": "boolean", "default": False, "required": False,
        "description": "Whether to bypass trash and force deletion.",
    }
}  # fmt: skip


def namespace_index(base: str) -> dict[str, Any]:
    """Return ``/wp-json/wc/v3``: every route with its arguments, public without a key."""
    routes: dict[str, Any] = {}
    paths = [path for path in fixed_answers()["answers"] if not re.search(r"\d|[A-Z]", path)]
    known = [*ROUTES, *(Route(path, "fixed") for path in paths)]
    for route in sorted(known, key=lambda found: found.path):
        told = described(route, base)
        told.pop("schema", None)
        routes[route.pattern] = told
    return {
        "namespace": "wc/v3",
        "routes": routes,
        "_links": {"up": [{"href": f"{base}/wp-json/"}]},
    }
