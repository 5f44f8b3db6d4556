"""The tenants. A single installation has one, the default organisation, made at its first start."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storetwin.db.database import Database
from storetwin.db.queries import load_queries

Q = load_queries("storetwin.db")
# Known beforehand: nothing can be looked up before an organisation is set.
DEFAULT_ORGANISATION = UUID("00000000-0000-7000-8000-000000000001")


async def ensure_default_organisation(database: Database, now: datetime) -> UUID:
    """Make the default organisation if it does not exist yet, and return its id."""
    async with database.transaction(DEFAULT_ORGANISATION) as transaction:
        await transaction.execute(
            Q.insert_organisation,
            {"id": DEFAULT_ORGANISATION, "name": "default", "created_at": now},
        )
    return DEFAULT_ORGANISATION
