"""The audit log: who did what, from where, and how it ended.

An entry is written before the thing is done and finished after it, in transactions of their own:
what was cut off in the middle shows as an entry without an outcome, and what failed is there too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Row, Transaction
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Principal, Via

Q = load_queries("storetwin.tenancy")
DONE = "done"
LONGEST = 1000  # characters of a subject


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody does.

    Args:
        actor: how he is named: an e-mail, that and a key's name, a user of the operating system.
        subject: what it is done to, as the request names it.
        outcome: ``done``, or the code of the error; None as long as it is not known.
        detail: what else is worth knowing; never a secret, never personal data of others.
    """

    actor: str
    via: Via
    action: str
    subject: str | None = None
    actor_id: UUID | None = None
    outcome: str | None = None
    detail: Mapping[str, Any] | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    entry_id: UUID
    at: datetime
    deed: Deed


@dataclass(frozen=True, slots=True)
class Filters:
    """Which entries are wanted; None for all.

    Args:
        since: from this moment on.
        until: before this moment.
        is_done: what was done, or what was refused or failed.
        about: what names one of these: ``connection=shop``.
        but: not these actions.
    """

    action: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_done: bool | None = None
    about: tuple[str, ...] = ()
    but: tuple[str, ...] = ()


async def begin(
    database: Database,
    principal: Principal,
    action: str,
    subject: str | None,
    address: str | None,
    now: datetime,
) -> UUID:
    """Write down that somebody begins to do something; return the entry to finish."""
    deed = Deed(
        principal.actor,
        principal.via,
        action,
        subject,
        actor_id=principal.user_id,
        address=address,
    )
    return await record(database, principal.organisation_id, deed, now)


async def finish(database: Database, organisation_id: UUID, entry_id: UUID, outcome: str) -> None:
    """Write down how it ended: ``done``, or the code of the error."""
    async with database.transaction(organisation_id) as tx:
        row = {"organisation_id": organisation_id, "entry_id": entry_id, "outcome": outcome}
        await tx.execute(Q.finish_audit_entry, row)


async def record(database: Database, organisation_id: UUID, deed: Deed, now: datetime) -> UUID:
    """Write down something that was done, in a transaction of its own; return the entry."""
    async with database.transaction(organisation_id) as tx:
        return await note(tx, organisation_id, deed, now)


async def note(tx: Transaction, organisation_id: UUID, deed: Deed, now: datetime) -> UUID:
    """Write down something that is done in this transaction: both are kept, or none."""
    entry_id = new_id(now)
    row = {
        "organisation_id": organisation_id,
        "entry_id": entry_id,
        "at": now,
        "actor_id": deed.actor_id,
        "actor": deed.actor,
        "via": deed.via.value,
        "action": deed.action,
        "subject": deed.subject[:LONGEST] if deed.subject else None,
        "outcome": deed.outcome,
        "detail": json.dumps(deed.detail) if deed.detail else None,
        "address": deed.address,
    }
    await tx.execute(Q.insert_audit_entry, row)
    return entry_id


async def read_entries(
    tx: Transaction,
    organisation_id: UUID,
    filters: Filters,
    *,
    before: UUID | None = None,
    limit: int,
) -> list[Entry]:
    """Return entries, the newest first.

    Args:
        before: only those that are older than this one.
    """
    asked = {
        "organisation_id": organisation_id,
        "before": before,
        "action": filters.action,
        "actor": filters.actor,
        "since": filters.since,
        "until": filters.until,
        "is_done": filters.is_done,
        "about": list(filters.about) or None,
        "but": list(filters.but) or None,
        "limit": limit,
    }
    return [_entry(row) for row in await tx.fetch_all(Q.read_audit_entries, asked)]


def _entry(row: Row) -> Entry:
    deed = Deed(
        row["actor"],
        Via(row["via"]),
        row["action"],
        row["subject"],
        actor_id=row["actor_id"],
        outcome=row["outcome"],
        detail=json.loads(row["detail"]) if row["detail"] else None,
        address=row["address"],
    )
    return Entry(row["entry_id"], row["at"], deed)
