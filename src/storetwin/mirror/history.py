"""What a record was, version by version, and what happened to a connection's records when.

A version holds from when it was written here until the next one was. A tombstone is a version as
well: it holds from when the record was found gone, and keeps the content it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import zstandard

from storetwin.db.database import Row, Transaction
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.moments import read_moment
from storetwin.mirror.differences import Comparison, compare
from storetwin.mirror.models import State
from storetwin.mirror.repository import Q, Shelf, document_of
from storetwin.security import masked

AT_ONCE = 20  # documents in memory; a record may have megabytes


class What(StrEnum):
    """What a version was to its record."""

    NEW = "new"
    CHANGED = "changed"
    GONE = "gone"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a record, without its document.

    Args:
        number: counted from 1.
        state: how the store had the record.
        brought_by: pull, sweep, webhook or push.
        modified_at: when the store dates the change, where it dates it.
        read_at: when the store sent it, by the store's clock.
        written_at: when it was written here.
        superseded_at: when the next version was written here; None for the current one.
    """

    number: int
    state: State
    brought_by: str
    modified_at: datetime | None
    read_at: datetime
    written_at: datetime
    superseded_at: datetime | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class Event:
    """A version that was written, of any record of a connection.

    Args:
        fields: names of the fields that differ from the version before; None where that one is
            not kept any more.
    """

    resource: str
    remote_id: str
    version: int
    what: What
    state: State
    brought_by: str
    modified_at: datetime | None
    written_at: datetime
    fields: tuple[str, ...] | None = ()


# -- decisions ------------------------------------------------------------------------------------


def held_at(versions: Sequence[Version], moment: datetime) -> Version | None:
    """Return the version that held at a moment; None before the first of those given.

    Args:
        versions: of one record, ascending.
    """
    found, begin = None, None
    for version in versions:
        if (begin or version.written_at) > moment:
            break
        found, begin = version, version.superseded_at
    return found


def find_version(versions: Sequence[Version], text: str) -> Version:
    """Return the version that a person means: by its number, by a time at which it held, or ``now``.

    Args:
        versions: of one record, ascending; at least one.

    Raises:
        UnknownNameError: there is none, or it is not kept any more; says what there is.
        ConfigurationError: it is neither a number nor a time.
    """
    if text.strip().lower() == "now":
        return versions[-1]
    if text.strip().isdecimal():
        found = next((v for v in versions if v.number == int(text)), None)
        if found is not None:
            return found
        raise UnknownNameError(
            f"There is no version {text.strip()}.",
            remedy=f"Versions {versions[0].number} to {versions[-1].number} are kept.",
        )
    moment = read_moment(text)
    return held_at(versions, moment) or _too_early(versions[0], moment)


def _too_early(first: Version, moment: datetime) -> Version:
    if first.number == 1:
        raise UnknownNameError(
            f"The twin did not have it at {moment:%Y-%m-%d %H:%M:%S} UTC.",
            remedy=f"Its first version was written at {first.written_at:%Y-%m-%d %H:%M:%S} UTC.",
        )
    raise UnknownNameError(
        f"What the twin had of it at {moment:%Y-%m-%d %H:%M:%S} UTC is not kept any more.",
        remedy=f"Version {first.number} is the first that is kept; it was written at "
        f"{first.written_at:%Y-%m-%d %H:%M:%S} UTC.",
    )


def what_happened(number: int, state: str, before: str | None) -> What:
    """Say what a version was to its record.

    Args:
        before: the state of the version before; None where that one is not kept.
    """
    if state == State.GONE:
        return What.GONE
    if number == 1:
        return What.NEW
    return What.BACK if before == State.GONE else What.CHANGED


# -- reads ----------------------------------------------------------------------------------------


async def list_history(tx: Transaction, shelf: Shelf, remote_id: str) -> list[Version]:
    """Return the versions of one record that are kept, ascending; empty where there is none."""
    rows = await tx.fetch_all(Q.list_history, shelf.params(remote_id=remote_id))
    return [Version(**(row | {"state": State(row["state"])})) for row in rows]


async def read_version(
    tx: Transaction, shelf: Shelf, remote_id: str, number: int
) -> tuple[bytes, bool] | None:
    """Return the exact bytes of one version; None if it is not kept.

    Returns:
        What is sealed in it is hidden; whether anything is.
    """
    [row] = await _version_rows(tx, shelf, [(shelf.resource, remote_id, number)])
    exact = _document(row)
    if exact is None:
        return None
    shown = masked(exact)
    return shown, shown != exact


