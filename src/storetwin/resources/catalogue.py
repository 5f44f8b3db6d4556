"""Every resource, in the order in which it is pulled: containers before what they contain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storetwin.kernel.errors import UnknownNameError
from storetwin.resources import products, sales, setup
from storetwin.resources.declaration import Resource, RouteArguments

RESOURCES: tuple[Resource, ...] = (
    setup.TAX_CLASSES,
    setup.TAXES,
    setup.ZONES,
    setup.ZONE_LOCATIONS,
    setup.ZONE_METHODS,
    setup.PAYMENT_GATEWAYS,
    setup.SETTING_GROUPS,
    setup.SETTINGS,
    setup.WEBHOOKS,
    setup.SYSTEM_STATUS,
    setup.COUNTRIES,
    setup.CURRENCIES,
    setup.CONTINENTS,
    products.SHIPPING_CLASSES,
    products.CATEGORIES,
    products.TAGS,
    products.BRANDS,
    products.ATTRIBUTES,
    products.TERMS,
    products.PRODUCTS,
    products.VARIATIONS,
    products.REVIEWS,
    sales.CUSTOMERS,
    sales.COUPONS,
    sales.ORDER_STATUSES,
    sales.ORDERS,
    sales.REFUNDS,
    sales.ORDER_NOTES,
)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The resources of one connection.

    Args:
        resources: all that are known, in pull order.
        left_out: names of those that a person left out, or that wait to be chosen.
    """

    resources: tuple[Resource, ...] = RESOURCES
    left_out: frozenset[str] = frozenset(r.name for r in RESOURCES if r.is_extra)

    def named(self, name: str) -> Resource:
        """Return the resource called ``name``, pulled or not.

        Raises:
            UnknownNameError: there is none; names those that exist.
        """
        wanted = name.replace("-", "_")
        for resource in self.resources:
            if resource.name == wanted:
                return resource
        raise UnknownNameError(
            f"There is no resource {name!r}.",
            remedy=f"Choose from: {', '.join(sorted(r.name for r in self.resources))}.",
        )

    def fitted(self, routes: RouteArguments) -> Catalogue:
        """Return the catalogue as it holds on a store with these routes."""
        return Catalogue(tuple(r.fitted(routes) for r in self.resources), self.left_out)

    def ordered(self, names: Iterable[str]) -> tuple[Resource, ...]:
        """Return the named resources in pull order, with the containers they are listed in.

        No names means all that are not left out.

        Raises:
            UnknownNameError: a name is unknown, or left out; says how it is chosen.
        """
        wanted = {self.named(name).name for name in names}
        if not wanted:
            return tuple(r for r in self.resources if r.name not in self.left_out)
        for name in sorted(wanted & self.left_out):
            raise UnknownNameError(
                f"{name} is not pulled through this connection.",
                remedy=f"Choose it: storetwin connection set NAME --extra {name}",
            )
        while missing := {p for n in wanted if (p := self.named(n).parent)} - wanted:
            wanted |= missing
        return tuple(resource for resource in self.resources if resource.name in wanted)


BUILT_IN = Catalogue()


def named(name: str) -> Resource:
    """Return the built-in resource called ``name``.

    Raises:
        UnknownNameError: there is none; names those that exist.
    """
    return BUILT_IN.named(name)


def ordered(names: Iterable[str]) -> tuple[Resource, ...]:
    """Return the named built-in resources in pull order; see :meth:`Catalogue.ordered`."""
    return BUILT_IN.ordered(names)
