"""Sessions of people in a browser: one opaque token, which lives in a cookie.

It goes on while it is used, and ends at the latest `LONGEST` after the sign-in. It is a session as
any other: listed with them, ended with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Transaction
from storetwin.tenancy.access_tokens import Claims
from storetwin.tenancy.models import Principal
from storetwin.tenancy.one_time import WEB_PREFIX, hash_of, new_secret
from storetwin.tenancy.sessions import Place, Visitor, begin_session, holder_of_session

Q = load_queries("storetwin.tenancy")
LONGEST: Final = timedelta(days=90)
TOUCHED_EVERY: Final = timedelta(minutes=5)  # a row is not written at each request


@dataclass(frozen=True, slots=True)
class WebSession:
    """A session that was just begun.

    Args:
        token: what the browser is known by; shown this once.
        ends_at: when it ends at the latest.
    """

    session_id: UUID
    user_id: UUID
    place: Place
    ends_at: datetime
    token: str = field(repr=False)


async def open_web_session(
    tx: Transaction,
    user_id: UUID,
    place: Place,
    visitor: Visitor,
    *,
    now: datetime,
    lifetime: timedelta,
) -> WebSession:
    """Begin a session of a user in a browser, as himself."""
    lasts = min(lifetime, LONGEST)
    session_id = await begin_session(tx, user_id, place, visitor, now=now, lifetime=lasts)
    opened = WebSession(session_id, user_id, place, now + LONGEST, new_secret(WEB_PREFIX))
    row = {
        "token_hash": hash_of(opened.token),
        "session_id": session_id,
        "user_id": user_id,
        "lasts": lasts,
        "ends_at": opened.ends_at,
    }
    await tx.execute(Q.insert_web_session, row)
    return opened


async def holder_of_web_session(database: Database, token: str, now: datetime) -> Principal | None:
    """Return who asks with a browser's token; None where it is nobody's, or he may no longer.

    The session goes on by it.
    """
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.find_web_session, (hash_of(token),))
    if found is None or found["organisation_id"] is None:
        return None
    claims = Claims(found["user_id"], found["organisation_id"], found["session_id"])
    return await holder_of_session(database, claims, now, touch=touch)


async def touch(tx: Transaction, claims: Claims, now: datetime) -> None:
    """Note that a session was used, unless that was noted just before."""
    key = {"session_id": claims.session_id, "user_id": claims.user_id, "now": now}
    await tx.execute(Q.touch_web_session, key | {"before": now - TOUCHED_EVERY})


async def move_session(
    tx: Transaction, user_id: UUID, session_id: UUID, organisation_id: UUID, now: datetime
) -> bool:
    """Be in another organisation from now on; False where the session has ended."""
    row = {
        "session_id": session_id,
        "user_id": user_id,
        "organisation_id": organisation_id,
        "now": now,
    }
    return bool(await tx.execute(Q.move_session, row))
