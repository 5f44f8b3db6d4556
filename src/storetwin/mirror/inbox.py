"""The inbox: what stores told by webhook, kept before it is answered, applied afterwards.

A delivery is a hint at a record that is to be read again. Its body is kept while it waits, so that
a person can look at it, and dropped when the record was read; it never becomes a snapshot.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.kernel.backoff import INBOX_DELAYS
from storetwin.mirror.repository import Q

CHANNEL = "storetwin_inbox"
"""Told, with the connection's id, in the transaction that keeps deliveries."""
GIVEN_UP = "given up after {} attempts: {}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery that was found genuine. Its body does not show in ``repr``.

    Args:
        resource: of the record that it speaks of.
        remote_id: of that record; None where the delivery names none.
        parent_id: of what contains the record, where it says so.
        webhook_id, delivery_id: as the store calls them; neither tells deliveries apart.
        note: why there is nothing to read, where that is so.
    """

    connection_id: UUID
    topic: str
    resource: str
    remote_id: str | None
    parent_id: str | None
    webhook_id: str | None
    delivery_id: str | None
    body: bytes = field(repr=False)
    received_at: datetime
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """How full the inbox of a connection is.

    Args:
        deliveries: that wait.
        size: bytes of their bodies.
    """

    deliveries: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits to be applied."""

    number: int
    topic: str
    resource: str
    remote_id: str
    parent_id: str | None
    received_at: datetime
    attempts: int


async def keep_deliveries(
    tx: Transaction,
    organisation_id: UUID,
    deliveries: Sequence[Delivery],
    counts: Mapping[UUID, int],
    *,
    now: datetime,
) -> frozenset[UUID]:
    """Keep deliveries with their bodies, count them in, and tell whoever listens.

    Those without a record to read are settled at once.

    Args:
        counts: deliveries of the store by connection, hints included; 0 for none but a test.

    Returns:
        The connections that still want them; of others nothing was kept.
    """
    columns: dict[str, list[object]] = {
        name: [getattr(one, name) for one in deliveries] for name in Delivery.__dataclass_fields__
    }
    values = {
        "organisation_id": organisation_id,
        "ids": list(counts),
        "counts": list(counts.values()),
        "channel": CHANNEL,
        "now": now,
    }
    rows = await tx.fetch_all(Q.keep_deliveries, values | columns)
    return frozenset(row["connection_id"] for row in rows)


async def keep_hints(
    tx: Transaction, organisation_id: UUID, deliveries: Iterable[Delivery]
) -> None:
    """Keep of a full inbox one hint a record, without a body; what names no record is left out.

    A hint that waits already is dated anew: whoever is about to settle it sees that it is not the
    one that he read.
    """
    hints = {
        (one.connection_id, one.resource, one.remote_id): one
        for one in deliveries
        if one.remote_id is not None
    }
    if not hints:
        return
    ordered = [hints[key] for key in sorted(hints, key=lambda key: (key[0], key[1], key[2] or ""))]
    names = ("connection_id", "topic", "resource", "remote_id", "parent_id", "received_at")
    columns = {name: [getattr(one, name) for one in ordered] for name in names}
    await tx.execute(Q.keep_hints, {"organisation_id": organisation_id, **columns})


async def levels(
    tx: Transaction, connection_ids: Collection[UUID], *, most: int
) -> dict[UUID, Level]:
    """Return how full the inboxes of these connections are, counted no further than ``most``."""
    rows = await tx.fetch_all(Q.inbox_levels, {"ids": list(connection_ids), "most": most})
    return {row["connection_id"]: Level(row["deliveries"], row["size"]) for row in rows}


async def find_delivery(tx: Transaction, connection_id: UUID, delivery_id: str) -> Row | None:
    """Return a delivery among the latest by what its sender called it: a test of ours is unique."""
    return await tx.fetch_one(Q.find_delivery, (connection_id, delivery_id))


async def has_waiting(tx: Transaction, connection_id: UUID, now: datetime) -> bool:
    """Say whether a connection has deliveries that are due."""
    return await tx.fetch_one(Q.has_waiting, (connection_id, now)) is not None


async def take_waiting(
    tx: Transaction, connection_id: UUID, now: datetime, *, limit: int
) -> list[Waiting]:
    """Return the deliveries of a connection that are due, the oldest first."""
    values = {"connection_id": connection_id, "now": now, "limit": limit}
    return [Waiting(**row) for row in await tx.fetch_all(Q.take_waiting, values)]


async def settle(
    tx: Transaction, connection_id: UUID, applied: Sequence[Waiting], *, now: datetime
) -> int:
    """Mark deliveries as applied, in the transaction that keeps what was read of their records.

    One that was dated anew since it was read stays: it tells of a later change.

    Returns:
        How many were settled.
    """
    values = {
        "connection_id": connection_id,
        "numbers": [one.number for one in applied],
        "received_at": [one.received_at for one in applied],
        "now": now,
    }
    return await tx.execute(Q.settle_deliveries, values)


async def postpone(
    tx: Transaction, connection_id: UUID, failed: Sequence[Waiting], reason: str, *, now: datetime
) -> None:
    """Count a failed attempt at these deliveries, and say when the next one is due.

    After the last one they are given up, with the reason: the next sweep finds what they told.
    """
    last = len(INBOX_DELAYS)
    values = {
        "connection_id": connection_id,
        "numbers": [one.number for one in failed],
        "received_at": [one.received_at for one in failed],
        "next_at": [now + INBOX_DELAYS[min(one.attempts, last - 1)] for one in failed],
        "is_last": [one.attempts >= last for one in failed],
        "note": GIVEN_UP.format(last + 1, reason),
        "now": now,
    }
    await tx.execute(Q.postpone_deliveries, values)


async def forget_settled(
    tx: Transaction, organisation_id: UUID, before: datetime, *, limit: int
) -> int:
    """Drop what was settled long ago; return how many deliveries that were."""
    values = {"organisation_id": organisation_id, "before": before, "limit": limit}
    return await tx.execute(Q.forget_settled, values)


async def latest(tx: Transaction, connection_id: UUID) -> Row | None:
    """Return what came last, without its body."""
    return await tx.fetch_one(Q.latest_delivery, (connection_id,))


async def summary(tx: Transaction, connection_id: UUID) -> Row:
    """Return how many deliveries wait, are given up, and since when the oldest one waits."""
    row = await tx.fetch_one(Q.inbox_summary, (connection_id,))
    assert row is not None
    return row
