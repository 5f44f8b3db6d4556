"""Texts of ours that may speak of somebody: reasons of dead letters, errors of runs, certificates."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.runs.repository import Q


@dataclass(frozen=True, slots=True)
class _Kind:
    find: str
    put: str
    key: str
    columns: tuple[str, ...]


_KINDS = (
    _Kind(Q.letters_mentioning, Q.scrub_letter, "dead_letter_id", ("name", "reason")),
    _Kind(Q.errors_mentioning, Q.scrub_error, "run_id", ("error",)),
    _Kind(Q.certificates_mentioning, Q.scrub_certificate, "certificate_id", ("document",)),
)
KINDS = ("dead_letters", "runs", "certificates")


async def find_mentions(
    tx: Transaction, connection_id: UUID, terms: Collection[str]
) -> dict[str, list[Row]]:
    """Return the rows of a connection that have one of some terms in a text, by what they are.

    Args:
        terms: in lower case.
    """
    values = {"connection_id": connection_id, "terms": sorted(terms)}
    return {
        name: await tx.fetch_all(kind.find, values) if terms else []
        for name, kind in zip(KINDS, _KINDS, strict=True)
    }


async def scrub_mentions(
    tx: Transaction, connection_id: UUID, terms: Collection[str], scrubbed: Callable[[str], str]
) -> dict[str, int]:
    """Write those texts anew; return how many rows changed, by what they are."""
    found = await find_mentions(tx, connection_id, terms)
    for kind, rows in zip(_KINDS, found.values(), strict=True):
        for row in rows:
            put: dict[str, Any] = {
                name: None if row[name] is None else scrubbed(row[name]) for name in kind.columns
            }
            await tx.execute(kind.put, put | {"id": row[kind.key]})
    return {name: len(rows) for name, rows in found.items()}


async def drop_evidence(tx: Transaction, organisation_id: UUID, connection_id: UUID) -> int:
    """Forget what a store answered for its dead letters; return of how many.

    What is redacted by its shape can still hold somebody's name, and the next attempt brings it anew.
    """
    key = {"organisation_id": organisation_id, "connection_id": connection_id}
    return await tx.execute(Q.drop_evidence, key)
