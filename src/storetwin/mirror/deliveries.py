"""Deliveries of webhooks, one by one, as a person looks at them and lets them be applied again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.mirror.inbox import CHANNEL
from storetwin.mirror.repository import Q

AT_ONCE = 500  # deliveries that are looked at in one go
MOST_LOOKED_AT = 5_000  # for one page
LAST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Inbox:
    """Whose deliveries."""

    organisation_id: UUID
    connection_id: UUID

    def params(self, **more: object) -> dict[str, object]:
        """Return the parameters that every query takes, and ``more``."""
        own = {"organisation_id": self.organisation_id, "connection_id": self.connection_id}
        return own | more


@dataclass(frozen=True, slots=True)
class Sought:
    """Which deliveries; None asks for nothing.

    Args:
        state: waiting, applied or ignored.
    """

    state: str | None = None
    topic: str | None = None
    resource: str | None = None
    remote_id: str | None = None

    def fits(self, row: Row) -> bool:
        """Say whether a delivery is among them."""
        wanted = (getattr(self, name) for name in self.__slots__)
        return all(
            value is None or value == row[name]
            for name, value in zip(self.__slots__, wanted, strict=True)
        )


async def page_deliveries(
    tx: Transaction, inbox: Inbox, sought: Sought, *, behind: int = LAST, limit: int
) -> tuple[list[Row], int | None]:
    """Return deliveries without their bodies, the latest first, and behind which to go on.

    A page looks at a bounded number of deliveries: where few fit it is short, and not the last.

    Args:
        behind: only those with a lower number.

    Returns:
        None where nothing is left.
    """
    found: list[Row] = []
    looked_at = 0
    size = limit + 1 if sought == Sought() else AT_ONCE
    while looked_at < MOST_LOOKED_AT:
        rows = await tx.fetch_all(Q.deliveries_behind, inbox.params(behind=behind, limit=size))
        looked_at += len(rows)
        for row in rows:
            if len(found) == limit:
                return found, behind
            behind = row["number"]
            if sought.fits(row):
                found.append(row)
        if len(rows) < size:
            return found, None
    return found, behind


async def count_topics(tx: Transaction, inbox: Inbox) -> list[Row]:
    """Return what the latest deliveries come to by topic; at most `MOST_LOOKED_AT` are looked at.

    Each has ``topic``, ``deliveries``, ``waiting``, ``ignored``, ``failures``, ``last_at`` and
    ``delay``: seconds until the record was read, in the middle.
    """
    return await tx.fetch_all(Q.count_topics, inbox.params(limit=MOST_LOOKED_AT))


async def read_delivery(tx: Transaction, inbox: Inbox, number: int) -> Row | None:
    """Return a delivery with its body, which is dropped when it was applied; or None."""
    return await tx.fetch_one(Q.read_delivery, inbox.params(number=number))


async def wake(tx: Transaction, inbox: Inbox, number: int, *, now: datetime) -> None:
    """Let a delivery be applied now, if it names a record.

    Raises:
        UniqueViolationError: a hint at the same record waits: see :func:`wake_hint`.
    """
    params = inbox.params(number=number, now=now, channel=CHANNEL)
    await tx.fetch_one(Q.wake_delivery, params)


async def wake_hint(
    tx: Transaction, inbox: Inbox, resource: str, remote_id: str, *, now: datetime
) -> None:
    """Let the hint at a record be applied now, if one waits."""
    record = {"resource": resource, "remote_id": remote_id}
    await tx.fetch_one(Q.wake_hint, inbox.params(now=now, channel=CHANNEL, **record))
