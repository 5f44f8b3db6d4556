"""The nouns of core: each declared once, for promotion, difference, doors and documentation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import goods, setup, sorting, trade
from storetwin.resources import RESOURCES

NOUNS: Mapping[str, Noun] = MappingProxyType(
    {
        noun.name: noun
        for noun in (
            sorting.CATEGORIES,
            sorting.TAGS,
            sorting.BRANDS,
            sorting.SHIPPING_CLASSES,
            sorting.ATTRIBUTES,
            sorting.TERMS,
            goods.PRODUCTS,
            goods.VARIATIONS,
            trade.REVIEWS,
            trade.CUSTOMERS,
            trade.COUPONS,
            setup.TAX_RATES,
            trade.ORDERS,
            trade.REFUNDS,
            trade.ORDER_NOTES,
            setup.REFERENCE_RECORDS,
        )
    }
)
"""By name, in an order in which each comes after those that come along with it."""

_BY_RESOURCE = {noun.resource: noun for noun in NOUNS.values() if noun.resource}
_RESOURCES = {resource.name: resource for resource in RESOURCES}
_VOLATILE = "differs between two identical requests, or counts other records"


@cache
def noun_of(resource: str) -> Noun | None:
    """Return what records of a resource become in core; None for a resource that nobody knows."""
    if resource in _BY_RESOURCE:
        return _BY_RESOURCE[resource]
    if resource not in _RESOURCES:
        return None
    return replace(
        setup.REFERENCE_RECORDS,
        resource=resource,
        constants={"kind": resource},
        ignored=dict.fromkeys(_RESOURCES[resource].volatile, _VOLATILE),
    )


__all__ = ["NOUNS", "noun_of"]
