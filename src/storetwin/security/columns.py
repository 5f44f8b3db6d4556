"""Columns that hold sealed values: counted by the key that sealed them, and sealed anew.

Which columns these are is said in one place (``storetwin.hub.vaults``). The only dynamic SQL of this
room is here, and its names come from there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from storetwin.db import Row, Transaction
from storetwin.kernel.errors import InvariantError
from storetwin.security.vault import (
    SealBrokenError,
    Vault,
    WrongEncryptionKeyError,
    sealing_key_of,
)

AT_ONCE = 100  # values in one transaction
_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)?")


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values.

    Args:
        table: with its schema.
        key: columns that name a row within an organisation.
        column: that holds the values; NULL where there is none.
        place: what a value is bound to, with the key's columns in braces.
    """

    table: str
    key: tuple[str, ...]
    column: str
    place: str

    def __post_init__(self) -> None:
        """Let nothing into a statement that is no name."""
        if not all(map(_NAME.fullmatch, (self.table, self.column, *self.key))):
            raise InvariantError(f"{self.table}.{self.column} is no column.")


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
        sealed = bytes(row[column.column])
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
    names = ", ".join(column.key)
    behind = f"AND ({names}) > ({', '.join(['%s'] * len(column.key))})" if after else ""
    return await tx.fetch_all(
        f"SELECT {names}, {column.column} FROM {column.table}"  # noqa: S608 - checked names
        f" WHERE {column.column} IS NOT NULL {behind} ORDER BY {names} LIMIT {AT_ONCE}",
        after,
    )


async def _replace(tx: Transaction, column: SealedColumn, row: Row, new: bytes) -> int:
    named = " AND ".join(f"{name} = %s" for name in column.key)
    return await tx.execute(
        f"UPDATE {column.table} SET {column.column} = %s"  # noqa: S608 - checked names
        f" WHERE {named} AND {column.column} = %s",
        (new, *(row[name] for name in column.key), row[column.column]),
    )
