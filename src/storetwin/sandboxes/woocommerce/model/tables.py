"""The tables of a fresh store, filled from its plan."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable

from storetwin.sandboxes.woocommerce.fixed import fixed_answers
from storetwin.sandboxes.woocommerce.generate import notes, small, terms
from storetwin.sandboxes.woocommerce.generate.dice import dice
from storetwin.sandboxes.woocommerce.generate.orders import (
    OrderFacts,
    OrderWriter,
    RefundFacts,
)
from storetwin.sandboxes.woocommerce.generate.plan import NOW, ORDER_STATUSES, START, Plan
from storetwin.sandboxes.woocommerce.generate.products import ProductWriter
from storetwin.sandboxes.woocommerce.generate.taxes import TAX_RATES
from storetwin.sandboxes.woocommerce.model.plugin_tables import (
    bookings_table,
    speak,
    subscriptions_table,
)
from storetwin.sandboxes.woocommerce.model.setup_tables import setup_tables
from storetwin.sandboxes.woocommerce.model.table import Table
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.site_time import NEVER, SiteTime, gmt_to_moment
from storetwin.sandboxes.woocommerce.versions import Release, aging

POST_STATUSES = ("publish", "draft", "pending", "private", "trash", "auto-draft", "future")
OTHER_STATUS = "(other)"
"""What a coupon has after a batch wrote a status that does not exist: no list shows it."""
TAX_CLASSES = (
    ("standard", "Standard rate"),
    ("digital", "Digital"),
    ("reduced-rate", "Reduced rate"),
    ("zero-rate", "Zero rate"),
)

FRESH: dict[str, tuple[int, ...]] = {"categories": (15,), "tax_classes": (1, 3, 4), "zones": (0,)}
"""What of its kind a new WooCommerce has; the whole setup but shipping it has as well."""

_CHECKOUT_DRAFT = bytes([ORDER_STATUSES.index("checkout-draft")])
_PENDING = bytes([ORDER_STATUSES.index("pending")])
_MOULDED = ("products", "variations", "customers", "coupons", "taxes", "reviews", "attributes",
            "webhooks", "tax_classes", "subscriptions", "bookings")  # fmt: skip


class Tables:
    """Fills one table for each resource.

    Args:
        plan: what the store starts with.
        site: its clock.
        release: whose records these are.
        plugins: what the store has on top of WooCommerce.
    """

    def __init__(
        self, plan: Plan, site: SiteTime, release: Release, plugins: frozenset[str]
    ) -> None:
        self.plan = plan
        self.site = site
        self.release = release
        self.orders_writer = OrderWriter(plan, site)
        self.products_writer = ProductWriter(plan.seed, plan.catalogue, site, self.shows_variation)
        self.refunds_of: defaultdict[int, list[int]] = defaultdict(list)
        self.all: dict[str, Table] = {}
        self._fill_posts()
        self._fill_terms()
        self._fill_people()
        self._fill_notes()
        self._fill_webhooks()
        self.all |= setup_tables(plan.seed, release, plugins)
        self.next_post = self._add_plugins(plugins)
        """The first free id of a post."""
        self.moulds = {
            name: (table.document(table.ids[0]) or b"{}", table.owner[0])
            for name, table in self.all.items()
            if name in _MOULDED
        }
        """A generated record of each resource and its owner, for the shape of new ones."""

    def _add_plugins(self, plugins: frozenset[str]) -> int:
        number = self.plan.next_post
        if "subscriptions" in plugins:
            table = subscriptions_table(self.plan, number, lambda: self.site)
            self.all["subscriptions"] = table
            number += len(table)
        if "bookings" in plugins:
            self.all["bookings"] = bookings_table(self.plan, number)
            number += len(self.all["bookings"])
        return speak(self.all, number) if "polylang" in plugins else number

    def set_site(self, site: SiteTime) -> None:
        """Exchange the clock that dates are written with."""
        self.site = self.orders_writer.site = self.products_writer.site = site
        for table in self.all.values():
            table.forget_all()

    def shows_variation(self, number: int) -> bool:
        """Say whether a product lists this variation: trashed and deleted ones it does not."""
        status = self.all["variations"].status_of(number) if "variations" in self.all else None
        return status is not None and status != "trash"

    def _table(self, name: str, statuses: tuple[str, ...], write: Callable[[int], str]) -> Table:
        return Table(name, statuses, write, age=aging(self.release, name))

    def _fill_posts(self) -> None:
        plan = self.plan
        products = self.all["products"] = self._table(
            "products", POST_STATUSES, self._write_product
        )
        for item in plan.catalogue.products:
            products.add(item.id, status=item.status, created=item.created, modified=item.modified)
        variations = self.all["variations"] = self._table(
            "variations", POST_STATUSES, self._write_variation
        )
        for option in plan.catalogue.variations:
            variations.add(
                option.id, status=option.status, created=option.created,
                modified=option.modified, owner=option.parent.id,
            )  # fmt: skip
        self._fill_coupons()
        self._fill_orders()

    def _fill_orders(self) -> None:
        columns, given_back = self.plan.orders, self.plan.refunds
        orders = self._table("orders", ORDER_STATUSES, self._write_order)
        orders.ids, orders.status = array("q", columns.ids), bytearray(columns.status)
        orders.created, orders.modified = array("q", columns.created), array("q", columns.modified)
        orders.owner = array("q", columns.customer)
        if not self.release.has_checkout_drafts:
            orders.status = orders.status.replace(_CHECKOUT_DRAFT, _PENDING)
        self.all["orders"] = orders
        refunds = self._table("refunds", ("completed",), self._write_refund)
        refunds.ids, refunds.owner = array("q", given_back.ids), array("q", given_back.order)
        refunds.created = array("q", given_back.created)
        refunds.modified = array("q", given_back.created)
        refunds.status = bytearray(len(given_back.ids))
        self.all["refunds"] = refunds
        self._nth_refund: dict[int, int] = {}
        for number, order in zip(given_back.ids, given_back.order, strict=True):
            self._nth_refund[number] = len(self.refunds_of[order])
            self.refunds_of[order].append(number)

    def _fill_coupons(self) -> None:
        coupons = self.all["coupons"] = Table(
            "coupons", (*POST_STATUSES, OTHER_STATUS), self._write_coupon
        )
        count = len(self.plan.coupon_ids)
        for at, number in enumerate(self.plan.coupon_ids):
            moment = START + (NOW - START) * at // max(1, count)
            trashed = at >= count - max(1, count // 25)
            coupons.add(
                number, status="trash" if trashed else "publish", created=moment, modified=moment
            )

    def _fill_terms(self) -> None:
        for name, path, items in (
            ("categories", "products/categories", terms.CATEGORIES),
            ("brands", "products/brands", terms.BRANDS),
        ):
            self._fixed(name, {t.id: small.category(t, path) for t in items})
        for name, path, items in (
            ("tags", "products/tags", terms.TAGS),
            ("shipping_classes", "products/shipping_classes", terms.SHIPPING_CLASSES),
        ):
            self._fixed(name, {t.id: small.tag(t, path) for t in items})
        self._fixed("attributes", {a.id: small.attribute(a) for a in terms.ATTRIBUTES})
        of_attribute = terms.attribute_terms()
        owners = {t.id: owner for owner, found in of_attribute.items() for t in found}
        documents = {
            t.id: small.attribute_term(t, owner)
            for owner, found in of_attribute.items()
            for t in found
        }
        self._fixed("terms", documents, owners)
        self._fixed("taxes", {rate.id: small.tax(rate) for rate in TAX_RATES})
        classes = enumerate(TAX_CLASSES, start=1)
        self._fixed("tax_classes", {at: small.tax_class(*named) for at, named in classes})
        self.all["tax_classes"].key = "slug"

    def _fixed(
        self, name: str, documents: dict[int, small.Document], owners: dict[int, int] | None = None
    ) -> None:
        table = self.all[name] = self._table(name, ("publish",), _unwritten)
        for number in sorted(documents):
            table.add(number, owner=(owners or {}).get(number, 0))
            table.put(number, dumps(documents[number]).encode())

    def _fill_people(self) -> None:
        plan = self.plan
        reviews = self.all["reviews"] = self._table(
            "reviews", small.REVIEW_STATUSES, self._write_review
        )
        for at in range(plan.sizes.reviews):
            draw = dice(plan.seed, "review", at).random
            status = small.REVIEW_STATUSES[max(0, int(draw() * 20) - 16)]
            product = plan.catalogue.products[int(draw() * len(plan.catalogue.products))]
            moment = START + int(draw() * (NOW - START))
            reviews.add(2 + at * 2, status=status, created=moment, owner=product.id)
        customers = self.all["customers"] = self._table(
            "customers", small.ROLES, self._write_customer
        )
        number = 1
        for at in range(plan.sizes.customers):
            draw = dice(plan.seed, "customer", -1 - at).random
            number += 1 if draw() > 0.004 else 2
            role = small.ROLES[1 + int(draw() * 3)] if draw() < 0.02 else "customer"
            created = START + int(draw() * (NOW - START))
            modified = NEVER if draw() < 0.02 else min(NOW - 1, created + int(draw() * 10**7))
            customers.add(number, status=role, created=created, modified=modified)

    def _fill_notes(self) -> None:
        reviews = self.all["reviews"].ids
        columns = notes.lay_notes(self.plan, 1 + (reviews[-1] if reviews else 0))
        table = self.all["order_notes"] = Table("order_notes", ("publish",), self._write_note)
        table.ids, table.owner, table.created = columns.ids, columns.order, columns.created
        table.modified = array("q", columns.created)
        table.status = bytearray(len(columns.ids))
        self._nth_note = columns.nth
        self._first_note = columns.ids[0] if columns.ids else 0

    def _write_note(self, at: int) -> str:
        table, orders = self.all["order_notes"], self.plan.orders
        number, order = table.ids[at], table.owner[at]
        status = ORDER_STATUSES[orders.status[bisect_left(orders.ids, order)]]
        text = notes.note_text(order, status, self._nth_note[number - self._first_note])
        return notes.note(number, order, table.created[at], text, self.site)

    def _fill_webhooks(self) -> None:
        table = self.all["webhooks"] = Table(
            "webhooks", ("active", "paused", "disabled"), _unwritten
        )
        recorded = {int(hook["id"]): hook for hook in fixed_answers()["webhooks"]}
        for _, hook in sorted(recorded.items()):
            table.add(
                hook["id"],
                status=hook["status"],
                created=gmt_to_moment(hook["date_created_gmt"]),
                modified=gmt_to_moment(hook["date_modified_gmt"]),
            )
            table.changed[hook["id"]] = dumps(hook).encode()

    def _write_order(self, at: int) -> str:
        orders = self.all["orders"]
        number = orders.ids[at]
        return self.orders_writer.order(
            OrderFacts(
                number, at, ORDER_STATUSES[orders.status[at]], orders.created[at],
                orders.modified[at], orders.owner[at], self.refunds_of.get(number, []),
            )
        )  # fmt: skip

    def _write_refund(self, at: int) -> str:
        refunds, orders = self.all["refunds"], self.plan.orders
        number, order = refunds.ids[at], refunds.owner[at]
        place = self.all["orders"].position(order)
        assert place is not None, f"the order {order} of refund {number} is gone"
        assert orders.ids[place] == order
        nth = self._nth_refund[number]
        return self.orders_writer.refund(
            RefundFacts(number, order, place, nth, refunds.created[at])
        )

    def _write_product(self, at: int) -> str:
        products = self.all["products"]
        status = POST_STATUSES[products.status[at]]
        item = self.plan.catalogue.products[at]
        return self.products_writer.product(item, status, products.modified[at])

    def _write_variation(self, at: int) -> str:
        variations = self.all["variations"]
        status = POST_STATUSES[variations.status[at]]
        option = self.plan.catalogue.variations[at]
        return self.products_writer.variation(option, status, variations.modified[at])

    def _dated(self, table: Table, at: int) -> small.Dated:
        return small.Dated(
            table.ids[at],
            at,
            table.statuses[table.status[at]],
            table.created[at],
            table.modified[at],
        )

    def _write_coupon(self, at: int) -> str:
        row = self._dated(self.all["coupons"], at)
        goods = [product.id for product in self.plan.catalogue.products[:3]]
        return dumps(small.coupon(self.plan.seed, row, self.site, goods))

    def _write_review(self, at: int) -> str:
        reviews = self.all["reviews"]
        place = self.all["products"].ids.index(reviews.owner[at])
        product = self.plan.catalogue.products[place]
        return dumps(small.review(self.plan.seed, self._dated(reviews, at), self.site, product))

    def _write_customer(self, at: int) -> str:
        row = self._dated(self.all["customers"], at)
        return dumps(small.customer(self.plan.seed, row, self.site))


def _unwritten(at: int) -> str:
    raise AssertionError(f"a fixed record at {at} has no document")
