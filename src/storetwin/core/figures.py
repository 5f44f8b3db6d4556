"""What a customer's orders come to, kept by whatever changes them: only whom a change touches is counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Transaction
from storetwin.db.queries import load_queries

Q = load_queries(__package__)

COUNTED_STATUSES = ("processing", "completed", "refunded")
"""Orders that count unless an organisation says otherwise: what was paid, given back later or not."""


async def settle_figures(tx: Transaction, customers: Iterable[UUID], now: datetime) -> None:
    """Count the orders of some customers anew."""
    ids = sorted(set(customers))
    if ids:
        values = {"ids": ids, "statuses": list(COUNTED_STATUSES), "now": now}
        await tx.execute(Q.settle_figures, values)
