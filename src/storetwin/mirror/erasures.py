"""What is remembered of people who were erased: digests, which tell nothing of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.mirror.persons import BODIES_AT_ONCE
from storetwin.mirror.repository import Q, Shelf


async def earlier_erasures(tx: Transaction, shelf: Shelf, persons: Sequence[bytes]) -> list[Row]:
    """Return (person, erasure_id, erased_at) of every digest of somebody, the latest first.

    Args:
        persons: digests, one of which he may have been remembered by.
    """
    return await tx.fetch_all(Q.earlier_erasures, shelf.params(persons=list(persons)))


def stream_emails(tx: Transaction, shelf: Shelf) -> AsyncIterator[Row]:
    """Yield (email_lower,) of every e-mail in a twin."""
    return tx.stream(Q.stream_emails, shelf.params())


async def keep_erasure(
    tx: Transaction,
    shelf: Shelf,
    persons: Sequence[bytes],
    erasure_id: UUID,
    *,
    now: datetime,
    records: int,
    versions: int,
) -> None:
    """Note that somebody was erased, and how many records and versions that took."""
    values = {"persons": list(persons), "erasure_id": erasure_id, "now": now}
    await tx.execute(Q.keep_erasure, shelf.params(records=records, versions=versions, **values))


async def page_bodies(tx: Transaction, shelf: Shelf, after: int) -> list[Row]:
    """Return some deliveries that have a body or a note, by number."""
    return await tx.fetch_all(Q.page_bodies, shelf.params(after=after, limit=BODIES_AT_ONCE))
