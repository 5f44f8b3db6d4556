"""Authorisations as rows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from storetwin.connections.authorisation import (
    CLAIM_LASTS,
    KEPT,
    LASTS,
    MOST_TRIES,
    MOST_WAITING,
    Asked,
    Authorisation,
    Scope,
    UnknownAuthorisationError,
    hash_of,
)
from storetwin.db import Database, Row, Transaction, load_queries
from storetwin.kernel.errors import ConflictError
from storetwin.kernel.ids import new_id

Q = load_queries("storetwin.connections")


class TooManyWaitingError(ConflictError):
    """An organisation has begun more than it will ever finish."""

    code = "too_many_authorisations"
    default_remedy = "Finish one, or wait: each ends by itself after an hour."


async def begin(
    tx: Transaction, organisation_id: UUID, asked: Asked, state: str, now: datetime
) -> Authorisation:
    """Write down that a store is asked; those that are long over are forgotten.

    Raises:
        TooManyWaitingError: too many wait already.
    """
    await tx.execute(Q.forget_authorisations, (now - KEPT,))
    row = await tx.fetch_one(Q.count_waiting_authorisations, (now,))
    if row is not None and row["waiting"] >= MOST_WAITING:
        raise TooManyWaitingError(f"{row['waiting']} authorisations are waiting already.")
    values = {
        "organisation_id": organisation_id,
        "authorisation_id": new_id(now),
        "created_by": asked.created_by,
        "name": asked.name,
        "url": asked.url,
        "scope": asked.scope.value,
        "ca": asked.ca,
        "is_tls_insecure": asked.is_tls_insecure,
        "state_hash": hash_of(state),
        "now": now,
        "expires_at": now + LASTS,
    }
    row = await tx.fetch_one(Q.insert_authorisation, values)
    assert row is not None
    return _authorisation(row)


async def find(database: Database, state: str) -> tuple[UUID, UUID] | None:
    """Return (organisation_id, authorisation_id) of a state, whoever's it is; None for nobody's."""
    async with database.transaction(None) as tx:
        row = await tx.fetch_one(Q.find_authorisation, (hash_of(state),))
    return (row["organisation_id"], row["authorisation_id"]) if row else None


async def read(tx: Transaction, authorisation_id: UUID) -> Authorisation:
    """Return an authorisation.

    Raises:
        UnknownAuthorisationError: the organisation has none of this id.
    """
    row = await tx.fetch_one(Q.select_authorisation, (authorisation_id,))
    if row is None:
        raise UnknownAuthorisationError
    return _authorisation(row)


async def claim(tx: Transaction, authorisation_id: UUID, now: datetime) -> Authorisation:
    """Be the only one who tries keys that came; counts as a try.

    Raises:
        UnknownAuthorisationError: it is over, or other keys are being tried.
    """
    values = {"id": authorisation_id, "now": now, "before": now - CLAIM_LASTS, "most": MOST_TRIES}
    row = await tx.fetch_one(Q.claim_authorisation, values)
    if row is None:
        raise UnknownAuthorisationError
    return _authorisation(row)


async def settle(
    tx: Transaction, authorisation_id: UUID, connection_id: UUID, now: datetime
) -> None:
    """Write down which connection the keys went to."""
    values = {"id": authorisation_id, "connection_id": connection_id, "now": now}
    await tx.execute(Q.settle_authorisation, values)


async def refuse(tx: Transaction, authorisation_id: UUID, trouble: str, remedy: str | None) -> None:
    """Write down why the keys were not taken; others may come."""
    values = {"id": authorisation_id, "trouble": trouble, "remedy": remedy}
    await tx.execute(Q.refuse_authorisation, values)


def _authorisation(row: Row) -> Authorisation:
    return Authorisation(**row | {"scope": Scope(row["scope"])})
