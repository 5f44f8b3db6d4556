"""The shop with the verbs that change it."""

from __future__ import annotations

from typing import Any

from storetwin.sandboxes.woocommerce.generate.notes import status_note
from storetwin.sandboxes.woocommerce.model import effects
from storetwin.sandboxes.woocommerce.model.backup import Backup, fresh
from storetwin.sandboxes.woocommerce.model.changes import Changes
from storetwin.sandboxes.woocommerce.model.draft import Draft
from storetwin.sandboxes.woocommerce.model.fields import apply_fields
from storetwin.sandboxes.woocommerce.model.records import DEFAULT_ZONE, Records
from storetwin.sandboxes.woocommerce.model.templates import blank, new_refund
from storetwin.sandboxes.woocommerce.php_json import dumps
from storetwin.sandboxes.woocommerce.site_time import SiteTime

__all__ = ["DEFAULT_ZONE", "Backup", "Changes", "Store"]

_TOLD_WHEN_DELETED = ("customers",)
"""Of all other records the trash is told, and nothing tells that they are deleted for good."""


class Store(Records):
    """A WooCommerce shop in memory. The same seed and number of orders give the same bytes.

    Args:
        seed: where all data comes from.
        orders: how many orders its lists show in all statuses together, trash included. A few
            more exist that no list shows: auto-drafts, and orders of a status that no plugin
            registers any more.
        site_timezone: the IANA name of the zone of the site's clock.
        version: which WooCommerce it is; see :data:`RELEASES`.
        plugins: what it has on top of WooCommerce; see :data:`PLUGINS`.
    """

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
            number = self.new_id(resource)
            draft = Draft(dumps(blank(self, resource, number, owner, fields)).encode())
            now = self.now()
            for name in ("date_created", "date_modified"):
                self.stamp(draft, name, now)
            apply_fields(self, resource, draft, fields)
            table = self.tables[resource]
            status = self.status_in(resource, draft) or table.statuses[0]
            belongs = int(draft["customer_id"]) if resource == "orders" else owner
            table.add(number, status=status, created=now, modified=now, owner=belongs)
            if table.is_spoken and fields.get("lang"):
                table.languages[number] = str(fields["lang"])
            table.put(number, draft.document())
            self.changes.note(resource, number)
            effects.after_create(self, resource, owner)
            self.tell(resource, "created", number)
        return number

    def refundable(self, order: int) -> float:
        """Return how much of an order can still be given back."""
        draft = self.draft("orders", order)
        back = sum(float(entry["total"] or 0) for entry in draft["refunds"])
        return round(float(draft["total"]) + back, 2)

    def refund(self, order: int, amount: str, reason: str = "") -> int:
        """Give money back without naming lines; return the refund's id. It bumps the order.

        An order of which nothing is left becomes ``refunded``.

        Raises:
            KeyError: there is no such order.
        """
        with self.lock:
            number = self.new_id("refunds")
            now = self.now()
            is_full = float(amount) >= self.refundable(order)
            document = dumps(
                new_refund(self, number, order, f"{float(amount):.2f}", reason, is_full=is_full)
            )
            self.tables["refunds"].add(number, created=now, modified=now, owner=order)
            self.tables["refunds"].put(number, document.encode())
            self.changes.note("refunds", number)
            self.filled.refunds_of[order].append(number)
            draft = self.draft("orders", order)
            entry = {"id": number, "reason": reason, "total": f"-{float(amount):.2f}"}
            draft["refunds"] = [*draft["refunds"], entry]
            draft["status"] = "refunded" if is_full else draft["status"]
            self.rewrite("orders", order, draft, bump=True)
            self.tell("orders", "updated", order)
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
            draft = self.draft(resource, number)
            before = draft["status"] if resource == "orders" else None
            apply_fields(self, resource, draft, fields or {})
            self.rewrite(resource, number, draft, bump=True)
            if before is not None and before != draft["status"]:
                note = status_note(before, draft["status"])
                self.create("order_notes", {"note": note}, owner=number)
            effects.after_edit(self, resource, number, fields or {})
            self.tell(resource, "updated", number)

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
            draft = self.draft(resource, number)
            effects.mark_trashed(self, resource, draft)
            self.rewrite(resource, number, draft, bump=True)
            effects.after_trash(self, resource, number)
            self.tell(resource, "deleted", number)

    def restore(self, resource: str, number: int, status: str | None = None) -> None:
        """Take a record out of the trash, as wp-admin does; a PUT of the status is an edit.

        Raises:
            KeyError: there is no such record.
        """
        usual = {"orders": "pending", "reviews": "approved"}.get(resource, "publish")
        with self.lock:
            draft = self.draft(resource, number)
            draft["status"] = status or usual
            self.rewrite(resource, number, draft, bump=True)
            effects.after_edit(self, resource, number, {})
            self.tell(resource, "restored", number)

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
            owner, status = table.owner[at], table.status_of(number)
            self.bury(resource, number)
            effects.after_delete(self, resource, number, owner)
            if resource in _TOLD_WHEN_DELETED:
                self.tell(resource, "deleted", number, status)
            elif resource == "webhooks":
                self.hooks.pop(number, None)

    def register_status(self, slug: str, name: str) -> None:
        """Let a plugin register an order status: lists show its orders, the index names it."""
        with self.lock:
            orders = self.tables["orders"]
            if slug not in orders.statuses:
                orders.statuses = (*orders.statuses, slug)
            if self.tables["order_statuses"].find(slug) is None:
                self.create("order_statuses", {"slug": slug, "name": name})
            orders.membership += 1

    def unregister_status(self, slug: str) -> None:
        """Take the plugin away: its orders are still there, and no list shows them.

        Raises:
            KeyError: there is no such status.
        """
        with self.lock:
            number = self.tables["order_statuses"].find(slug)
            if number is None:
                raise KeyError(slug)
            self.delete("order_statuses", number)
            self.tables["orders"].membership += 1

    # Being another one

    def wipe(self) -> None:
        """Be installed anew at the same address: empty, ids from the start, another store_id."""
        self.restore_backup(fresh(self.take_backup(), self.release, self.plugins))

    def become_another(self, seed: int, orders: int) -> None:
        """Be another store at the same address: other records, another store_id."""
        self.restore_backup(
            Store(seed, orders, self.site.name, self.release.name, self.plugins).take_backup()
        )
