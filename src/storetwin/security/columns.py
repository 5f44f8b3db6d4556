"""Columns that hold sealed values: counted by the key that sealed them, and sealed anew.

A test compares these columns with those of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storetwin.db import Row, Transaction, load_queries
from storetwin.security.vault import (
    SealBrokenError,
    Vault,
    WrongEncryptionKeyError,
    sealing_key_of,
)

AT_ONCE = 100  # values in one transaction
Q = load_queries("storetwin.security")


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values.

    Args:
        table: with its schema.
        key: columns that name a row within an organisation.
        column: that holds the values; NULL where there is none.
        place: what a value is bound to, with the key's columns in braces.
        page: reads some values; put: writes one anew.
    """

    table: str
    key: tuple[str, ...]
    column: str
    place: str
    page: str
    put: str


COLUMNS = (
    SealedColumn(
        "connections.connections",
        ("id",),
        "sealed_credentials",
        "connections/{id}/credentials",
        Q.page_credentials,
        Q.put_credentials,
    ),
    SealedColumn(
        "connections.webhooks",
        ("connection_id",),
        "sealed_token",
        "connections/{connection_id}/webhooks/token",
        Q.page_tokens,
        Q.put_tokens,
    ),
    SealedColumn(
        "connections.webhooks",
        ("connection_id",),
        "sealed_secret",
        "connections/{connection_id}/webhooks/secret",
        Q.page_webhook_secrets,
        Q.put_webhook_secrets,
    ),
    SealedColumn(
        "tenancy.answers",
        (
            "actor_id",
            "idempotency_key",
        ),
        "sealed_body",
        "tenancy/answers/{actor_id}/{idempotency_key}",
        Q.page_answers,
        Q.put_answers,
    ),
    SealedColumn(
        "security.vault_checks",
        ("organisation_id",),
        "sealed_digest_key",
        "security/digest_keys/{organisation_id}",
        Q.page_digest_keys,
        Q.put_digest_keys,
    ),
)
"""Every column of sealed values, but those of the vault's check itself."""


@dataclass(frozen=True, slots=True)
class Look:
    """What looking at some sealed values came to.

    Args:
        keys: id of the key of each, as it was found.
        resealed: how many are under the current key now.
        stuck: ids of the keys of those that could not be opened.
        last: where the next look goes on; None where all have been looked at.
    """

    keys: tuple[str, ...] = ()
    resealed: int = 0
    stuck: tuple[str, ...] = ()
    last: tuple[Any, ...] | None = None


async def look_at_column(
    tx: Transaction,
    column: SealedColumn,
    vault: Vault,
    after: tuple[Any, ...] | None,
    *,
    is_rehearsal: bool,
) -> Look:
    """Look at some values of a column, and seal anew what another key than the current one sealed.

    A value that somebody else writes at the same time stays as he writes it.

    Args:
        after: where the look before ended; None at the beginning.
        is_rehearsal: change nothing, only count.
    """
    rows = await _page(tx, column, after)
    keys, stuck, resealed = [], [], 0
    for row in rows:
        sealed = bytes(row["sealed"])
        keys.append(sealing_key_of(sealed))
        if keys[-1] == vault.key_id:
            continue
        new = _resealed(vault, sealed, column.place.format(**row))
        if new is None:
            stuck.append(keys[-1])
        elif not is_rehearsal:
            resealed += await _replace(tx, column, row, new)
    last = tuple(rows[-1][name] for name in column.key) if len(rows) == AT_ONCE else None
    return Look(tuple(keys), resealed, tuple(stuck), last)


def _resealed(vault: Vault, sealed: bytes, place: str) -> bytes | None:
    try:
        return vault.seal(vault.open(sealed, bound_to=place), bound_to=place)
    except (SealBrokenError, WrongEncryptionKeyError):
        return None


async def _page(tx: Transaction, column: SealedColumn, after: tuple[Any, ...] | None) -> list[Row]:
    begin = after or (None,) * len(column.key)
    key = {f"after_{name}": value for name, value in zip(column.key, begin, strict=True)}
    return await tx.fetch_all(column.page, key | {"limit": AT_ONCE})


async def _replace(tx: Transaction, column: SealedColumn, row: Row, new: bytes) -> int:
    key = {name: row[name] for name in column.key}
    return await tx.execute(column.put, key | {"new": new, "old": row["sealed"]})
