"""Whose an order is that names no customer of its store: whoever has its e-mail, with an account or without.

Somebody without an account is a guest, known by the e-mail of his orders; his name and addresses are
those of the latest. He is made with his first order, becomes a customer with an account as soon as a
store has one with his e-mail, and goes with his last order. None of it depends on what came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.core.changed import read_edits
from storetwin.core.differences import between
from storetwin.core.models import Action, Cause
from storetwin.core.records import Cells, Stand, read_stands
from storetwin.core.statements import EXTRA, Q, tables_of
from storetwin.core.storing import Change, Writes, write_changes, write_records
from storetwin.core.targets import GUEST, Target
from storetwin.db.database import Row, Transaction
from storetwin.kernel.ids import new_id
from storetwin.mapping.nouns import NOUNS
from storetwin.resources.personal import NO_EMAIL

CUSTOMERS, ORDERS = NOUNS["customers"], NOUNS["orders"]
_ADDRESSES, _OF_ORDER = "customer_addresses", "order_addresses"


@dataclass(frozen=True, slots=True)
class Guests:
    """The guests of an organisation, in a transaction that holds its core."""

    tx: Transaction
    cause: Cause
    now: datetime

    async def assign(self, orders: Iterable[UUID]) -> set[UUID]:
        """Give some orders that name no customer to whom they belong; return everybody it touches."""
        ids = list(orders)
        rows = await self.tx.fetch_all(Q.orders_by_id, {"ids": ids}) if ids else []
        return await self._assign(rows)

    async def reassign(self, emails: Iterable[str]) -> set[UUID]:
        """Give all orders with some e-mails to whom they belong now; return everybody it touches."""
        asked = sorted(set(emails))
        rows = await self.tx.fetch_all(Q.orders_by_email, {"emails": asked}) if asked else []
        return await self._assign(rows)

    async def refresh(self, customers: Iterable[UUID]) -> None:
        """Say anew who those are among some customers who are guests; who has no order goes."""
        ids = sorted(set(customers))
        rows = await self.tx.fetch_all(Q.latest_orders_of_guests, {"ids": ids}) if ids else []
        await self._drop([row["customer_id"] for row in rows if row["order_id"] is None])
        latest = {row["customer_id"]: row["order_id"] for row in rows if row["order_id"]}
        if not latest:
            return
        tables = tables_of(CUSTOMERS)
        stands = await read_stands(self.tx, tables, list(latest))
        edits, _ = await read_edits(self.tx, CUSTOMERS, latest)
        writes = Writes()
        for core_id, stand in (await self._stands(latest)).items():
            stand.row |= edits.get(core_id, {})
            found = between(tables, stands[core_id], stand)
            if found.fields:
                writes.changed.append((Target(stand), found))
                writes.changes.append(Change(core_id, Action.UPDATED, found.fields))
        await self._write(writes)

    async def _assign(self, orders: Iterable[Row]) -> set[UUID]:
        orders = list(orders)
        for row in orders:
            if row["email_lower"] == NO_EMAIL:  # somebody who was erased; nobody has it
                row["email_lower"] = None
        emails = sorted({row["email_lower"] for row in orders if row["email_lower"]})
        found = await self.tx.fetch_all(Q.owners_of_emails, {"emails": emails}) if emails else []
        owners = {row["email_lower"]: row["id"] for row in found}
        lacking = [row for row in orders if row["email_lower"] and row["email_lower"] not in owners]
        owners |= await self._make([row["id"] for row in lacking])
        moved = {
            row["id"]: owners.get(row["email_lower"])
            for row in orders
            if row["customer_id"] != owners.get(row["email_lower"])
        }
        if moved:
            values = {"ids": list(moved), "customers": list(moved.values())}
            await self.tx.execute(Q.assign_orders, values)
        touched = {row["customer_id"] for row in orders} | set(owners.values())
        return touched - {None}

    async def _make(self, orders: list[UUID]) -> dict[str, UUID]:
        """Make a guest for each e-mail of some orders; return them by e-mail."""
        if not orders:
            return {}
        rows = await self.tx.fetch_all(Q.latest_orders, {"ids": orders})
        made = {row["email_lower"]: new_id(self.now) for row in rows}
        latest = {made[row["email_lower"]]: row["id"] for row in rows}
        writes = Writes()
        for core_id, stand in (await self._stands(latest)).items():
            writes.created.append(Target(stand))
            writes.changes.append(Change(core_id, Action.CREATED, None))
        await self._write(writes)
        return made

    async def _stands(self, latest: Mapping[UUID, UUID]) -> dict[UUID, Stand]:
        """Return how guests stand, by the latest order of each."""
        orders = {order_id: core_id for core_id, order_id in latest.items()}
        ids = {"ids": list(orders)}
        found = {}
        for row in await self.tx.fetch_all(Q.emails_of_orders, ids):
            core_id = orders[row["id"]]
            cells: Cells = dict.fromkeys(tables_of(CUSTOMERS).row.columns)
            found[core_id] = Stand(core_id, cells | {"email": row["email"], GUEST: True, EXTRA: {}})
        for row in await self.tx.fetch_all(tables_of(ORDERS).parts[_OF_ORDER].read, ids):
            stand = found[orders[row.pop("order_id")]]
            stand.parts.setdefault(_ADDRESSES, {})[row["key"]] = row
            if row["kind"] == "billing":
                stand.row |= {name: row[name] for name in ("first_name", "last_name")}
        return found

    async def _write(self, writes: Writes) -> None:
        await write_records(self.tx, tables_of(CUSTOMERS), writes, self.now)
        await write_changes(self.tx, CUSTOMERS, writes.changes, self.cause, self.now)

    async def _drop(self, ids: list[UUID]) -> None:
        if ids:
            await self.tx.execute(Q.drop_guests, {"ids": ids})
            await self.tx.execute(Q.drop_edits, {"noun": CUSTOMERS.name, "ids": ids})
            gone = [Change(core_id, Action.DELETED, None) for core_id in ids]
            await write_changes(self.tx, CUSTOMERS, gone, self.cause, self.now)
