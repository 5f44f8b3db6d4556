"""What a shop holds, and how a record is kept: the ground that its verbs stand on."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from copy import deepcopy
from random import Random
from typing import Any

from storetwin.sandboxes.woocommerce.generate.plan import make_plan
from storetwin.sandboxes.woocommerce.model.backup import Backup, Columns, store_id_of
from storetwin.sandboxes.woocommerce.model.changes import Changes
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.hooks import Hook, topic_of
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.model.tables import OTHER_STATUS, TAX_CLASSES, Tables
from storetwin.sandboxes.woocommerce.php_json import with_base
from storetwin.sandboxes.woocommerce.plugins import USUAL, known_plugins
from storetwin.sandboxes.woocommerce.selection import Selector
from storetwin.sandboxes.woocommerce.site_time import SiteTime, real_now
from storetwin.sandboxes.woocommerce.versions import NEWEST, release_of

DEFAULT_ZONE = "America/New_York"
POSTS = ("orders", "refunds", "products", "variations", "coupons", "subscriptions", "bookings")
COMMENTS = ("reviews", "order_notes")
TERMS = ("categories", "tags", "brands", "shipping_classes", "terms")
_OTHER_POSTS = (("attachment", 1), ("page", 7), ("post", 1))
_FIRST_NEW_META = 50_000_000  # generated meta and items lie below
_FIRST_NEW_ITEM = 20_000_000
_RELATED = re.compile(rb'"related_ids":\[\d[^\]]*\]')
_STATUS_MEMBER = {"customers": "role"}


class Records:
    """What a shop holds; :class:`~storetwin.sandboxes.woocommerce.model.store.Store` changes it.

    Args:
        seed: where all data comes from.
        orders: how many orders its lists show in all statuses together, trash included. A few
            more exist that no list shows: auto-drafts, and orders of a status that no plugin
            registers any more.
        site_timezone: the IANA name of the zone of the site's clock.
        version: which WooCommerce it is; see :data:`RELEASES`.
        plugins: what it has on top of WooCommerce; see :data:`PLUGINS`.

    Raises:
        ValueError: the sandbox does not play that version, or there is no such plugin.
    """

    def __init__(
        self,
        seed: int = 1,
        orders: int = 10_000,
        site_timezone: str = DEFAULT_ZONE,
        version: str = NEWEST,
        plugins: Iterable[str] = USUAL,
    ) -> None:
        self.plugins = known_plugins(plugins)
        self.release = release_of(version)
        self.seed = seed
        self.site = SiteTime(site_timezone)
        self.base = "http://127.0.0.1"
        """Scheme and host of the URLs in :meth:`document`; its own URL while it is served."""
        self.now: Callable[[], int] = real_now
        """Live changes bear this time; tests may set another clock."""
        self.plan = make_plan(seed, orders)
        self.filled = Tables(self.plan, self.site, self.release, self.plugins)
        self.tables: dict[str, Table] = self.filled.all
        self.store_id: str | None = store_id_of(seed, orders)
        """WooCommerce's UUID of the installation; a copy of the database keeps it.
        None: it tells none."""
        self.home_url: str | None = None
        """What the store takes for its address; None follows the host of each request."""
        self.selector = Selector(self.site)
        self.changes = Changes()
        self.lock = threading.RLock()
        self.hooks: dict[int, Hook] = {}
        """What is hidden of the webhooks that send something; generated ones send nothing."""
        self.listener: Callable[[str, int], None] | None = None
        """Is told topic and record of what webhooks hear of, under the lock; see :meth:`tell`."""
        self.due: set[int] = set()
        """Moments at which a sale begins or has ended; see the module ``sales``."""
        self.next_post = self.filled.next_post
        self._next_meta = _FIRST_NEW_META
        self._next_item = _FIRST_NEW_ITEM
        self._volatile = Random(seed)

    # Reading

    def document(self, resource: str, number: int) -> bytes | None:
        """Return the exact bytes of a record as its list shows it; None when it is gone.

        Refunds bear their ``parent_id``; products their seeded ``related_ids`` (over the wire
        those differ at every request).
        """
        with self.lock:
            found = self.tables[resource].document(number)
        return None if found is None else with_base(found, self.base)

    def ids(self, resource: str) -> list[int]:
        """Return the ids of all records that exist, hidden and trashed ones included."""
        with self.lock:
            return list(self.tables[resource])

    def status_of(self, resource: str, number: int) -> str | None:
        """Return a record's status (a customer's role); None when it is gone."""
        return self.tables[resource].status_of(number)

    def slugs(self) -> list[str]:
        """Return what names tax classes, which have no ids."""
        with self.lock:
            return [self.slug(number) for number in self.tables["tax_classes"]]

    def slug(self, number: int) -> str:
        """Return the slug of a tax class."""
        if number <= len(TAX_CLASSES):
            return TAX_CLASSES[number - 1][0]
        return str(Draft(self.tables["tax_classes"].document(number) or b"{}")["slug"])

    def count(self, resource: str) -> int:
        """Return how many records exist, hidden and trashed ones included."""
        return len(self.tables[resource])

    def counts(self) -> dict[str, int]:
        """Return how many records of each resource exist."""
        with self.lock:
            return {name: len(table) for name, table in sorted(self.tables.items())}

    def with_related(self, product: bytes) -> bytes:
        """Return a product with other ``related_ids`` at every call, as a real store does."""
        goods = self.plan.catalogue.products
        chosen = [str(goods[int(self._volatile.random() * len(goods))].id) for _ in range(5)]
        return _RELATED.sub(b'"related_ids":[' + ",".join(chosen).encode() + b"]", product)

    def post_type_counts(self) -> list[dict[str, str]]:
        """Return what system_status counts: rows of wp_posts, whatever their status.

        Orders and refunds stand there as placeholders, trashed and unlisted ones included.
        """
        rows = [
            *_OTHER_POSTS,
            ("product", self.count("products")),
            ("product_variation", self.count("variations")),
            ("shop_coupon", self.count("coupons")),
            *self._order_posts(),
        ]
        return [{"type": name, "count": str(number)} for name, number in rows]

    def _order_posts(self) -> list[tuple[str, int]]:
        orders, refunds = self.count("orders"), self.count("refunds")
        if self.release.keeps_orders_as_posts:
            return [("shop_order", orders), ("shop_order_refund", refunds)]
        return [("shop_order_placehold", orders + refunds)]

    def registered_statuses(self) -> list[str]:
        """Return the slugs of the order statuses that WooCommerce or a plugin has registered."""
        table = self.tables["order_statuses"]
        return [str(Draft(table.document(number) or b"{}")["slug"]) for number in table]

    # Keeping

    def new_meta_ids(self, given: Any) -> int:
        """Return the first of as many new meta ids as entries were given."""
        first = self._next_meta
        self._next_meta += len(given) if isinstance(given, list) else 1
        return first

    def new_item_id(self) -> int:
        """Return a new id for a line of an order."""
        self._next_item += 1
        return self._next_item

    @property
    def next_ids(self) -> tuple[int, int, int]:
        """The next free ids of posts, of meta, and the last one of lines."""
        return self.next_post, self._next_meta, self._next_item

    def take_backup(self) -> Backup:
        """Return a copy of everything, to be put back later, into this store or another."""
        with self.lock:
            return Backup(
                self.seed, self.plan, self.site.name, self.store_id,
                {name: Columns.of(table) for name, table in self.tables.items()},
                {order: list(found) for order, found in self.filled.refunds_of.items()},
                frozenset(self.filled.orders_writer.gone), self.next_ids, deepcopy(self.changes),
                deepcopy(self.hooks),
            )  # fmt: skip

    def restore_backup(self, backup: Backup) -> None:
        """Go back to an earlier state. What came since is forgotten, and its ids are used again.

        Hidden and unloadable records, which are faults, the address and the clock stay.
        """
        with self.lock:
            filled = Tables(backup.plan, SiteTime(backup.zone), self.release, self.plugins)
            filled.refunds_of.clear()
            filled.refunds_of.update({n: list(found) for n, found in backup.refunds_of.items()})
            filled.orders_writer.gone = set(backup.gone)
            for name, table in filled.all.items():
                backup.tables[name].fill(table)
                old = self.tables[name]
                table.hidden, table.unloadable = old.hidden, old.unloadable
            self.seed, self.plan, self.store_id = backup.seed, backup.plan, backup.store_id
            self.site, self.filled, self.tables = filled.site, filled, filled.all
            self.selector = Selector(self.site)
            self.next_post, self._next_meta, self._next_item = backup.next_ids
            self.changes = deepcopy(backup.changes)
            self.hooks = deepcopy(backup.hooks)
            self.due = {0}  # look at every sale again

    def tell(self, resource: str, event: str, number: int, status: str | None = None) -> None:
        """Let webhooks know of a change.

        Args:
            resource: the table.
            event: ``created``, ``updated``, ``deleted`` or ``restored``.
            number: the record.
            status: what it was, for a record that is gone.
        """
        if not self.hooks or self.listener is None:
            return
        topic = topic_of(resource, event, status or self.status_of(resource, number))
        if topic is not None:
            self.listener(topic, number)

    def draft(self, resource: str, number: int) -> Draft:
        """Return a record for changing.

        Raises:
            KeyError: there is no such record.
        """
        document = self.tables[resource].document(number)
        if document is None:
            raise KeyError(f"{resource} {number}")
        return Draft(document)

    def rewrite(self, resource: str, number: int, draft: Draft, *, bump: bool) -> None:
        """Keep a changed record; ``bump`` moves its modification date."""
        table = self.tables[resource]
        at = table.position(number)
        assert at is not None, f"{resource} {number} is gone"
        before = table.document(number)
        if bump:
            now = self.now()
            table.modified[at] = now
            self.stamp(draft, "date_modified", now)
        status = self.status_in(resource, draft)
        if status is not None and status != table.statuses[table.status[at]]:
            table.set_status(at, status)
        if resource == "orders":
            table.owner[at] = int(draft["customer_id"])
        document = draft.document()
        table.put(number, document)
        if document != before:
            self.changes.note(resource, number, before, is_dated=bump)

    def bury(self, resource: str, number: int) -> None:
        """Delete a record for good, and nothing that hangs on it."""
        before = None if self.changes.since is None else self.tables[resource].document(number)
        self.tables[resource].remove(number)
        self.changes.bury(resource, number, before)

    def mark(self, *, everything: bool = False) -> int:
        """Tell the ledger that a reader reads now; see :meth:`Changes.mark`.

        Returns:
            How many records it finds new, changed or gone since the last reading.
        """
        with self.lock:
            return self.changes.mark(
                lambda resource, number: self.tables[resource].document(number),
                everything=everything,
            )

    def status_in(self, resource: str, draft: Draft) -> str | None:
        """Return the status that a changed record has in its table; None keeps the old one."""
        member = _STATUS_MEMBER.get(resource, "status")
        known = self.tables[resource].statuses
        status = draft.get(member)
        if resource == "coupons" and status not in known:
            return OTHER_STATUS
        return status if status in known else None

    def stamp(self, draft: Draft, name: str, moment: int) -> None:
        """Set a date of a record if it has it; bookings have seconds since 1970."""
        if f"{name}_gmt" in draft:
            draft.set_moment(name, moment, self.site)
        elif name in draft and isinstance(draft[name], int):
            draft[name] = moment

    def new_id(self, resource: str) -> int:
        """Return the id of a record to be created."""
        if resource in POSTS:
            self.next_post += 1
            return self.next_post - 1
        related = next((kin for kin in (TERMS, COMMENTS) if resource in kin), (resource,))
        last = [self.tables[name].ids[-1] for name in related if len(self.tables[name].ids)]
        return 1 + max(last, default=1)
