"""Stores without anything behind them, whose records are brought into core as they are made up here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from storetwin.core.models import Action, Cause, Incoming, Origin, Outcome
from storetwin.core.values import to_json
from storetwin.core.write import write_batch
from storetwin.db import Database
from storetwin.db.database import Row, Transaction
from storetwin.mapping.models import Mapped
from storetwin.mapping.nouns import NOUNS

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ORGANISATION = "INSERT INTO tenancy.organisations (id, name, created_at) VALUES (%s, 'one', now())"
CONNECTION = """
INSERT INTO connections.connections (id, organisation_id, name, platform, url, auth, sealed_credentials, created_at)
VALUES (%(id)s, %(organisation_id)s, %(id)s::text, 'woocommerce', 'https://' || %(id)s, 'basic', '', %(at)s)
"""


def mapped(
    noun: str,
    values: Mapping[str, Any] | None = None,
    *,
    references: Mapping[str, str] | None = None,
    parts: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    extra: Mapping[str, Any] | None = None,
    level: Mapping[str, Any] | None = None,
) -> Mapped:
    """Return what a record comes to, everything that is not given left empty."""
    declared = NOUNS[noun]
    row = {one.name: None for one in declared.fields} | dict(values or {})
    named = {one.name: None for one in declared.references} | dict(references or {})
    rows = {
        table: [{"position": place, **one} for place, one in enumerate(given)]
        for table, given in (parts or {}).items()
    }
    if declared.derive is not None:
        row |= declared.derive(row, rows)
    content = to_json([row, named, rows, extra or {}, level or {}])
    return Mapped(
        noun, row, named, rows, dict(extra or {}), sha256(content.encode()).digest()[:16],
        level=dict(level or {}),
    )  # fmt: skip


def order(
    total: str,
    *,
    email: str | None = None,
    customer: str | None = None,
    lines: Sequence[str] = (),
    refunded: str | None = None,
    **values: Any,
) -> Mapped:
    """Return an order of some products."""
    row = {
        "number": "1", "status": "completed", "currency": "EUR", "total": Decimal(total),
        "placed_at": NOON, "email": email, **values,
    }  # fmt: skip
    addresses = (
        [{"key": "billing", "kind": "billing", "first_name": "Ada", "email": email}]
        if email
        else []
    )
    refunds = [{"key": "9", "total": Decimal(refunded)}] if refunded else []
    below = [
        {
            "key": str(number),
            "remote_product_id": product,
            "quantity": Decimal(1),
            "name": f"of {product}",
        }
        for number, product in enumerate(lines, start=1)
    ]
    return mapped(
        "orders", row, references={"customer_id": customer} if customer else {},
        parts={"order_lines": below, "order_addresses": addresses, "order_refunds": refunds},
    )  # fmt: skip


def customer(email: str, **values: Any) -> Mapped:
    """Return somebody with an account."""
    return mapped("customers", {"email": email, "first_name": "Ada", **values})


def product(sku: str | None = None, *, stock: int | None = None, **values: Any) -> Mapped:
    """Return a product, in stock where that is given."""
    level = {"quantity": Decimal(stock), "status": "instock"} if stock is not None else {}
    return mapped("products", {"name": "Tea", "sku": sku, **values}, level=level)


@dataclass(slots=True)
class Stores:
    """An organisation with some stores, none of which is there.

    Args:
        connections: in the order in which they were connected.
    """

    database: Database
    organisation_id: UUID
    connections: list[UUID] = field(default_factory=list)
    now: datetime = NOON

    @classmethod
    async def open(cls, database: Database, count: int = 2) -> Stores:
        """Make a new organisation with some stores."""
        stores = cls(database, uuid4())
        async with stores.transaction() as tx:
            await tx.execute(ORGANISATION, (stores.organisation_id,))
            for number in range(count):
                one = {"id": uuid4(), "organisation_id": stores.organisation_id}
                await tx.execute(CONNECTION, one | {"at": NOON - timedelta(days=9 - number)})
                stores.connections.append(one["id"])
        return stores

    def origin(self, noun: str, remote_id: str, store: int = 0) -> Origin:
        """Return a record of a store."""
        return Origin(self.connections[store], NOUNS[noun].resource, remote_id)

    def incoming(
        self,
        one: Mapped | None,
        remote_id: str,
        *,
        noun: str = "",
        store: int = 0,
        version: int = 1,
        **more: Any,
    ) -> Incoming:
        """Return a record on its way."""
        origin = self.origin(one.noun if one else noun, remote_id, store)
        return Incoming(origin, version, more.pop("core_id", None), one, **more)

    async def write(self, noun: str, *incoming: Incoming) -> list[Outcome]:
        """Bring some records into core, a minute after the last ones."""
        self.now += timedelta(minutes=1)
        async with self.transaction() as tx:
            return await write_batch(tx, NOUNS[noun], incoming, Cause(), self.now)

    async def put(self, one: Mapped, remote_id: str, **more: Any) -> Outcome:
        """Bring one record into core."""
        (outcome,) = await self.write(one.noun, self.incoming(one, remote_id, **more))
        return outcome

    async def bury(self, noun: str, remote_id: str, store: int = 0) -> Outcome:
        """Say that a store has a record no more."""
        gone = self.incoming(None, remote_id, noun=noun, store=store, version=9)
        (outcome,) = await self.write(noun, gone)
        return outcome

    async def rows(self, query: str, **params: Any) -> list[Row]:
        """Ask as the program does."""
        async with self.transaction() as tx:
            return await tx.fetch_all(query, params)

    async def one(self, query: str, **params: Any) -> Row:
        """Ask for the one row that there is."""
        (row,) = await self.rows(query, **params)
        return row

    async def do(self, deed: Callable[[Transaction], Awaitable[Any]]) -> Any:
        """Do something in a transaction of the organisation."""
        async with self.transaction() as tx:
            return await deed(tx)

    def transaction(self) -> Any:
        """Open a transaction of the organisation."""
        return self.database.transaction(self.organisation_id)


CREATED, UPDATED, UNCHANGED = Action.CREATED, Action.UPDATED, Action.UNCHANGED
