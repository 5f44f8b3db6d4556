"""Forgetting answers of the API that had to do with somebody who is erased."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from storetwin.db import Transaction, load_queries
from storetwin.security import SealBrokenError, Vault, WrongEncryptionKeyError

Q = load_queries("storetwin.tenancy")


async def drop_mentioning(
    tx: Transaction,
    vault: Vault,
    organisation_id: UUID,
    terms: Collection[str],
    *,
    is_rehearsal: bool,
) -> int:
    """Drop the kept answers in which one of some terms stands; return how many those were.

    A request that is sent again with the same key is done again then.

    Args:
        terms: in lower case.
    """
    dropped = 0
    for row in await tx.fetch_all(Q.list_answers, (organisation_id,)):
        place = f"tenancy/answers/{row['actor_id']}/{row['idempotency_key']}"
        try:
            body = vault.open(bytes(row["sealed_body"]), bound_to=place)
        except (SealBrokenError, WrongEncryptionKeyError):
            continue  # nobody reads it, and it goes by itself in a day
        text = body.decode("utf-8", "replace").lower()
        if not any(term in text for term in terms):
            continue
        dropped += 1
        if not is_rehearsal:
            key = (organisation_id, row["actor_id"], row["idempotency_key"])
            await tx.execute(Q.drop_answer, key)
    return dropped
