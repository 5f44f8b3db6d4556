"""The model of one shop: every table, what happened to it, and the verbs that change it."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.generate.plan import make_plan
from storetwin.sandboxes.woocommerce.model import effects
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.fields import apply_fields
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.model.tables import OTHER_STATUS, TAX_CLASSES, Tables
from storetwin.sandboxes.woocommerce.model.templates import blank, new_refund
from storetwin.sandboxes.woocommerce.php_json import dumps, with_base
from storetwin.sandboxes.woocommerce.selection import Selector
from storetwin.sandboxes.woocommerce.site_time import SiteTime, gmt_to_moment, real_now

DEFAULT_ZONE = "America/New_York"
POSTS = ("orders", "refunds", "products", "variations", "coupons")
TERMS = ("categories", "tags", "brands", "shipping_classes", "terms")
_OTHER_POSTS = (("attachment", 1), ("page", 7), ("post", 1))
_FIRST_NEW_META = 50_000_000  # generated meta and items lie below
_FIRST_NEW_ITEM = 20_000_000
_RELATED = re.compile(rb'"related_ids":\[\d[^\]]*\]')
_STATUS_MEMBER = {"customers": "role"}


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
        orders: how many orders its lists show in all statuses together, trash included. A few
            more exist that no list shows: auto-drafts, and orders of a status that no plugin
            registers any more.
        site_timezone: the IANA name of the zone of the site's clock.
    """

    def __init__(
        self, seed: int = 1, orders: int = 10_000, site_timezone: str = DEFAULT_ZONE
    ) -> None:
        self.seed = seed
        self.site = SiteTime(site_timezone)
        self.base = "http://127.0.0.1"
        """Scheme and host of the URLs in :meth:`document`; its own URL while it is served."""
        self.now: Callable[[], int] = real_now
        """Live changes bear this time; tests may set another clock."""
        self.plan = make_plan(seed, orders)
        self.filled = Tables(self.plan, self.site)
        self.tables: dict[str, Table] = self.filled.all
        self._add_webhooks()
        self.selector = Selector(self.site)
        self.changes = Changes()
        self.lock = threading.RLock()
        self.next_post = self.plan.next_post
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
            ("shop_order_placehold", self.count("orders") + self.count("refunds")),
        ]
        return [{"type": name, "count": str(number)} for name, number in rows]

    # Changing

    def set_timezone(self, zone: str) -> None:
        """Change the zone of the site's clock; the local dates of all records follow."""
        with self.lock:
            self.site = self.selector.site = SiteTime(zone)
            self.filled.set_site(self.site)
            for table in self.tables.values():
                for number in list(table.changed):
                    effects.relocalise(table, number, self.site)

    def create(self, resource: str, fields: dict[str, Any] | None = None, owner: int = 0) -> int:
        """Create a record and return its id.

        Args:
            resource: what is created.
            fields: members to set, as in the body of a POST.
            owner: the order, product or attribute that it is created below.
        """
        fields = fields or {}
        with self.lock:
            number = self._new_id(resource)
            draft = Draft(dumps(blank(self, resource, number, owner, fields)).encode())
            now = self.now()
            draft.set_moment("date_created", now, self.site) if "date_created" in draft else None
            if "date_modified" in draft:
                draft.set_moment("date_modified", now, self.site)
            apply_fields(self, resource, draft, fields)
            table = self.tables[resource]
            status = self._status_in(resource, draft) or table.statuses[0]
            belongs = int(draft["customer_id"]) if resource == "orders" else owner
            table.add(number, status=status, created=now, modified=now, owner=belongs)
            table.put(number, draft.document())
            self.changes.note(resource, number)
            effects.after_create(self, resource, owner)
        return number

    def refundable(self, order: int) -> float:
        """Return how much of an order can still be given back."""
        draft = self._draft("orders", order)
        back = sum(float(entry["total"] or 0) for entry in draft["refunds"])
        return round(float(draft["total"]) + back, 2)

    def refund(self, order: int, amount: str, reason: str = "") -> int:
        """Give money back without naming lines; return the refund's id. It bumps the order.

        An order of which nothing is left becomes ``refunded``.

        Raises:
            KeyError: there is no such order.
        """
        with self.lock:
            number = self._new_id("refunds")
            now = self.now()
            is_full = float(amount) >= self.refundable(order)
            document = dumps(
                new_refund(self, number, order, f"{float(amount):.2f}", reason, is_full=is_full)
            )
            self.tables["refunds"].add(number, created=now, modified=now, owner=order)
            self.tables["refunds"].put(number, document.encode())
            self.changes.note("refunds", number)
            self.filled.refunds_of[order].append(number)
            draft = self._draft("orders", order)
            entry = {"id": number, "reason": reason, "total": f"-{float(amount):.2f}"}
            draft["refunds"] = [*draft["refunds"], entry]
            draft["status"] = "refunded" if is_full else draft["status"]
            self._store("orders", order, draft, bump=True)
        return number

    def create_order(self, fields: dict[str, Any] | None = None) -> int:
        """Create an order and return its id."""
        return self.create("orders", fields)

    def edit(self, resource: str, number: int, fields: dict[str, Any] | None = None) -> None:
        """Write fields into a record. Every write bumps its modification date, even an empty one.

        Raises:
            KeyError: there is no such record.
        """
        with self.lock:
            draft = self._draft(resource, number)
            apply_fields(self, resource, draft, fields or {})
            self._store(resource, number, draft, bump=True)
            effects.after_edit(self, resource, number, fields or {})

    def edit_order(self, number: int, fields: dict[str, Any] | None = None) -> None:
        """Write fields into an order."""
        self.edit("orders", number, fields)

    def trash(self, resource: str, number: int) -> None:
        """Move a record to the trash.

        Raises:
            KeyError: there is no such record.
            ValueError: the resource has no trash.
        """
        with self.lock:
            if "trash" not in self.tables[resource].statuses:
                raise ValueError(f"{resource} have no trash")
            draft = self._draft(resource, number)
            effects.mark_trashed(self, resource, draft)
            self._store(resource, number, draft, bump=True)
            effects.after_trash(self, resource, number)

    def restore(self, resource: str, number: int, status: str | None = None) -> None:
        """Take a record out of the trash.

        Raises:
            KeyError: there is no such record.
        """
        usual = {"orders": "pending", "reviews": "approved"}.get(resource, "publish")
        with self.lock:
            draft = self._draft(resource, number)
            draft["status"] = status or usual
            self._store(resource, number, draft, bump=True)
            effects.after_edit(self, resource, number, {})

    def delete(self, resource: str, number: int) -> None:
        """Delete a record for good; nothing in the store tells of it afterwards.

        Raises:
            KeyError: there is no such record.
        """
        with self.lock:
            table = self.tables[resource]
            at = table.position(number)
            if at is None:
                raise KeyError(f"{resource} {number}")
            owner = table.owner[at]
            table.remove(number)
            self.changes.deleted[resource].add(number)
            effects.after_delete(self, resource, number, owner)

    def rewrite(self, resource: str, number: int, draft: Draft, *, bump: bool) -> None:
        """Keep a changed record, as a consequence of a change elsewhere."""
        self._store(resource, number, draft, bump=bump)

    def new_meta_ids(self, given: Any) -> int:
        """Return the first of as many new meta ids as entries were given."""
        first = self._next_meta
        self._next_meta += len(given) if isinstance(given, list) else 1
        return first

    def new_item_id(self) -> int:
        """Return a new id for a line of an order."""
        self._next_item += 1
        return self._next_item

    def _draft(self, resource: str, number: int) -> Draft:
        document = self.tables[resource].document(number)
        if document is None:
            raise KeyError(f"{resource} {number}")
        return Draft(document)

    def _store(self, resource: str, number: int, draft: Draft, *, bump: bool) -> None:
        table = self.tables[resource]
        at = table.position(number)
        assert at is not None, f"{resource} {number} is gone"
        before = table.document(number)
        if bump:
            now = self.now()
            table.modified[at] = now
            if "date_modified" in draft:
                draft.set_moment("date_modified", now, self.site)
        status = self._status_in(resource, draft)
        if status is not None and status != table.statuses[table.status[at]]:
            table.set_status(at, status)
        if resource == "orders":
            table.owner[at] = int(draft["customer_id"])
        document = draft.document()
        table.put(number, document)
        if document != before:
            self.changes.note(resource, number)

    def _status_in(self, resource: str, draft: Draft) -> str | None:
        member = _STATUS_MEMBER.get(resource, "status")
        known = self.tables[resource].statuses
        status = draft.get(member)
        if resource == "coupons" and status not in known:
            return OTHER_STATUS
        return status if status in known else None

    def _new_id(self, resource: str) -> int:
        if resource in POSTS:
            self.next_post += 1
            return self.next_post - 1
        related = TERMS if resource in TERMS else (resource,)
        return 1 + max(self.tables[name].ids[-1] for name in related if len(self.tables[name].ids))

    def _add_webhooks(self) -> None:
        table = self.tables["webhooks"] = Table("webhooks", ("active", "paused", "disabled"), str)
        recorded = {int(hook["id"]): hook for hook in fixed_answers()["webhooks"]}
        for _, hook in sorted(recorded.items()):
            table.add(
                hook["id"],
                status=hook["status"],
                created=gmt_to_moment(hook["date_created_gmt"]),
                modified=gmt_to_moment(hook["date_modified_gmt"]),
            )
            table.changed[hook["id"]] = dumps(hook).encode()
