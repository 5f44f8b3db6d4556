"""Invitations: one-time links by which somebody becomes a member."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Row, Transaction
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Role
from storetwin.tenancy.one_time import INVITATION_PREFIX, hash_of, new_secret

Q = load_queries("storetwin.tenancy")
LIFETIME: Final = timedelta(days=7)
FIRST_LIFETIME: Final = timedelta(days=1)
KEPT_FOR: Final = timedelta(days=90)  # after its end


class State(StrEnum):
    """What has become of an invitation."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InvitationGoneError(UnknownNameError):
    """A link that is nobody's, expired, taken back or used; it never says which."""

    code = "no_invitation"
    default_remedy = "Ask for a new one."

    def __init__(self) -> None:
        super().__init__("This invitation is not, or no longer, of any use.")


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """Whom somebody invites.

    Args:
        email: who is meant; None: whoever has the link says it.
        is_first: for the very first user: of no use as soon as there is one.
    """

    role: Role
    email: str | None = None
    is_installation_admin: bool = False
    is_first: bool = False

    @property
    def lifetime(self) -> timedelta:
        """Return how long it can be accepted."""
        return FIRST_LIFETIME if self.is_first else LIFETIME


@dataclass(frozen=True, slots=True)
class IssuedInvitation:
    """An invitation that was just made: the only time that its token is known."""

    invitation_id: UUID
    token: str = field(repr=False)
    expires_at: datetime

    def link(self, url: str) -> str:
        """Return the link; the token is in its fragment, which no server logs."""
        return f"{url.rstrip('/')}/join#{self.token}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation as it is listed.

    Args:
        invited_by: the e-mail of who made it, while he is a member.
    """

    invitation_id: UUID
    email: str | None
    role: Role
    is_installation_admin: bool
    invited_by: str | None
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None

    def state(self, now: datetime) -> State:
        """Return what has become of it."""
        if self.accepted_at is not None:
            return State.ACCEPTED
        if self.revoked_at is not None:
            return State.REVOKED
        return State.OPEN if now < self.expires_at else State.EXPIRED


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that can be accepted."""

    invitation_id: UUID
    email: str | None
    role: Role
    is_installation_admin: bool


async def insert_invitation(
    tx: Transaction,
    organisation_id: UUID,
    new: NewInvitation,
    now: datetime,
    invited_by: UUID | None = None,
) -> IssuedInvitation:
    """Make an invitation; forget those of long ago."""
    token = new_secret(INVITATION_PREFIX)
    issued = IssuedInvitation(new_id(now), token, now + new.lifetime)
    old = {"organisation_id": organisation_id, "before": now - KEPT_FOR}
    await tx.execute(Q.drop_invitations, old)
    await tx.execute(
        Q.insert_invitation,
        {
            "invitation_id": issued.invitation_id,
            "organisation_id": organisation_id,
            "email": new.email,
            "role": new.role.value,
            "is_installation_admin": new.is_installation_admin,
            "is_first": new.is_first,
            "token_hash": hash_of(token),
            "invited_by": invited_by,
            "now": now,
            "expires_at": issued.expires_at,
        },
    )
    return issued


async def find_invitation(database: Database, token: str) -> tuple[UUID, UUID] | None:
    """Return organisation and id of an invitation; None for a token that is nobody's."""
    async with database.transaction(None) as tx:
        found = await tx.fetch_one(Q.find_invitation, (hash_of(token),))
    return (found["organisation_id"], found["invitation_id"]) if found else None


async def read_open(tx: Transaction, invitation_id: UUID, now: datetime) -> OpenInvitation | None:
    """Return an invitation if it can be accepted.

    Who made it has to be able to give this role still: who was sent away leaves no doors open.
    """
    key = {"invitation_id": invitation_id, "now": now}
    row = await tx.fetch_one(Q.read_open_invitation, key)
    if row is None or (row["is_first"] and row["has_users"]):
        return None
    if row["invited_by"] is not None and not _may_still(row):
        return None
    return OpenInvitation(
        row["invitation_id"], row["email"], Role(row["role"]), row["is_installation_admin"]
    )


def _may_still(row: Row) -> bool:
    if row["inviter_role"] is None:
        return False
    inviter, role = Role(row["inviter_role"]), Role(row["role"])
    return inviter.rank >= max(role.rank, Role.ADMINISTRATOR.rank)


async def use_invitation(tx: Transaction, invitation_id: UUID, now: datetime) -> bool:
    """Use an invitation; False where somebody else did, or it ended."""
    key = {"invitation_id": invitation_id, "now": now}
    return bool(await tx.execute(Q.accept_invitation, key))


async def revoke_invitation(
    tx: Transaction, organisation_id: UUID, invitation_id: UUID, now: datetime
) -> bool:
    """Take an invitation back; False where there is none that could be."""
    key = {"organisation_id": organisation_id, "invitation_id": invitation_id, "now": now}
    return bool(await tx.execute(Q.revoke_invitation, key))


async def revoke_first(tx: Transaction, organisation_id: UUID, now: datetime) -> None:
    """Take back every link that was made for the first user."""
    await tx.execute(Q.revoke_first_invitations, {"organisation_id": organisation_id, "now": now})


async def read_invitations(
    tx: Transaction,
    organisation_id: UUID,
    *,
    limit: int,
    before: UUID | None = None,
    only: UUID | None = None,
) -> list[Invitation]:
    """Return the invitations of an organisation, the newest first."""
    asked = {"organisation_id": organisation_id, "only": only, "before": before, "limit": limit}
    rows = await tx.fetch_all(Q.read_invitations, asked)
    return [Invitation(**row | {"role": Role(row["role"])}) for row in rows]
