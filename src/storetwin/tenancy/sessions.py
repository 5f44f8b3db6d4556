"""Sessions: what a sign-in begins, and the refresh tokens that keep it going.

Each refresh token works once and is replaced by the next. One that comes a second time was stolen,
or its answer was lost: nobody can tell which, so the session ends (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Row, Transaction
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.access_tokens import Claims
from storetwin.tenancy.models import NotAllowedError, Principal, Role, Via
from storetwin.tenancy.one_time import REFRESH_PREFIX, hash_of, new_secret

Q = load_queries("storetwin.tenancy")
MOST_SESSIONS: Final = 100  # of one user; the one used longest ago gives way
KEPT_FOR: Final = timedelta(days=30)  # after its end
LONGEST_AGENT: Final = 300


class NoOrganisationError(NotAllowedError):
    """Somebody is known and in no organisation."""

    code = "no_organisation"
    default_remedy = "Ask an administrator for an invitation."

    def __init__(self) -> None:
        super().__init__("You are in no organisation any more.")


class UnknownOrganisationError(UnknownNameError):
    """There is no such organisation, or it is none of his."""

    def __init__(self, organisation_id: UUID) -> None:
        super().__init__(
            f"There is no organisation {organisation_id}.",
            remedy="GET /api/v1/organisations lists yours.",
        )


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody comes, as he says it.

    Args:
        agent: his browser or program.
    """

    address: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation, and what somebody is in it."""

    organisation_id: UUID
    role: Role
    name: str


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that stands.

    Args:
        organisation_id: in which he was last.
    """

    session_id: UUID
    organisation_id: UUID | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    agent: str | None
    address: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was begun or refreshed."""

    session_id: UUID
    user_id: UUID
    place: Place
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reused:
    """A refresh token came a second time; its session has ended.

    Args:
        organisation_id: in which the session was.
    """

    user_id: UUID
    session_id: UUID
    organisation_id: UUID | None


async def places_of(tx: Transaction, user_id: UUID) -> list[Place]:
    """Return the organisations a user is in, as himself; the first he came to first."""
    rows = await tx.fetch_all(Q.read_own_memberships, {"user_id": user_id})
    return [Place(row["organisation_id"], Role(row["role"]), row["name"]) for row in rows]


def choose_place(places: Sequence[Place], wanted: UUID | None, last: UUID | None = None) -> Place:
    """Return where somebody goes: where he wants, else where he was, else where he came first.

    Raises:
        UnknownOrganisationError: he is not in the one he wants.
        NoOrganisationError: he is in none.
    """
    by_id = {place.organisation_id: place for place in places}
    if wanted is not None:
        if wanted not in by_id:
            raise UnknownOrganisationError(wanted)
        return by_id[wanted]
    if not places:
        raise NoOrganisationError
    return by_id[last] if last in by_id else places[0]


async def open_session(
    tx: Transaction,
    user_id: UUID,
    place: Place,
    visitor: Visitor,
    *,
    now: datetime,
    lifetime: timedelta,
) -> Opened:
    """Begin a session of a user with its first refresh token, as himself."""
    session_id = await begin_session(tx, user_id, place, visitor, now=now, lifetime=lifetime)
    return Opened(session_id, user_id, place, await _next_token(tx, session_id, user_id, now))


async def begin_session(
    tx: Transaction,
    user_id: UUID,
    place: Place,
    visitor: Visitor,
    *,
    now: datetime,
    lifetime: timedelta,
) -> UUID:
    """Begin a session of a user, as himself; forget what ended long ago."""
    session_id = new_id(now)
    await tx.execute(
        Q.insert_session,
        {
            "session_id": session_id,
            "user_id": user_id,
            "organisation_id": place.organisation_id,
            "now": now,
            "expires_at": now + lifetime,
            **_told(visitor),
        },
    )
    old = {"user_id": user_id, "before": now - KEPT_FOR, "most": MOST_SESSIONS}
    await tx.execute(Q.drop_sessions, old)
    return session_id


async def find_refresh_token(database: Database, token: str) -> tuple[UUID, UUID] | None:
    """Return user and session of a refresh token; None for one that is nobody's."""
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.find_refresh_token, (hash_of(token),))
    return (found["user_id"], found["session_id"]) if found else None


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is asked for with a refresh token.

    Args:
        organisation_id: where he wants to go on; None: where he was.
    """

    user_id: UUID
    session_id: UUID
    token: str = field(repr=False)
    organisation_id: UUID | None
    visitor: Visitor


async def rotate(
    tx: Transaction, asked: Rotation, *, now: datetime, lifetime: timedelta
) -> Opened | Reused | None:
    """Replace a refresh token by the next one, as its user; None where the session has ended.

    The session is held: of two at the same time the second sees that the first was there.

    Raises:
        UnknownOrganisationError, NoOrganisationError: the token was not used then.
    """
    key = {"session_id": asked.session_id, "user_id": asked.user_id, "now": now}
    held = await tx.fetch_one(Q.hold_session, key)
    if held is None:
        return None
    used = {"token_hash": hash_of(asked.token), "now": now}
    if not await tx.execute(Q.use_refresh_token, used):
        await tx.execute(Q.end_session, key | {"reason": "reused"})
        return Reused(asked.user_id, asked.session_id, held["organisation_id"])
    places = await places_of(tx, asked.user_id)
    place = choose_place(places, asked.organisation_id, held["organisation_id"])
    extended = {
        "session_id": asked.session_id,
        "organisation_id": place.organisation_id,
        "now": now,
        "expires_at": now + lifetime,
    }
    await tx.execute(Q.extend_session, extended | _told(asked.visitor))
    await tx.execute(
        Q.drop_refresh_tokens, {"session_id": asked.session_id, "before": now - lifetime}
    )
    token = await _next_token(tx, asked.session_id, asked.user_id, now)
    return Opened(asked.session_id, asked.user_id, place, token)


async def end_session(
    tx: Transaction, user_id: UUID, session_id: UUID, reason: str, now: datetime
) -> bool:
    """End a session of a user, as himself; False where he has none such that stands."""
    key = {"session_id": session_id, "user_id": user_id, "reason": reason, "now": now}
    return bool(await tx.execute(Q.end_session, key))


async def end_sessions(
    tx: Transaction, user_id: UUID, reason: str, now: datetime, *, but: UUID | None = None
) -> None:
    """End all sessions of a user, as himself; all but one, where one is named."""
    key = {"user_id": user_id, "but": but, "reason": reason, "now": now}
    await tx.execute(Q.end_other_sessions, key)


async def read_sessions(
    tx: Transaction,
    user_id: UUID,
    *,
    now: datetime,
    limit: int,
    before: UUID | None = None,
    only: UUID | None = None,
) -> list[Session]:
    """Return the sessions of a user that stand, as himself, the newest first."""
    asked = {"user_id": user_id, "now": now, "before": before, "only": only, "limit": limit}
    return [Session(**row) for row in await tx.fetch_all(Q.read_sessions, asked)]


async def last_used(tx: Transaction, user_id: UUID, organisation_id: UUID) -> datetime | None:
    """Return when a user last used a session in an organisation, as himself; None for never."""
    asked = {"user_id": user_id, "organisation_id": organisation_id}
    row = await tx.fetch_one(Q.last_used_session, asked)
    return row["last_used_at"] if row else None


Touch = Callable[[Transaction, Claims, datetime], Awaitable[None]]


async def holder_of_session(
    database: Database, claims: Claims, now: datetime, *, touch: Touch | None = None
) -> Principal | None:
    """Return who asks in a session; None where it ended, or he may no longer be there.

    Args:
        touch: notes that the session was used, where it stands.
    """
    async with database.transaction(claims.organisation_id, user_id=claims.user_id) as tx:
        row = await tx.fetch_one(
            Q.read_session_principal,
            {
                "session_id": claims.session_id,
                "user_id": claims.user_id,
                "organisation_id": claims.organisation_id,
                "now": now,
            },
        )
        if row is not None and touch is not None:
            await touch(tx, claims, now)
    return _principal(row) if row else None


async def _next_token(tx: Transaction, session_id: UUID, user_id: UUID, now: datetime) -> str:
    token = new_secret(REFRESH_PREFIX)
    row = {
        "token_hash": hash_of(token),
        "session_id": session_id,
        "user_id": user_id,
        "now": now,
    }
    await tx.execute(Q.insert_refresh_token, row)
    return token


def _told(visitor: Visitor) -> dict[str, str | None]:
    agent = visitor.agent[:LONGEST_AGENT] if visitor.agent else None
    return {"agent": agent, "address": visitor.address}


def _principal(row: Row) -> Principal:
    role = Role(row["role"])
    return Principal(
        organisation_id=row["organisation_id"],
        user_id=row["user_id"],
        credential_id=row["session_id"],
        actor=row["email"],
        via=Via.SESSION,
        role=role,
        permissions=role.permissions,
        is_installation_admin=row["is_installation_admin"],
    )
