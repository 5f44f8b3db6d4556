"""Whose an order is that names no customer of its store: whoever has its e-mail, with an account or without.

Somebody without an account is a guest, known by the e-mail of his orders; his name and addresses are
those of the latest. He is made with his first order, becomes a customer with an account as soon as a
store has one with his e-mail, and goes with his last order. None of it depends on what came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
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
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.nouns import NOUNS
from storetwin.resources.personal import NO_EMAIL

CUSTOMERS, ORDERS = NOUNS["customers"], NOUNS["orders"]
_ADDRESSES, _OF_ORDER = "customer_addresses", "order_addresses"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Given:
    """Whose the new orders of a batch are that name no customer whom core knows.

    Args:
        orders: how those orders shall stand, by id; each says whose it is.
        owners: whose they are, those who were there before.
        made: the guests who are made for them.
        unclear: those of the made whose latest order PostgreSQL has to tell: several were placed at once.
    """

    orders: Mapping[UUID, Stand] = field(default_factory=dict)
    owners: frozenset[UUID] = frozenset()
    made: Writes = field(default_factory=Writes)
    unclear: frozenset[UUID] = frozenset()

    def everybody(self) -> set[UUID]:
        """Return all whose orders they are."""
        return {*self.owners, *(target.stand.core_id for target in self.made.created)}


@dataclass(frozen=True, slots=True)
class Fresh:
    """What is to be written of guests whose orders changed.

    Args:
        gone: those who have no order any more.
    """

    gone: list[UUID]
    writes: Writes = field(default_factory=Writes)


@dataclass(frozen=True, slots=True)
class Guests:
    """The guests of an organisation, in a transaction that holds its core."""

    tx: Transaction
    cause: Cause
    now: datetime

    async def give(self, orders: Iterable[Stand]) -> Given:
        """Say whose some orders are that are not written yet, and fill it in; nothing is written here."""
        known = {order.core_id: order for order in orders}
        by_email: dict[str, list[Stand]] = {}
        for order in known.values():
            email = order.row.get("email")
            key = lookup_key(email) if isinstance(email, str) else None
            if key and key != NO_EMAIL:
                by_email.setdefault(key, []).append(order)
        owners = await self._owners(by_email)
        made, unclear = Writes(), set()
        for key, theirs in by_email.items():
            core_id = owners.get(key)
            if core_id is None:
                core_id = new_id(self.now)
                latest = max(theirs, key=_place)
                if sum(_placed_at(one) == _placed_at(latest) for one in theirs) > 1:
                    unclear.add(core_id)
                made.created.append(Target(_guest_of(core_id, latest)))
                made.changes.append(Change(core_id, Action.CREATED, None))
            for order in theirs:
                order.row["customer_id"] = core_id
        return Given(known, frozenset(owners.values()), made, frozenset(unclear))

    async def add(self, given: Given) -> None:
        """Write the guests who are made for new orders, before those."""
        await write_records(self.tx, tables_of(CUSTOMERS), given.made, self.now)

    async def note(self, given: Given) -> None:
        """Write down that those were made."""
        await write_changes(self.tx, CUSTOMERS, given.made.changes, self.cause, self.now)

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

    async def refreshed(self, customers: Iterable[UUID], given: Given) -> Fresh:
        """Return how those of some customers who are guests stand from now on; who has no order goes.

        Whoever only got new orders, and has a later one than those, is who he was.
        """
        touched = {*customers, *given.unclear}
        ids = sorted(touched | given.owners)
        rows = await self.tx.fetch_all(Q.latest_orders_of_guests, {"ids": ids}) if ids else []
        fresh = Fresh([row["customer_id"] for row in rows if row["order_id"] is None])
        latest = {
            row["customer_id"]: row["order_id"]
            for row in rows
            if row["order_id"] in given.orders
            or (row["order_id"] and row["customer_id"] in touched)
        }
        if not latest:
            return fresh
        tables = tables_of(CUSTOMERS)
        stands = await read_stands(self.tx, tables, list(latest))
        edits, _ = await read_edits(self.tx, CUSTOMERS, latest)
        for core_id, stand in (await self._stands(latest, given)).items():
            stand.row |= edits.get(core_id, {})
            found = between(tables, stands[core_id], stand)
            if found.fields:
                fresh.writes.changed.append((Target(stand), found))
                fresh.writes.changes.append(Change(core_id, Action.UPDATED, found.fields))
        return fresh

    async def refresh(self, fresh: Fresh) -> None:
        """Write how guests stand from now on."""
        await self._drop(fresh.gone)
        await self._write(fresh.writes)

    async def _assign(self, orders: Iterable[Row]) -> set[UUID]:
        orders = list(orders)
        for row in orders:
            if row["email_lower"] == NO_EMAIL:  # somebody who was erased; nobody has it
                row["email_lower"] = None
        owners = await self._owners(row["email_lower"] for row in orders if row["email_lower"])
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

    async def _owners(self, emails: Iterable[str]) -> dict[str, UUID]:
        """Return who has some e-mails; those that nobody has are left out."""
        asked = sorted(set(emails))
        found = await self.tx.fetch_all(Q.owners_of_emails, {"emails": asked}) if asked else []
        return {row["email_lower"]: row["id"] for row in found}

    async def _make(self, orders: list[UUID]) -> dict[str, UUID]:
        """Make a guest for each e-mail of some orders; return them by e-mail."""
        if not orders:
            return {}
        rows = await self.tx.fetch_all(Q.latest_orders, {"ids": orders})
        made = {row["email_lower"]: new_id(self.now) for row in rows}
        latest = {made[row["email_lower"]]: row["id"] for row in rows}
        writes = Writes()
        for core_id, stand in (await self._stands(latest, Given())).items():
            writes.created.append(Target(stand))
            writes.changes.append(Change(core_id, Action.CREATED, None))
        await self._write(writes)
        return made

    async def _stands(self, latest: Mapping[UUID, UUID], given: Given) -> dict[UUID, Stand]:
        """Return how guests stand, by the latest order of each."""
        orders = dict(given.orders)
        lacking = {
            order_id: Stand(order_id) for order_id in latest.values() if order_id not in orders
        }
        if lacking:
            ids = {"ids": list(lacking)}
            for row in await self.tx.fetch_all(Q.emails_of_orders, ids):
                lacking[row["id"]].row = {"email": row["email"]}
            for row in await self.tx.fetch_all(tables_of(ORDERS).parts[_OF_ORDER].read, ids):
                addresses = lacking[row["order_id"]].parts.setdefault(_OF_ORDER, {})
                addresses[row["key"]] = row
            orders |= lacking
        return {
            core_id: _guest_of(core_id, orders[order_id]) for core_id, order_id in latest.items()
        }

    async def _write(self, writes: Writes) -> None:
        await write_records(self.tx, tables_of(CUSTOMERS), writes, self.now)
        await write_changes(self.tx, CUSTOMERS, writes.changes, self.cause, self.now)

    async def _drop(self, ids: list[UUID]) -> None:
        if ids:
            await self.tx.execute(Q.drop_guests, {"ids": ids})
            await self.tx.execute(Q.drop_edits, {"noun": CUSTOMERS.name, "ids": ids})
            gone = [Change(core_id, Action.DELETED, None) for core_id in ids]
            await write_changes(self.tx, CUSTOMERS, gone, self.cause, self.now)


def _guest_of(core_id: UUID, order: Stand) -> Stand:
    """Return how a guest stands whose latest order this is."""
    table = tables_of(CUSTOMERS)
    cells: Cells = dict.fromkeys(table.row.columns)
    cells |= {"email": order.row.get("email"), GUEST: True, EXTRA: {}}
    guest = Stand(core_id, cells)
    columns = ("key", "position", *table.parts[_ADDRESSES].columns)
    for key, address in order.parts.get(_OF_ORDER, {}).items():
        rows = guest.parts.setdefault(_ADDRESSES, {})
        rows[key] = {name: address.get(name) for name in columns}
        if address["kind"] == "billing":
            cells |= {name: address.get(name) for name in ("first_name", "last_name")}
    return guest


def _placed_at(order: Stand) -> datetime:
    placed_at = order.row.get("placed_at")
    return placed_at if isinstance(placed_at, datetime) else _LONG_AGO


def _place(order: Stand) -> tuple[Any, ...]:
    """Return what tells the latest of several orders, as ``latest_orders`` has it."""
    texts = [order.row.get("number"), order.row.get("order_key")]
    number, key = (one if isinstance(one, str) else "" for one in texts)
    return (_placed_at(order), lookup_key(number) or "", key)
