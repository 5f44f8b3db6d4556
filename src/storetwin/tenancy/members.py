"""Users, and what they are in an organisation."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Transaction
from storetwin.kernel.errors import ConfigurationError, InvariantError, UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Role

Q = load_queries("storetwin.tenancy")
LONGEST_EMAIL: Final = 254  # RFC 5321, 4.5.3.1.3
LONGEST_NAME: Final = 200
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+")


class EmailError(ConfigurationError):
    """What was given is no e-mail address."""

    code = "bad_email"
    default_remedy = "Write it like ada@example.org."


class UnknownMemberError(UnknownNameError):
    """Nobody such is a member of the organisation."""

    def __init__(self, who: object) -> None:
        super().__init__(f"There is no member {who}.")


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to be let in."""

    email: str
    name: str
    is_installation_admin: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in an organisation.

    Args:
        created_at: when he became a member.
        disabled_at: when he was shut out of the whole installation, if he was.
    """

    user_id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None


def checked_email(email: str) -> str:
    """Return an e-mail address as it is kept: as it was written, without space around it.

    Raises:
        EmailError: it is none.
    """
    plain = unicodedata.normalize("NFC", email).strip()
    if len(plain) > LONGEST_EMAIL or not _EMAIL.fullmatch(plain):
        raise EmailError("This is no e-mail address.")
    return plain


def same_email(email: str) -> str:
    """Return what is the same for all ways to write an e-mail address."""
    return unicodedata.normalize("NFC", email).strip().lower()


async def add_user(
    database: Database, organisation_id: UUID, new: NewUser, role: Role, now: datetime
) -> UUID:
    """Keep a user, who has no password yet, as a member of an organisation; return his id.

    Raises:
        UniqueViolationError: there is a user of this e-mail.
    """
    user_id = new_id(now)
    async with database.transaction(organisation_id, user_id=user_id) as tx:
        await put_user(tx, user_id, new, now)
        await put_member(tx, organisation_id, user_id, role, now)
    return user_id


async def find_user(database: Database, email: str) -> UUID | None:
    """Return who has an e-mail, whatever organisation he is in."""
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.find_user, (same_email(email),))
    return found["user_id"] if found else None


async def has_users(database: Database) -> bool:
    """Say whether there is any user yet."""
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.has_users)
    return bool(found and found["has_users"])


async def put_user(tx: Transaction, user_id: UUID, new: NewUser, now: datetime) -> None:
    """Keep a new user, as himself.

    Raises:
        UniqueViolationError: there is a user of this e-mail.
    """
    user = {
        "user_id": user_id,
        "email": new.email,
        "email_lower": same_email(new.email),
        "name": new.name,
        "is_installation_admin": new.is_installation_admin,
        "now": now,
    }
    await tx.execute(Q.insert_user, user)


async def put_password(tx: Transaction, user_id: UUID, password_hash: str, now: datetime) -> None:
    """Give a user a password, as himself."""
    row = {"user_id": user_id, "password_hash": password_hash, "now": now}
    await tx.execute(Q.put_password, row)


async def put_member(
    tx: Transaction, organisation_id: UUID, user_id: UUID, role: Role, now: datetime
) -> None:
    """Make a user a member of an organisation, or give a member another role."""
    member = {"organisation_id": organisation_id, "user_id": user_id}
    await tx.execute(Q.insert_membership, member | {"role": role.value, "now": now})


async def remove_member(tx: Transaction, organisation_id: UUID, user_id: UUID) -> None:
    """Let somebody be no member any more; his API keys go with it."""
    await tx.execute(Q.delete_membership, {"organisation_id": organisation_id, "user_id": user_id})


async def read_members(
    tx: Transaction, organisation_id: UUID, *, limit: int, after: str | None = None
) -> list[Member]:
    """Return members by e-mail.

    Args:
        after: only those after this e-mail, as `same_email` writes it.
    """
    asked = {"organisation_id": organisation_id, "only": None, "after": after, "limit": limit}
    rows = await tx.fetch_all(Q.read_members, asked)
    return [Member(**row | {"role": Role(row["role"])}) for row in rows]


async def read_member(tx: Transaction, organisation_id: UUID, user_id: UUID) -> Member | None:
    """Return a member; None where nobody such is."""
    asked = {"organisation_id": organisation_id, "only": user_id, "after": None, "limit": 1}
    row = await tx.fetch_one(Q.read_members, asked)
    return Member(**row | {"role": Role(row["role"])}) if row else None


async def hold_members(tx: Transaction, organisation_id: UUID) -> None:
    """Let nobody else change who is in an organisation until the transaction ends."""
    await tx.fetch_all(Q.hold_organisation, (organisation_id,))


async def count_other_owners(tx: Transaction, organisation_id: UUID, user_id: UUID) -> int:
    """Return how many others could act as owners."""
    asked = {"organisation_id": organisation_id, "user_id": user_id}
    row = await tx.fetch_one(Q.count_other_owners, asked)
    if row is None:
        raise InvariantError("PostgreSQL did not count.")
    return int(row["owners"])


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in, with what is kept of his password.

    Args:
        disabled_at: when he was shut out of the whole installation, if he was.
    """

    user_id: UUID
    email: str
    name: str
    is_installation_admin: bool
    created_at: datetime
    disabled_at: datetime | None
    password_hash: str | None = field(repr=False)


async def read_user(tx: Transaction, user_id: UUID) -> User | None:
    """Return a user, as himself."""
    row = await tx.fetch_one(Q.read_user, {"user_id": user_id})
    return User(**row) if row else None


async def hold_user(tx: Transaction, user: User) -> bool:
    """Keep a user as he is until the transaction ends; False where he changed since he was read."""
    row = await tx.fetch_one(Q.hold_user, {"user_id": user.user_id})
    return row is not None and row["password_hash"] == user.password_hash


async def rename_user(tx: Transaction, user_id: UUID, name: str) -> None:
    """Call a user by another name, as himself."""
    await tx.execute(Q.rename_user, {"user_id": user_id, "name": name})


async def make_installation_admin(tx: Transaction, user_id: UUID) -> None:
    """Let a user do what concerns every organisation, as himself."""
    await tx.execute(Q.make_installation_admin, (user_id,))


async def disable_user(tx: Transaction, user_id: UUID, disabled_at: datetime | None) -> None:
    """Shut a user out of the whole installation, or (None) let him in again, as himself."""
    await tx.execute(Q.disable_user, {"user_id": user_id, "disabled_at": disabled_at})


async def delete_user(tx: Transaction, user_id: UUID) -> None:
    """Forget a user with his sessions, memberships and keys, as himself."""
    await tx.execute(Q.delete_user, (user_id,))
