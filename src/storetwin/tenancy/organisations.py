"""Organisations: the tenants, to which everything belongs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from storetwin.db import Database, load_queries
from storetwin.db.database import Transaction
from storetwin.db.organisations import DEFAULT_ORGANISATION
from storetwin.kernel.errors import ConfigurationError, ConflictError
from storetwin.kernel.ids import new_id
from storetwin.tenancy.models import Role

Q = load_queries("storetwin.tenancy")
LONGEST_NAME: Final = 200


class OrganisationInUseError(ConflictError):
    """An organisation cannot be removed yet, or never."""

    code = "organisation_in_use"


class BadNameError(ConfigurationError):
    """A name that nothing can have."""

    code = "bad_name"


@dataclass(frozen=True, slots=True)
class Organisation:
    """A tenant.

    Args:
        role: what whoever asks is in it, where that is known.
    """

    organisation_id: UUID
    name: str
    created_at: datetime
    role: Role | None = None


def checked_name(name: str) -> str:
    """Return a name without space around it.

    Raises:
        BadNameError: nothing is left of it, or it is too long.
    """
    plain = name.strip()
    if not plain or len(plain) > LONGEST_NAME:
        raise BadNameError(
            "The name is empty." if not plain else "The name is too long.",
            remedy=f"Give one of 1 to {LONGEST_NAME} characters.",
        )
    return plain


async def every_organisation(database: Database) -> list[Organisation]:
    """Return all organisations of the installation, each read in its own scope."""
    async with database.transaction(None) as tx:
        rows = await tx.fetch_all(Q.organisation_ids)
    found = []
    for row in rows:
        async with database.transaction(row["organisation_id"]) as tx:
            one = await read_organisation(tx, row["organisation_id"])
        if one is not None:
            found.append(one)
    return found


async def read_organisation(tx: Transaction, organisation_id: UUID) -> Organisation | None:
    """Return an organisation, in its own scope; None where there is none."""
    row = await tx.fetch_one(Q.read_organisation, (organisation_id,))
    return Organisation(**row) if row else None


async def read_own_organisations(
    tx: Transaction,
    user_id: UUID,
    *,
    limit: int,
    after: UUID | None = None,
    only: UUID | None = None,
) -> list[Organisation]:
    """Return the organisations a user is in, as himself, by id."""
    asked = {"user_id": user_id, "only": only, "after": after, "limit": limit}
    rows = await tx.fetch_all(Q.read_own_organisations, asked)
    return [Organisation(**row | {"role": Role(row["role"])}) for row in rows]


def new_organisation(name: str, now: datetime) -> Organisation:
    """Return an organisation that is to be made.

    Raises:
        BadNameError: it cannot be called so.
    """
    return Organisation(new_id(now), checked_name(name), now)


async def insert_organisation(tx: Transaction, new: Organisation) -> None:
    """Keep a new organisation, in its own scope."""
    row = {"organisation_id": new.organisation_id, "name": new.name, "now": new.created_at}
    await tx.execute(Q.make_organisation, row)


async def rename_organisation(tx: Transaction, organisation_id: UUID, name: str) -> bool:
    """Call an organisation by another name; False where there is none.

    Raises:
        BadNameError: it cannot be called so.
    """
    row = {"organisation_id": organisation_id, "name": checked_name(name)}
    return bool(await tx.execute(Q.rename_organisation, row))


async def delete_organisation(tx: Transaction, organisation_id: UUID, name: str) -> None:
    """Remove an organisation with its members, keys, and audit log.

    Args:
        name: its name once more, so that nobody removes another than he means.

    Raises:
        OrganisationInUseError: it is the default one, it has connections still, or is not called so.
    """
    if organisation_id == DEFAULT_ORGANISATION:
        raise OrganisationInUseError(
            "The default organisation cannot be removed.", remedy="Rename it, if you like."
        )
    found = await tx.fetch_one(Q.hold_whole_organisation, (organisation_id,))
    if found is None:
        return
    if found["name"] != name:
        raise OrganisationInUseError(
            "The organisation is not called so.", remedy="Repeat its name exactly."
        )
    if found["has_connections"]:
        raise OrganisationInUseError(
            "The organisation has connections to stores.", remedy="Remove those first."
        )
    await tx.execute(Q.delete_organisation, (organisation_id,))
