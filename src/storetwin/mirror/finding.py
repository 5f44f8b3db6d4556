"""Lists of the records that a twin holds, in pages that begin where the one before ended.

The conditions of a list are put together here and nowhere else, from texts of our own: a statement
with all of them in it (``… IS NULL OR …``) would get a plan that fits none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from storetwin.db.database import Row, Transaction
from storetwin.db.errors import DatabaseBusyError
from storetwin.kernel.errors import ConfigurationError
from storetwin.mirror.models import State
from storetwin.mirror.repository import Q, Shelf, document_of
from storetwin.security import masked

PATIENCE = "10s"  # how long a list may be looked for
SHORTEST_TEXT = 3  # characters: shorter ones occur nearly everywhere, and no index knows them


class TooWideError(ConfigurationError):
    """What was asked for takes too long to be found."""

    code = "too_wide"
    default_remedy = "Narrow it: by a time, a parent, an e-mail or ids."


class Order(StrEnum):
    """What a list is sorted by: the store's ids as text, or when they changed here."""

    ID = "id"
    CHANGED = "changed_at"
    LATEST = "-changed_at"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of a resource; whatever is None asks for nothing.

    Args:
        ids: the store's own.
        state: how the store has them; None: all that are not gone.
        is_whatever: those that are gone as well.
        status: the store's word, like ``completed``.
        parent: id of what contains them.
        email: in any case.
        modified_since, modified_until: by the store's date; the end itself is not meant.
        changed_since, changed_until: when the version was written here.
    """

    ids: tuple[str, ...] | None = None
    state: State | None = None
    is_whatever: bool = False
    status: str | None = None
    parent: str | None = None
    email: str | None = None
    modified_since: datetime | None = None
    modified_until: datetime | None = None
    changed_since: datetime | None = None
    changed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One record, without its document.

    Args:
        status: the store's word for it, where it has one.
        size: bytes that the document takes, about.
    """

    remote_id: str
    parent_id: str | None
    state: State
    version: int
    status: str | None
    brought_by: str
    modified_at: datetime | None
    created_at: datetime | None
    read_at: datetime
    changed_at: datetime
    content_hash: str
    size: int


def only(wanted: Wanted, ids: Sequence[str]) -> Wanted:
    """Return the same, of some records."""
    return replace(wanted, ids=tuple(ids))


_CONDITIONS = {
    "ids": "remote_id = ANY(%(ids)s::text[])",
    "state": "state = %(state)s",
    "status": "status = %(status)s",
    "parent": "parent_id = %(parent)s AND parent_id <> '0'",
    "email": "email_lower = %(email)s",
    "modified_since": "modified_at >= %(modified_since)s",
    "modified_until": "modified_at < %(modified_until)s",
    "changed_since": "changed_at >= %(changed_since)s",
    "changed_until": "changed_at < %(changed_until)s",
}
_PRESENT = "state <> 'gone'"
_BEHIND = {
    Order.ID: "remote_id > %(after_id)s",
    Order.CHANGED: "changed_at >= %(after_at)s AND (changed_at, remote_id) > (%(after_at)s, %(after_id)s)",
    Order.LATEST: "changed_at <= %(after_at)s AND (changed_at, remote_id) < (%(after_at)s, %(after_id)s)",
}
_SORTED = {
    Order.ID: "remote_id",
    Order.CHANGED: "changed_at, remote_id",
    Order.LATEST: "changed_at DESC, remote_id DESC",
}
Position = tuple[datetime | None, str]
"""(changed_at, remote_id) of the last record of a page; sorted by ids only the second counts."""


def statement(wanted: Wanted, order: Order, after: Position | None) -> tuple[str, dict[str, Any]]:
    """Return the statement that finds records, and its parameters besides the shelf's and the limit."""
    params = {
        field.name: getattr(wanted, field.name)
        for field in fields(wanted)
        if field.name in _CONDITIONS and getattr(wanted, field.name) is not None
    }
    conditions = [_CONDITIONS[name] for name in params]
    if wanted.state is None and not wanted.is_whatever:
        conditions.append(_PRESENT)
    if order is not Order.ID:
        conditions.append("changed_at > '-infinity'")  # so that its partial index may be taken
    if after is not None:
        conditions.append(_BEHIND[order])
        params["after_at"], params["after_id"] = after
    if wanted.email is not None:
        params["email"] = wanted.email.lower()
    if wanted.ids is not None:
        params["ids"] = list(wanted.ids)
    text = "".join(f" AND {condition}" for condition in conditions)
    return Q.page_records.replace("/* conditions */", f"{text} ORDER BY {_SORTED[order]}"), params


