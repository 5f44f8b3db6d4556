"""The model of one shop: every table, and what happened to it since it was made."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.generate.plan import make_plan
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.model.tables import TAX_CLASSES, Tables
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.selection import Selector
from storetwin.sandboxes.woocommerce.site_time import SiteTime, gmt_to_moment

DEFAULT_ZONE = "America/New_York"
_OTHER_POSTS = (("attachment", 1), ("page", 7), ("post", 1))


@dataclass(slots=True)
class Changes:
    """What really changed since the store was made, for tests to compare with.

    Args:
        versions: resource → record id → how often its document became another one. A record
            that was created counts from 1.
        deleted: resource → ids of records deleted for good.
    """

    versions: defaultdict[str, defaultdict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    deleted: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def __getitem__(self, resource: str) -> dict[int, int]:
        return dict(self.versions[resource])

    def note(self, resource: str, number: int) -> None:
        """Count one more version of a record."""
        self.versions[resource][number] += 1


class Store:
    """A WooCommerce shop in memory. The same seed and number of orders give the same bytes.

    Args:
        seed: where all data comes from.
        orders: how many orders its lists show in all statuses together. A few more exist that
            no list shows: auto-drafts and orders of a status that no plugin registers any more.
        site_timezone: the IANA name of the zone of the site's clock.
    """

    def __init__(
        self, seed: int = 1, orders: int = 10_000, site_timezone: str = DEFAULT_ZONE
    ) -> None:
        self.seed = seed
        self.site = SiteTime(site_timezone)
        self.base = "http://127.0.0.1"
        """Scheme and host of the URLs in :meth:`document`; set to its own URL when it is served."""
        self.plan = make_plan(seed, orders)
        self.filled = Tables(self.plan, self.site)
        self.tables: dict[str, Table] = self.filled.all
        self._add_webhooks()
        self.selector = Selector(self.site)
        self.changes = Changes()
        self.lock = threading.RLock()
        self.next_post = self.plan.next_post
        self._volatile = Random(seed)

    def document(self, resource: str, number: int) -> bytes | None:
        """Return the exact bytes of a record as its own route shows it; None when it is gone."""
        with self.lock:
            found = self.tables[resource].document(number)
        return None if found is None else with_base(found, self.base)

    def ids(self, resource: str) -> list[int]:
        """Return the ids of all records that exist, hidden and trashed ones included."""
        with self.lock:
            return list(self.tables[resource])

    def slugs(self) -> list[str]:
        """Return what names tax classes, which have no ids."""
        return [TAX_CLASSES[number - 1][0] for number in self.tables["tax_classes"]]

    def count(self, resource: str) -> int:
        """Return how many records exist."""
        return len(self.tables[resource])

    def counts(self) -> dict[str, int]:
        """Return how many records of each resource exist."""
        with self.lock:
            return {name: len(table) for name, table in sorted(self.tables.items())}

    def set_timezone(self, zone: str) -> None:
        """Change the zone of the site's clock; local dates of all records change with it."""
        with self.lock:
            self.site = self.selector.site = SiteTime(zone)
            self.filled.set_site(self.site)

    def related_ids(self) -> bytes:
        """Return other ``related_ids`` at every call, as a real store does."""
        goods = self.plan.catalogue.products
        chosen = [str(goods[int(self._volatile.random() * len(goods))].id) for _ in range(5)]
        return b'"related_ids":[' + ",".join(chosen).encode() + b"]"

    def post_type_counts(self) -> list[dict[str, str]]:
        """Return what system_status counts: rows of wp_posts, whatever their status.

        Orders and refunds stand there as placeholders, trashed and unlisted ones included.
        """
        count = self.count
        rows = [
            *_OTHER_POSTS,
            ("product", count("products")),
            ("product_variation", count("variations")),
            ("shop_coupon", count("coupons")),
            ("shop_order_placehold", count("orders") + count("refunds")),
        ]
        return [{"type": name, "count": str(number)} for name, number in rows]

    def _add_webhooks(self) -> None:
        table = self.tables["webhooks"] = Table("webhooks", ("active", "paused", "disabled"), str)
        for hook in sorted(fixed_answers()["webhooks"], key=lambda found: int(found["id"])):
            table.add(
                hook["id"],
                status=hook["status"],
                created=gmt_to_moment(hook["date_created_gmt"]),
                modified=gmt_to_moment(hook["date_modified_gmt"]),
            )
            table.changed[hook["id"]] = dumps(hook).encode()
