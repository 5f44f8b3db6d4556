"""Which earlier versions are kept, and dropping the others.

Everything is kept unless a person sets a rule for a connection. An earlier version goes only where
no rule that is set keeps it: neither is it among the latest so many of its record, nor was it
current within the last so many days. The current version always stays, and of a record that is
gone the last that it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storetwin.connections.options import Options
from storetwin.db.database import Row, Transaction
from storetwin.mirror.repository import Q, Shelf

AT_ONCE = 2_000  # versions looked at in one transaction
Key = tuple[str, str, int]
START: Key = ("", "", 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """What of a record's earlier versions is kept; None where a rule is not set.

    Args:
        latest: so many of its latest versions, the current one among them.
        age: those that were current so long ago or less: what the record was at any time within
            it can be shown.
    """

    latest: int | None = None
    age: timedelta | None = None

    @classmethod
    def of(cls, options: Options) -> Rule:
        """Return the rule of a connection."""
        days = options.keep_days
        return cls(options.keep_versions, None if days is None else timedelta(days=days))

    @property
    def is_set(self) -> bool:
        """Say whether anything may go at all."""
        return self.latest is not None or self.age is not None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier version, and what is current of its record.

    Args:
        current: number of the current version, or of the tombstone.
        is_gone: the record has a tombstone.
    """

    version: int
    superseded_at: datetime
    current: int
    is_gone: bool


def may_go(rule: Rule, earlier: Earlier, now: datetime) -> bool:
    """Say whether an earlier version is kept by nothing."""
    if not rule.is_set or (earlier.is_gone and earlier.version == earlier.current - 1):
        return False
    is_among_latest = rule.latest is not None and earlier.version > earlier.current - rule.latest
    is_young = rule.age is not None and earlier.superseded_at > now - rule.age
    return not is_among_latest and not is_young


@dataclass(frozen=True, slots=True)
class Swept:
    """What one look at some versions came to.

    Args:
        dropped: how many versions went.
        last: where the next look goes on; None where all have been looked at.
    """

    dropped: int
    last: Key | None


async def drop_versions(
    tx: Transaction, shelf: Shelf, rule: Rule, after: Key, now: datetime, *, is_rehearsal: bool
) -> Swept:
    """Look at some earlier versions of a connection, and drop those that nothing keeps.

    Args:
        shelf: of the connection; the resource does not matter.
        after: where the look before ended, or :data:`START`.
        is_rehearsal: drop nothing, only count.
    """
    keys = dict(zip(("resource", "remote_id", "version"), after, strict=True))
    rows = await tx.fetch_all(Q.page_versions, shelf.params() | keys | {"limit": AT_ONCE})
    going = [_key(row) for row in rows if may_go(rule, _earlier(row), now)]
    if going and not is_rehearsal:
        await _delete(tx, shelf, going)
    return Swept(len(going), _key(rows[-1]) if len(rows) == AT_ONCE else None)


async def _delete(tx: Transaction, shelf: Shelf, keys: Sequence[Key]) -> None:
    resources, ids, versions = map(list, zip(*keys, strict=True))
    own = replace(shelf, resource="")
    await tx.execute(Q.delete_versions, own.params(resources=resources, ids=ids, versions=versions))


def _key(row: Row) -> Key:
    return (row["resource"], row["remote_id"], row["version"])


def _earlier(row: Row) -> Earlier:
    return Earlier(row["version"], row["superseded_at"], row["current"], row["is_gone"])


async def count_settled(tx: Transaction, shelf: Shelf, before: datetime) -> int:
    """Count the organisation's deliveries that were settled before a moment."""
    row = await tx.fetch_one(Q.count_settled, shelf.params(before=before))
    return int(row["n"]) if row else 0
