"""What the routes of each release take: methods, arguments, and what an argument may be.

A list that lacks a parameter ignores it silently: that is one of the traps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from storetwin.sandboxes.woocommerce.fixed import recorded_routes, route_index
from storetwin.sandboxes.woocommerce.generate.plugins import SUBSCRIPTION_STATUSES
from storetwin.sandboxes.woocommerce.versions import Release

Specs = dict[str, dict[str, Any]]
_Routes = dict[str, list[tuple[list[str], dict[str, int]]]]
_CORE = ("pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed",
         "checkout-draft")  # fmt: skip
_RECORDED = {
    "/wc/v3/orders": "orders",
    "/wc/v3/refunds": "refunds",
    "/wc/v3/orders/(?P<order_id>[\\d]+)/refunds": "refunds",
    "/wc/v3/products": "products",
    "/wc/v3/variations": "variations",
    "/wc/v3/products/(?P<product_id>[\\d]+)/variations": "variations",
    "/wc/v3/customers": "customers",
    "/wc/v3/coupons": "coupons",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a route: its methods and the arguments they take."""

    methods: tuple[str, ...]
    arguments: Specs


@dataclass(frozen=True, slots=True)
class RouteIndex:
    """The routes of one release, by WordPress's pattern."""

    routes: Mapping[str, tuple[Endpoint, ...]]
    _of: dict[tuple[str, str], Specs] = field(default_factory=dict)

    def __contains__(self, pattern: str) -> bool:
        return pattern in self.routes

    def methods(self, pattern: str) -> tuple[str, ...]:
        """Return the methods of a route, in order."""
        found = [name for endpoint in self.routes[pattern] for name in endpoint.methods]
        return tuple(dict.fromkeys(found))

    def arguments(self, pattern: str, verb: str) -> Specs:
        """Return the declared parameters of a route for a method; empty where it takes none."""
        key = pattern, verb
        if key not in self._of:
            found = (e.arguments for e in self.routes[pattern] if verb in e.methods)
            self._of[key] = next(found, {})
        return self._of[key]


@cache
def index_of(release: Release, plugins: frozenset[str] = frozenset()) -> RouteIndex:
    """Return the routes of a release, and of plugins."""
    if plugins:
        known = dict(index_of(release).routes)
        for plugin in sorted(plugins & _MORE.keys()):
            known |= _MORE[plugin](known)
        return RouteIndex(known)
    return _bare_index(release)


def _bare_index(release: Release) -> RouteIndex:
    known = route_index()
    routes: _Routes = {
        pattern: [(methods, dict(arguments)) for methods, arguments in endpoints]
        for pattern, endpoints in known["routes"].items()
    }
    for number, lacks in known["older"].items():
        if not Release(number, number).has(release.number):
            break
        _age(routes, lacks)
    specs = known["specs"]
    return RouteIndex(
        {
            pattern: tuple(
                Endpoint(
                    tuple(methods),
                    _described(arguments, specs, _recorded_arguments(pattern, methods)),
                )
                for methods, arguments in endpoints
            )
            for pattern, endpoints in routes.items()
        }
    )


def _age(routes: _Routes, lacks: Any) -> None:
    """Take out of the routes what an older release did not have."""
    for pattern in lacks["gone"]:
        del routes[pattern]
    for pattern, by_methods in lacks["without"].items():
        routes[pattern] = [
            (methods, _lessened(arguments, by_methods.get(",".join(methods), ())))
            for methods, arguments in routes[pattern]
            if by_methods.get(",".join(methods), ()) is not None
        ]
    for pattern, by_methods in lacks["changed"].items():
        for methods, arguments in routes[pattern]:
            changed = by_methods.get(",".join(methods), {})
            arguments.update({name: spec for name, spec in changed.items() if name in arguments})


def _lessened(arguments: dict[str, int], lost: Iterable[str]) -> dict[str, int]:
    return {name: spec for name, spec in arguments.items() if name not in lost}


def _recorded_arguments(pattern: str, methods: list[str]) -> Specs:
    """Return the arguments of an endpoint with their texts, where OPTIONS was recorded."""
    resource = _RECORDED.get(pattern)
    if resource is None:
        return {}
    endpoints = recorded_routes()[resource]["endpoints"]
    found = (each["args"] or {} for each in endpoints if each["methods"] == methods)
    return next(found, {})


