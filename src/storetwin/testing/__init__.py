"""Everything that ships for tests: of your own client, and of stores that look like WooCommerce.

With pytest, the fixtures ``woocommerce_store`` and ``make_woocommerce_store`` are there as soon as
Storetwin is installed. Without it, ``running_woocommerce_store`` gives the same store:

    from storetwin.testing import running_woocommerce_store

    with running_woocommerce_store(orders=50) as store:
        print(store.url, store.key, store.secret)

No database and no hub are involved. docs/howto/test-your-own-client.md shows it step by step;
:mod:`storetwin.testing.conformance` compares a store with recorded answers of a real one.
"""

from storetwin.testing.woocommerce import (
    MakeWooCommerceStore,
    WooCommerceStore,
    running_woocommerce_store,
)

__all__ = ["MakeWooCommerceStore", "WooCommerceStore", "running_woocommerce_store"]