async def page_records(
    tx: Transaction,
    shelf: Shelf,
    wanted: Wanted,
    *,
    order: Order = Order.ID,
    after: Position | None = None,
    limit: int,
) -> list[Found]:
    """Return the first records that fit, behind a position.

    Raises:
        TooWideError: few fit and many have to be looked at.
    """
    query, params = statement(wanted, order, after)
    await tx.set_local("statement_timeout", PATIENCE)
    try:
        rows = await tx.fetch_all(query, shelf.params(limit=limit, **params))
    except DatabaseBusyError as error:
        raise _too_wide() from error
    return [_found(row) for row in rows]


def _found(row: Row) -> Found:
    size = (row.pop("payload_size") or 0) + (row.pop("raw_size") or 0)
    return Found(**(row | {"state": State(row["state"]), "size": size}))


async def search_ids(
    tx: Transaction, shelf: Shelf, text: str, *, after: str = "", limit: int
) -> list[str]:
    """Return the ids of records in which a text occurs, be it inside a word; ascending.

    It is looked for in what people search by (a resource's ``search``), in any case; records that
    are gone are found as well.

    Raises:
        ConfigurationError: the text is too short.
        TooWideError: it takes too long.
    """
    wanted = text.strip().lower()
    if len(wanted) < SHORTEST_TEXT:
        raise ConfigurationError(
            "The text to search for is too short.",
            remedy=f"Give {SHORTEST_TEXT} characters or more.",
        )
    await tx.set_local("statement_timeout", PATIENCE)
    params = shelf.params(text=wanted, after=after, limit=limit)
    try:
        rows = await tx.fetch_all(Q.search_records, params)
    except DatabaseBusyError as error:
        raise _too_wide() from error
    return [row["remote_id"] for row in rows]


def _too_wide() -> TooWideError:
    return TooWideError(f"It was not found within {PATIENCE.removesuffix('s')} seconds.")


async def read_records(
    tx: Transaction, shelf: Shelf, ids: Sequence[str]
) -> dict[str, tuple[Found, bytes]]:
    """Return some records by id, with their exact bytes; what is sealed in them is hidden."""
    found = {}
    for row in await tx.fetch_all(Q.read_records, shelf.params(ids=list(ids))):
        document = masked(document_of({name: row.pop(name) for name in ("payload", "raw")}))
        found[row["remote_id"]] = (_found(row), document)
    return found


async def count_of(tx: Transaction, shelf: Shelf) -> dict[str, dict[State, int]]:
    """Return how many records the shelf's connection has, by resource and state.

    Args:
        tx: a steady one: the counts come from several statements.
    """
    found: dict[str, dict[State, int]] = {}
    for row in await tx.fetch_all(Q.count_unlike_listed, shelf.params()):
        found.setdefault(row["resource"], {})[State(row["state"])] = row["n"]
    for row in await tx.fetch_all(Q.count_present_of, shelf.params()):
        counts = found.setdefault(row["resource"], {})
        others = sum(n for state, n in counts.items() if state is not State.GONE)
        if row["n"] > others:
            counts[State.LISTED] = row["n"] - others
    return found


async def last_changes_of(
    tx: Transaction, shelf: Shelf, resources: Sequence[str]
) -> dict[str, datetime]:
    """Return when a record of each resource was last written; of those that have any."""
    rows = await tx.fetch_all(Q.last_changes_of, shelf.params(resources=list(resources)))
    return {row["resource"]: row["changed_at"] for row in rows}


def within(found: Sequence[Found], most_bytes: int) -> Sequence[Found]:
    """Return as many from the beginning as fit into some bytes; one at least."""
    total = 0
    for place, one in enumerate(found):
        total += one.size
        if place and total > most_bytes:
            return found[:place]
    return found
