"""What is pulled through one connection: the built-in resources and what a person chose beyond them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from storetwin.connections.options import Endpoint, Options
from storetwin.kernel.errors import ConfigurationError
from storetwin.resources import RESOURCES, Catalogue, Lists, Resource, Secrets

OWN_NAMESPACE = "wc/v3"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PATH = re.compile(r"wc(?:/|-[\w.-]+/)v?\w+(?:/(?:[\w-]+|\{parent\}))+")
_MEMBER = re.compile(r"\w+(?:\.\w+)*")
_WALKED = frozenset({"page", "per_page", "offset", "orderby", "order", "include", "exclude"})
_EXAMPLE = "wc/v3/subscriptions or wc-bookings/v1/bookings"


class EndpointError(ConfigurationError):
    """The description of a plugin's list cannot be used."""

    code = "bad_endpoint"


def catalogue_for(options: Options) -> Catalogue:
    """Return the resources of a connection with these options.

    Raises:
        ConfigurationError: the options do not fit together; says what and what to do.
    """
    resources: tuple[Resource, ...] = RESOURCES
    for endpoint in options.endpoints:
        resources = (*resources, resource_for(endpoint, resources))
    if options.languages:
        resources = tuple(
            replace(r, languages=options.languages) if r.is_translated else r for r in resources
        )
    catalogue = Catalogue(resources)
    chosen = {catalogue.named(name).name for name in options.extra}
    refused = {catalogue.named(name).name for name in options.without}
    left_out = (catalogue.left_out - chosen) | refused
    for resource in resources:
        if resource.parent in left_out and resource.name not in left_out:
            raise ConfigurationError(
                f"{resource.name} are read through {resource.parent}, which are left out.",
                remedy=f"Leave out both: --without {resource.parent} --without {resource.name}",
            )
    return Catalogue(resources, frozenset(left_out))


def catalogue_of_all(options: Iterable[Options]) -> Catalogue:
    """Return every resource that any connection knows, to look one up by its name."""
    found = [Catalogue(), *map(catalogue_for, options)]
    known = {resource.name: resource for one in found for resource in one.resources}
    return Catalogue(tuple(known.values()))


def namespaces_of(catalogue: Catalogue) -> tuple[str, ...]:
    """Return the namespaces besides WooCommerce's own that the resources lie in."""
    paths = [r.path for r in catalogue.resources if r.path.startswith("/")]
    return tuple(dict.fromkeys("/".join(path.split("/")[1:3]) for path in paths))


def resource_for(endpoint: Endpoint, known: Sequence[Resource]) -> Resource:
    """Return the declaration that a plugin's endpoint comes to.

    Args:
        known: resources there are already; an endpoint may be read through one of them.

    Raises:
        EndpointError: it cannot be used; says why.
    """
    _check(endpoint, known)
    below = endpoint.path.removeprefix(f"{OWN_NAMESPACE}/")
    path = below if below != endpoint.path else f"/{endpoint.path}"
    return Resource(
        name=endpoint.name,
        path=path,
        single=f"{path}/{{id}}",
        parent=endpoint.parent,
        key=endpoint.key,
        has_numeric_key=endpoint.is_paged,
        is_paged=endpoint.is_paged,
        can_include=endpoint.can_include and endpoint.is_paged,
        lists=Lists(fixed=(endpoint.params,)),
        secrets=Secrets(members=endpoint.secret) if endpoint.secret else None,
    )


def _check(endpoint: Endpoint, known: Sequence[Resource]) -> None:
    name = endpoint.name
    if not _NAME.fullmatch(name):
        raise EndpointError(
            f"{name!r} cannot be the name of a resource.",
            remedy="Use small letters, digits and underscores, like subscriptions.",
        )
    if any(resource.name == name for resource in known):
        raise EndpointError(
            f"There is a resource {name!r} already.",
            remedy="Give the endpoint another name, or remove the one there is (--no-endpoint).",
        )
    _check_path(endpoint, known)
    if not _MEMBER.fullmatch(endpoint.key) or "." in endpoint.key:
        raise EndpointError(
            f"The key {endpoint.key!r} of {name} is no member of a record.",
            remedy="Name the member that tells records apart, mostly id.",
        )
    if walked := _WALKED.intersection(endpoint.params):
        raise EndpointError(
            f"The params of {name} name {', '.join(sorted(walked))}: these are ours to choose.",
            remedy="Leave them out; params say which records a list shows, like status=any.",
        )
    for member in endpoint.secret:
        if not _MEMBER.fullmatch(member) or member == endpoint.key:
            raise EndpointError(
                f"{member!r} cannot be sealed in {name}.",
                remedy="Give members, dotted, like payment.token; the key itself cannot be secret.",
            )


def _check_path(endpoint: Endpoint, known: Sequence[Resource]) -> None:
    """WooCommerce reads its keys only where the path begins with ``wc/`` or ``wc-`` (its source)."""
    name = endpoint.name
    if not _PATH.fullmatch(endpoint.path):
        raise EndpointError(
            f"The path {endpoint.path!r} of {name} cannot be used: WooCommerce's keys open what lies"
            " below /wp-json/wc/… and /wp-json/wc-…, nothing else.",
            remedy=f"Give namespace, version and route without a slash before, like {_EXAMPLE}.",
        )
    if ("{parent}" in endpoint.path) != (endpoint.parent is not None):
        raise EndpointError(
            f"{name}: a path with {{parent}} needs a parent, and a parent needs such a path.",
            remedy='For example "path": "wc/v3/orders/{parent}/shipments", "parent": "orders".',
        )
    if endpoint.parent is not None and all(r.name != endpoint.parent for r in known):
        raise EndpointError(
            f"{name} are read through {endpoint.parent!r}, and there is no such resource.",
            remedy=f"Choose from: {', '.join(sorted(r.name for r in known))}.",
        )
