"""The pytest plugin: fixtures for whoever has Storetwin installed. It costs a run a millisecond."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from storetwin.testing.woocommerce import (
    MakeWooCommerceStore,
    WooCommerceStore,
    running_woocommerce_store,
)

MARKER = "woocommerce_store"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{MARKER}(orders=100, seed=1, faults=(), …): what the fixture {MARKER} is made of",
    )


@pytest.fixture
def make_woocommerce_store() -> Iterator[MakeWooCommerceStore]:
    """Start WooCommerce stores: ``make_woocommerce_store(orders=50, faults=["down"])``."""
    with ExitStack() as stack:

        def make(**options: object) -> WooCommerceStore:
            return stack.enter_context(running_woocommerce_store(**options))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def woocommerce_store(
    request: pytest.FixtureRequest, make_woocommerce_store: MakeWooCommerceStore
) -> WooCommerceStore:
    """Give a running WooCommerce store of 100 orders, or as the marker of the same name says."""
    marker = request.node.get_closest_marker(MARKER)
    return make_woocommerce_store(**(marker.kwargs if marker else {}))
