"""Taking somebody out of a twin: out of his records, of every earlier version, of what webhooks brought.

What is left of a record is a version of its own, so that history says when it was erased; the
versions before it are changed in place. Its content hash is that of what it holds now: when a store
shows the record as it was, that is a change, and the store's word counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import zstandard

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror.models import State
from storetwin.mirror.persons import BODIES_AT_ONCE, Held, Key, read_whole
from storetwin.mirror.repository import Q, Shelf
from storetwin.mirror.writing import write_records
from storetwin.resources import Resource
from storetwin.resources.personal import Document, Person, blanked, is_clean, mentions, scrubbed
from storetwin.security import Sealer
from storetwin.woocommerce.records import Record, locate_secrets, read_record

BROUGHT_BY = "erase"


@dataclass(frozen=True, slots=True)
class Erased:
    """What was taken out, counted.

    Args:
        records: that were changed.
        versions: earlier ones that were changed.
        removed: records and versions that could not be changed exactly, and were removed.
    """

    records: int = 0
    versions: int = 0
    removed: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            self.records + other.records,
            self.versions + other.versions,
            self.removed + other.removed,
        )


@dataclass(frozen=True, slots=True)
class Eraser:
    """Takes somebody out of the records of one resource.

    Args:
        is_own: they are his; else they only mention him.
        is_rehearsal: change nothing, only count.
    """

    shelf: Shelf
    resource: Resource
    sealer: Sealer
    who: Person
    now: datetime
    is_own: bool
    is_rehearsal: bool

    async def erase(self, tx: Transaction, remote_id: str) -> Erased:
        """Take him out of a record and all its versions."""
        shelf = replace(self.shelf, brought_by=BROUGHT_BY)
        await tx.fetch_all(Q.hold, shelf.params(ids=[remote_id]))  # nobody writes it meanwhile
        every = await read_whole(tx, shelf, remote_id)
        if not every:
            return Erased()
        current, parent_id = every[-1], every[-1].parent_id
        new = self._blank(remote_id, parent_id, current)
        if new is None:
            if not self.is_rehearsal:
                await tx.execute(Q.drop_record, shelf.params(remote_id=remote_id))
            return Erased(removed=len(every))
        erased, earlier = Erased(records=int(new.is_changed)), every[:-1]
        if new.is_changed and not self.is_rehearsal:
            await write_records(
                tx,
                shelf,
                [new.record],
                served_at=current.read_at,
                now=self.now,
                state=State(current.state),
            )
            earlier = (await read_whole(tx, shelf, remote_id))[:-1]  # what it was is among them
        for one in earlier:
            is_count = one.version != current.version
            done = await self._version(tx, shelf, remote_id, parent_id, one)
            erased += done if is_count else Erased(removed=done.removed)
        return erased

    async def _version(
        self, tx: Transaction, shelf: Shelf, remote_id: str, parent_id: str | None, one: Held
    ) -> Erased:
        key = shelf.params(remote_id=remote_id, version=one.version)
        new = self._blank(remote_id, parent_id, one)
        if new is None:
            if not self.is_rehearsal:
                await tx.execute(Q.drop_version, key)
            return Erased(removed=1)
        if not new.is_changed:
            return Erased()
        if not self.is_rehearsal:
            packed = zstandard.ZstdCompressor().compress(new.record.document)
            put = {"document": packed, "content_hash": new.record.content_hash}
            await tx.execute(Q.replace_document, key | put)
        return Erased(versions=1)

    def _blank(self, remote_id: str, parent_id: str | None, one: Held) -> _Blank | None:
        """Return the record without him; None where that cannot be done exactly."""
        document = self._opened(remote_id, one.document)
        empty = blanked(self.resource.name, Document.of(document), self.who, is_own=self.is_own)
        who = self.who if self.is_own else replace(self.who, terms=frozenset())
        if not is_clean(empty, who):
            return None
        try:
            record = read_record(self.resource, empty, container=parent_id, sealer=self.sealer)
        except RecordError:
            return None
        is_same = record.remote_id == remote_id
        return _Blank(record, empty != document) if is_same else None

    def _opened(self, remote_id: str, document: bytes) -> bytes:
        """Return a document with what is sealed in it open: it is sealed again when it is read."""
        if self.resource.secrets is None:
            return document
        return self.sealer.open(
            document,
            f"{self.resource.name}/{remote_id}",
            lambda text: locate_secrets(self.resource, text),
        )


@dataclass(frozen=True, slots=True)
class _Blank:
    """A record without him.

    Args:
        is_changed: there was something to be taken out.
    """

    record: Record
    is_changed: bool


async def empty_deliveries(
    tx: Transaction,
    shelf: Shelf,
    who: Person,
    own: Collection[Key],
    after: int,
    *,
    is_rehearsal: bool,
) -> tuple[int, int | None]:
    """Look at some deliveries of webhooks, and empty those that speak of him.

    Args:
        own: his records.
        after: number of the last one that was looked at.

    Returns:
        How many there were, and where to go on; None at the end.
    """
    values = shelf.params(after=after, limit=BODIES_AT_ONCE)
    rows = await tx.fetch_all(Q.page_bodies, values)
    emptied = 0
    for row in rows:
        note = scrubbed(row["note"], who) if row["note"] else None
        is_about = bool(row["body"]) and (
            (row["resource"], row["remote_id"]) in own
            or mentions(Document.of(bytes(row["body"])), who)
        )
        if not is_about and note == row["note"]:
            continue
        emptied += 1
        if not is_rehearsal:
            put = shelf.params(number=row["number"], note=note)
            await tx.execute(Q.empty_delivery if is_about else Q.renote_delivery, put)
    return emptied, rows[-1]["number"] if len(rows) == BODIES_AT_ONCE else None
