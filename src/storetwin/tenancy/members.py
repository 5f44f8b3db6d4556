"""Users, and what they are in an organisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Role

Q = load_queries("storetwin.tenancy")


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody who is to be let in."""

    email: str
    name: str
    is_installation_admin: bool = False


async def add_user(
    database: Database, organisation_id: UUID, new: NewUser, role: Role, now: datetime
) -> UUID:
    """Keep a user, who has no password yet, as a member of an organisation; return his id.

    Raises:
        UniqueViolationError: there is a user of this e-mail.
    """
    user_id = new_id(now)
    async with database.transaction(organisation_id, user_id=user_id) as tx:
        user = {
            "user_id": user_id,
            "email": new.email,
            "email_lower": new.email.lower(),
            "name": new.name,
            "is_installation_admin": new.is_installation_admin,
            "now": now,
        }
        await tx.execute(Q.insert_user, user)
        member = {"organisation_id": organisation_id, "user_id": user_id}
        await tx.execute(Q.insert_membership, member | {"role": role.value, "now": now})
    return user_id