async def changed_fields(
    tx: Transaction,
    shelf: Shelf,
    remote_id: str,
    versions: Sequence[Version],
    volatile: Sequence[str],
) -> list[tuple[str, ...] | None]:
    """Return for each version the names of the fields that differ from the one before it.

    Args:
        versions: of one record, ascending. Their documents are read a few at a time.
        volatile: see :func:`compare`.

    Returns:
        As many as there are versions; None for the first, where its predecessor is not kept.
    """
    found: list[tuple[str, ...] | None] = []
    before: bytes | None = None
    for start in range(0, len(versions), AT_ONCE):
        piece = versions[start : start + AT_ONCE]
        documents = await read_versions(
            tx, shelf, [(shelf.resource, remote_id, v.number) for v in piece]
        )
        for version, (document, _) in zip(piece, documents.values(), strict=True):
            if version.number == 1:
                found.append(())
            else:
                found.append(changed_names(before, document, volatile))
            before = document
    return found


async def page_events(
    tx: Transaction,
    shelf: Shelf,
    since: datetime,
    before: tuple[datetime, str, str, int],
    *,
    limit: int,
    volatile: dict[str, tuple[str, ...]],
) -> list[Event]:
    """Return what happened, the latest first.

    Args:
        shelf: of the resource, or of all of a connection where its resource is empty.
        since: from then on.
        before: where the page before ended: (written_at, resource, remote_id, version); what
            stands there is left out.
        limit: how many events at most; documents of twice as many are read.
        volatile: by resource; see :func:`compare`.
    """
    keys = dict(zip(("at", "last_resource", "last_id", "last_version"), before, strict=True))
    rows = await tx.fetch_all(Q.page_events, shelf.params(since=since, limit=limit, **keys))
    wanted = [_key(row, version) for row in rows for version in _compared(row)]
    documents = await read_versions(tx, shelf, wanted)
    return [_event(row, documents, volatile.get(row["resource"], ())) for row in rows]


def _compared(row: Row) -> tuple[int, ...]:
    """Return which versions have to be read to say what an event changed."""
    return (row["version"] - 1, row["version"]) if row["version"] > 1 else ()


def _key(row: Row, version: int) -> tuple[str, str, int]:
    return (row["resource"], row["remote_id"], version)


def _event(
    row: Row,
    documents: dict[tuple[str, str, int], tuple[bytes | None, str | None]],
    volatile: Sequence[str],
) -> Event:
    number = row["version"]
    fields: tuple[str, ...] | None = ()
    state_before = None
    if number > 1:
        before, state_before = documents[_key(row, number - 1)]
        fields = changed_names(before, documents[_key(row, number)][0], volatile)
    what = what_happened(number, row["state"], state_before)
    state = State(row["state"])
    return Event(**(row | {"what": what, "state": state, "fields": fields}))


def changed_names(
    before: bytes | None, after: bytes | None, volatile: Sequence[str]
) -> tuple[str, ...] | None:
    """Return the names of the fields that differ between two versions; None where one is not kept."""
    if before is None or after is None:
        return None
    return names_of(compare(before, after, volatile))


def names_of(comparison: Comparison) -> tuple[str, ...]:
    """Return the names of the fields that differ."""
    return tuple(change.name for change in comparison.changes)


async def read_versions(
    tx: Transaction, shelf: Shelf, keys: Sequence[tuple[str, str, int]]
) -> dict[tuple[str, str, int], tuple[bytes | None, str | None]]:
    """Return document and state of versions by (resource, remote_id, number); Nones if not kept.

    What is sealed in them is hidden.
    """
    if not keys:
        return {}
    unique = list(dict.fromkeys(keys))
    found = {}
    for row in await _version_rows(tx, shelf, unique):
        exact = _document(row)
        shown = None if exact is None else masked(exact)
        found[_key(row, row["version"])] = (shown, row["state"])
    return {key: found[key] for key in unique}


async def _version_rows(
    tx: Transaction, shelf: Shelf, keys: Sequence[tuple[str, str, int]]
) -> list[Row]:
    resources, ids, numbers = map(list, zip(*keys, strict=True))
    params = shelf.params(resources=resources, ids=ids, versions=numbers)
    return await tx.fetch_all(Q.read_versions, params)


def _document(row: Row) -> bytes | None:
    """Return the exact bytes of a version; None where it is not kept."""
    if row["state"] is None:
        return None
    if row["document_zstd"] is not None:
        return zstandard.ZstdDecompressor().decompress(row["document_zstd"])
    return document_of(row)
