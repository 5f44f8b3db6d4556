"""The plugins that a sandbox store may have on top of WooCommerce itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

PLUGINS: Mapping[str, str] = {
    "payments": "Gateways of Stripe and PayPal, with keys and passwords in their settings.",
    "courier": "A group of settings with an API key and a password.",
    "statuses": "Registers the order status 'shipped', which some orders have in every store.",
    "subscriptions": "wc/v3/subscriptions, a list like that of orders.",
    "bookings": "wc-bookings/v1/bookings, in a namespace of its own.",
    "polylang": "Translated products and terms: lists show one language, or all with lang=all.",
}
"""Name → what it brings."""
USUAL = ("payments", "courier")
"""What a store has when nobody says otherwise."""


def known_plugins(names: Iterable[str]) -> frozenset[str]:
    """Return the names as a set.

    Raises:
        ValueError: there is no such plugin; the text names those there are.
    """
    found = frozenset(names)
    for name in sorted(found - PLUGINS.keys()):
        raise ValueError(f"There is no plugin {name!r}. There are: {', '.join(PLUGINS)}.")
    return found
