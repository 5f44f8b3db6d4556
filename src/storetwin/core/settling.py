"""What of core follows from several records: whose an order is, what customers' orders come to, paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storetwin.core.figures import settle_figures
from storetwin.core.guests import Given, Guests
from storetwin.core.links import as_given, by_store
from storetwin.core.models import Cause, Origin
from storetwin.core.records import Stand
from storetwin.core.statements import Q, Tables
from storetwin.core.storing import fill_references
from storetwin.core.targets import Target
from storetwin.db.database import Transaction
from storetwin.mapping.keys import lookup_key
from storetwin.mapping.models import Noun

OWNER = "orders.customer_id"
_ABOVE = "categories.parent_id"


@dataclass(frozen=True, slots=True)
class Moved:
    """What a batch did to its records.

    Args:
        before: how those stood that are not new.
        after: how all of them stand.
        changed: those that are new or stand otherwise.
        arrived: the stores' records that core knows from now on.
        given: new orders that say already whose they are.
    """

    before: Mapping[UUID, Stand]
    after: Mapping[UUID, Target]
    changed: frozenset[UUID]
    arrived: Mapping[Origin, UUID]
    given: Given = field(default_factory=Given)

    def touched(self) -> set[UUID]:
        """Return the records that changed, or that are another store's as well."""
        return {*self.changed, *self.arrived.values()}

    def customers(self) -> set[UUID]:
        """Return whose the orders were, and whose they are, but for those that were given."""
        moved = self.changed - self.given.orders.keys()
        stands = [self.after[core_id].stand for core_id in moved]
        stands += [self.before[core_id] for core_id in moved if core_id in self.before]
        found = (stand.row.get("customer_id") for stand in stands)
        return {one for one in found if isinstance(one, UUID)}

    def unowned(self) -> list[UUID]:
        """Return the orders that name no customer whom core knows, but for those that were given."""
        return [
            core_id
            for core_id in self.changed
            if core_id not in self.given.orders and is_unowned(self.after[core_id])
        ]

    def emails(self) -> set[str]:
        """Return the e-mails that the customers had, and have."""
        stands = [*self.before.values(), *(target.stand for target in self.after.values())]
        found = (stand.row.get("email") for stand in stands)
        keys = (lookup_key(one) for one in found if isinstance(one, str))
        return {key for key in keys if key}


def is_unowned(order: Target) -> bool:
    """Say whether an order names no customer whom core knows."""
    return order.stand.row.get("remote_customer_id") is None or any(
        one.place == OWNER for one in order.pending
    )


async def settle(
    tx: Transaction, noun: Noun, tables: Tables, moved: Moved, cause: Cause, now: datetime
) -> None:
    """Fill in what waited for some records, and say anew what follows from them."""
    guests = Guests(tx, cause, now)
    touched: set[UUID] = set()
    if noun.name == "customers" and moved.arrived:
        rows = await tx.fetch_all(Q.left_customers, as_given(by_store(moved.arrived)))
        touched = {row["customer_id"] for row in rows}
    filled = await fill_references(tx, tables, moved.arrived)
    if noun.name == "orders":
        touched = moved.customers() | await guests.assign(moved.unowned())
    elif noun.name == "customers" and moved.touched():
        touched |= moved.touched() | await guests.reassign(moved.emails())
    elif noun.name == "categories":
        ids = moved.touched() | filled.get(_ABOVE, set())
        if ids:
            await tx.execute(Q.settle_paths, {"ids": sorted(ids)})
    fresh = await guests.refreshed(touched, moved.given)
    async with tx.pipelined():
        await guests.refresh(fresh)
        await settle_figures(tx, touched | moved.given.everybody(), now)
