"""Decisions of the mirror: pure. What is known and what was read go in, what to do comes out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum

from storetwin.mirror.models import Known, Level, State
from storetwin.resources import Resource
from storetwin.woocommerce.records import Record

SAME_SECOND = timedelta(seconds=2)
OVERTAKEN = timedelta(minutes=2)  # no answer is on its way for longer
FEW_BURIALS = 20
SHARE_OF_BURIALS = 0.10


class Change(Enum):
    """What a reading means for a snapshot."""

    CREATE = "first version"
    UPDATE = "next version"
    RESTATE = "same content, other state"
    KEEP = "nothing to do"


def decide_change(
    known: Known | None,
    content_hash: bytes,
    state: State,
    *,
    modified_at: datetime | None,
    served_at: datetime,
) -> Change:
    """Decide what to do with a record as it was just read.

    A reading older than the snapshot changes nothing (answers overtake each other); one that seems
    much older does: the store's clock has been set back. A partial reading does not replace a whole
    one of the same second: the store could not encode it, it did not change. A tombstone whose
    record is back gets a new version.
    """
    if known is None:
        return Change.CREATE
    if served_at < known.read_at <= served_at + OVERTAKEN:
        return Change.KEEP
    if state is State.PARTIAL and known.state in (State.LISTED, State.UNLISTED):
        return Change.KEEP if modified_at == known.modified_at else Change.UPDATE
    if known.state is State.GONE or content_hash != known.content_hash:
        return Change.UPDATE
    return Change.KEEP if known.state is state else Change.RESTATE


def needs_fetching(record: Record, known: Known | None, level: Level) -> bool:
    """Say whether a light reading (id and date only) shows that the twin must be refreshed.

    Two writes within one second leave the same ``date_modified``, so a snapshot that was read
    within two seconds of its own change may hold only the first of them. What was not listed,
    not whole or not there before is read again now that a list shows it.
    """
    if known is None or known.state is not State.LISTED:
        return True
    if level is Level.IDS:
        return False
    if record.modified_at is None or known.modified_at is None:
        return True
    if record.modified_at != known.modified_at:
        return True
    return known.read_at - known.modified_at <= SAME_SECOND


def reads_light(resource: Resource, level: Level) -> bool:
    """Say whether a verification at this level may read ids and dates only."""
    return resource.light is not None and level is not Level.BYTES


def may_bury(candidates: int, known: int) -> bool:
    """Say whether so many vanished records may be looked at one by one and buried.

    A store that suddenly has far less than before was restored, wiped, or is another store:
    nothing is buried without a person's word.
    """
    return candidates <= max(FEW_BURIALS, int(known * SHARE_OF_BURIALS))


def gaps(known: Iterable[int], *, beyond: int) -> Iterable[range]:
    """Yield the ranges of ids between the known ones, and ``beyond`` ids behind the last.

    Args:
        known: ids in ascending order.
    """
    last: int | None = None
    for number in known:
        if last is not None and number > last + 1:
            yield range(last + 1, number)
        last = number
    if last is not None and beyond > 0:
        yield range(last + 1, last + 1 + beyond)