def _without_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _without_texts(item)
        for name, item in value.items()
        if not (name == "description" and isinstance(item, str))
    }


def _described(arguments: Mapping[str, int], specs: list[dict[str, Any]], told: Specs) -> Specs:
    """Return what arguments may be, with the recorded texts where it is the same."""
    return {
        name: told[name] if _without_texts(told.get(name)) == specs[which] else specs[which]
        for name, which in arguments.items()
    }


def _subscription_routes(known: _Known) -> _Known:
    """Return the routes of subscriptions: those of orders with other statuses."""
    found: dict[str, tuple[Endpoint, ...]] = {}
    for ending in ("", "/(?P<id>[\\d]+)", "/batch"):
        found[f"/wc/v3/subscriptions{ending}"] = tuple(
            Endpoint(each.methods, _subscription_arguments(each.arguments))
            for each in known[f"/wc/v3/orders{ending}"]
        )
    return found


def _subscription_arguments(arguments: Specs) -> Specs:
    spec = arguments.get("status")
    if spec is None:
        return arguments
    if "items" in spec:
        names = ["any", "trash", *SUBSCRIPTION_STATUSES[:-1]]
        spec = {**spec, "items": {**spec["items"], "enum": names}}
    else:
        spec = {**spec, "enum": list(SUBSCRIPTION_STATUSES[:-1])}
    return {**arguments, "status": spec}


def _booking_routes(known: _Known) -> _Known:
    """Return the routes of bookings, in a namespace of their own."""
    pages = known["/wc/v3/products"][0].arguments
    names = ("context", "page", "per_page", "search", "after", "before", "exclude", "include",
             "offset", "order", "orderby")  # fmt: skip
    arguments = {name: pages[name] for name in names}
    number: Specs = {"id": {"type": "integer", "required": False}}
    here = "/wc-bookings/v1/bookings"
    return {
        here: (Endpoint(("GET",), arguments), Endpoint(("POST",), {})),
        f"{here}/(?P<id>[\\d]+)": (
            Endpoint(("GET",), number), Endpoint(_EDIT, number), Endpoint(("DELETE",), number),
        ),
    }  # fmt: skip


def _spoken_routes(known: _Known) -> _Known:
    """Return the lists of what has a language, with the argument that chooses it."""
    lang: Specs = {"lang": {"type": "string", "required": False}}
    return {
        pattern: tuple(
            Endpoint(each.methods, {**each.arguments, **lang}) if "GET" in each.methods else each
            for each in endpoints
        )
        for pattern, endpoints in known.items()
        if _SPOKEN.fullmatch(pattern)
    }


_Known = Mapping[str, tuple[Endpoint, ...]]
_EDIT = ("POST", "PUT", "PATCH")
_SPOKEN = re.compile(
    r"/wc/v3/(?:products|variations|products/(?:categories|tags|brands|shipping_classes)"
    r"|products/\(\?P<product_id>\[\\d\]\+\)/variations"
    r"|products/attributes/\(\?P<attribute_id>\[\\d\]\+\)/terms)"
)
_MORE: Mapping[str, Callable[[_Known], _Known]] = {
    "subscriptions": _subscription_routes,
    "bookings": _booking_routes,
    "polylang": _spoken_routes,
}


def with_statuses(specs: Specs, statuses: Iterable[str]) -> Specs:
    """Return an order route's arguments with the statuses that this store has registered."""
    spec = specs.get("status")
    if spec is None or "pending" not in _enum_of(spec):
        return specs
    if "items" in spec:
        inner = {**spec["items"], "enum": _registered(spec["items"]["enum"], statuses)}
        return {**specs, "status": {**spec, "items": inner}}
    return {**specs, "status": {**spec, "enum": _registered(spec["enum"], statuses)}}


def _enum_of(spec: dict[str, Any]) -> list[str]:
    found: list[str] = spec.get("items", spec).get("enum", [])
    return found


def _registered(enum: Iterable[str], statuses: Iterable[str]) -> list[str]:
    return [*(name for name in enum if name not in _CORE), *statuses]
