"""API keys: for programs. Shown once, kept as a hash, never stronger than the user who made it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Row, Transaction
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Permission, Principal, Role, Via
from storetwin.tenancy.one_time import KEY_PREFIX, hash_of, new_secret

Q = load_queries("storetwin.tenancy")
HINT_LENGTH = len(KEY_PREFIX) + 6


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key that was just made: the only time that it is known."""

    api_key_id: UUID
    key: str = field(repr=False)
    hint: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed; never the key itself.

    Args:
        email: whose it is.
        hint: its beginning, to know it by.
    """

    api_key_id: UUID
    user_id: UUID
    email: str
    name: str
    hint: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """What somebody wants a key for.

    Args:
        scopes: what it may do, of what its user may.
        expires_at: when it ends by itself, if ever.
    """

    name: str
    scopes: frozenset[Permission]
    expires_at: datetime | None = None


async def issue_key(
    tx: Transaction, organisation_id: UUID, user_id: UUID, new: NewKey, now: datetime
) -> IssuedKey:
    """Make a key for a member of an organisation."""
    key = new_secret(KEY_PREFIX)
    issued = IssuedKey(api_key_id=new_id(now), key=key, hint=key[:HINT_LENGTH])
    row = {
        "api_key_id": issued.api_key_id,
        "organisation_id": organisation_id,
        "user_id": user_id,
        "name": new.name,
        "key_hash": hash_of(key),
        "hint": issued.hint,
        "scopes": sorted(scope.value for scope in new.scopes),
        "now": now,
        "expires_at": new.expires_at,
    }
    await tx.execute(Q.insert_api_key, row)
    return issued


async def holder_of_key(database: Database, key: str, now: datetime) -> Principal | None:
    """Return who asks with a key; None for one that is nobody's, expired or revoked."""
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.find_api_key, (hash_of(key),))
    if found is None:
        return None
    async with database.transaction(found["organisation_id"]) as tx:
        row = await tx.fetch_one(Q.read_api_key, {"api_key_id": found["api_key_id"], "now": now})
        if row is not None:
            await tx.execute(Q.touch_api_key, {"api_key_id": row["api_key_id"], "now": now})
    return _principal(row) if row else None


async def read_keys(
    tx: Transaction,
    organisation_id: UUID,
    *,
    limit: int,
    user_id: UUID | None = None,
    before: UUID | None = None,
    only: UUID | None = None,
) -> list[Key]:
    """Return keys, the newest first.

    Args:
        user_id: only those of one user.
    """
    asked = {
        "organisation_id": organisation_id,
        "user_id": user_id,
        "before": before,
        "only": only,
        "limit": limit,
    }
    rows = await tx.fetch_all(Q.read_api_keys, asked)
    return [Key(**row | {"scopes": frozenset(map(Permission, row["scopes"]))}) for row in rows]


async def revoke_key(
    tx: Transaction,
    organisation_id: UUID,
    api_key_id: UUID,
    now: datetime,
    user_id: UUID | None = None,
) -> bool:
    """End a key for ever; False where there is none that could be ended.

    Args:
        user_id: only if it is this one's.
    """
    key = {
        "organisation_id": organisation_id,
        "api_key_id": api_key_id,
        "user_id": user_id,
        "now": now,
    }
    return bool(await tx.execute(Q.revoke_api_key, key))


def _principal(row: Row) -> Principal:
    role = Role(row["role"])
    return Principal(
        organisation_id=row["organisation_id"],
        user_id=row["user_id"],
        credential_id=row["api_key_id"],
        actor=f"{row['email']} (key {row['name']})",
        via=Via.API_KEY,
        role=role,
        permissions=role.permissions & {Permission(scope) for scope in row["scopes"]},
        is_installation_admin=row["is_installation_admin"],
    )
