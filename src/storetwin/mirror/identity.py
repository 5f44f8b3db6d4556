"""Is it still the same store? Looked at when a run begins, before anything is written.

A look costs one request for what the store says of itself, one for the public index, and one a
resource for a sample of its records: the newest and the oldest that the twin holds. Only where
those differ more is asked: each record that is gone by its own address (at most three a request),
and how far the store went back (at most :data:`MOST_ROUNDS` requests a resource).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from storetwin.connections import repository as connections
from storetwin.connections.doubts import changed
from storetwin.connections.identity import (
    MARKS,
    Identity,
    Judgement,
    Sample,
    Seen,
    Sight,
    Trace,
    compare,
    has_changed_home,
    judge,
    place,
    trusted,
)
from storetwin.connections.models import Connection
from storetwin.db.database import Database, Row
from storetwin.db.queries import load_queries
from storetwin.mirror.context import RunContext
from storetwin.mirror.follow import order_key
from storetwin.mirror.repository import Shelf
from storetwin.resources import Resource, RouteArguments, named
from storetwin.woocommerce.identity import (
    Found,
    RecordLooker,
    is_home_alive,
    marks_of,
    read_identity,
)
from storetwin.woocommerce.records import Record

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient

Q = load_queries(__package__)
SAMPLED = ("orders", "products")
NEWEST, OLDEST = 10, 4
AT_ONCE = 18  # records in one request of the search for the last that is the same
MOST_ROUNDS = 5
PASSING = ["auto-draft", "checkout-draft", "draft", "trash"]  # such records go by themselves


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a store, and what it means."""

    seen: Identity
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Looker:
    """Compares a store with the twin of a connection; writes nothing.

    Args:
        may_lack: a person said that the store really lost records: then none of them is evidence.
    """

    database: Database
    client: StoreClient
    routes: RouteArguments
    connection: Connection
    may_lack: bool = False

    @property
    def remembered(self) -> Identity | None:
        """Return the identity that was last trusted."""
        return Identity.from_json(self.connection.identity)

    async def look(self) -> Look:
        """Ask the store which one it is.

        Raises:
            RetryableError: it does not answer.
        """
        seen = await read_identity(self.client)
        samples = [await self._sample(named(name)) for name in SAMPLED]
        judgement = judge(
            self.remembered, seen, samples, is_old_home_alive=await self._is_old_home_alive(seen)
        )
        return Look(seen, judgement)

    async def _is_old_home_alive(self, seen: Identity) -> bool:
        """Say whether the remembered home is still a store of its own, apart from the one we ask."""
        old = self.remembered.home_url if self.remembered else None
        if old is None or not has_changed_home(self.remembered, seen):
            return False
        return place(old) != place(self.connection.url) and await is_home_alive(self.client, old)

    # -- records --------------------------------------------------------------------------------

    async def _sample(self, resource: Resource) -> Sample:
        """Look at the newest and the oldest records; where they differ, find out from where on."""
        held = await self._held(resource, Q.sample_ends, newest=NEWEST, oldest=OLDEST)
        if not held:
            return Sample(resource.name)
        looker = RecordLooker(self.client, resource, self.routes)
        sample = self._compared(resource, held, await looker.find([t.number for t in held]))
        for _ in range(MOST_ROUNDS):
            between = await self._between(resource, sample) if sample.is_rewound else []
            if not between:
                break
            found = await looker.find([trace.number for trace in between])
            more = self._compared(resource, between, found)
            seen = sorted((*sample.seen, *more.seen), key=lambda one: one.held.number)
            sample = replace(sample, seen=tuple(seen))
        if not sample.count(Sight.SAME) and sample.known:
            sample = replace(sample, is_empty=await looker.is_empty())
        return sample

    def _compared(self, resource: Resource, held: Sequence[Trace], found: Found) -> Sample:
        return Sample(resource.name, tuple(Seen(t, self._sight(t, found)) for t in held))

    def _sight(self, held: Trace, found: Found) -> Sight:
        if held.number not in found or (found[held.number] is None and self.may_lack):
            return Sight.UNSEEN
        accepted_at = self.remembered.accepted_at if self.remembered else None
        return compare(held, found[held.number], accepted_at=accepted_at)

    async def _between(self, resource: Resource, sample: Sample) -> list[Trace]:
        """Return records between the last that is the same and the first that is not."""
        kept = sample.last_kept
        low = kept.number if kept else 0
        higher = [seen.held.number for seen in sample.known if seen.held.number > low]
        if not higher or higher[0] - low <= 1:
            return []
        span = higher[0] - low
        targets = sorted({low + 1 + span * k // (AT_ONCE + 1) for k in range(AT_ONCE + 1)})
        looked_at = {seen.held.number for seen in sample.seen}
        held = await self._held(
            resource, Q.sample_between, targets=targets, low=low, high=higher[0]
        )
        return [trace for trace in held if trace.number not in looked_at]

    async def _held(self, resource: Resource, query: str, **more: Any) -> list[Trace]:
        """Return records of the twin as traces, by ascending id, without what a person waived."""
        identity = self.remembered or Identity()
        shelf = Shelf(self.connection.organisation_id, self.connection.id, resource.name)
        params = shelf.params(
            passing=PASSING,
            accepted_at=identity.accepted_at,
            kept_until=identity.kept_until.get(resource.name),
            **more,
        )
        async with self.database.transaction(self.connection.organisation_id) as tx:
            rows = await tx.fetch_all(query, params)
        return [trace for row in rows if (trace := _held_trace(row)).marks]


def _held_trace(row: Row) -> Trace:
    return Trace(
        row["remote_number"],
        marks_of({name: row[name] for name in MARKS}),
        row["modified_at"],
        row["changed_at"],
    )


async def check_keys(context: RunContext, resource: Resource, records: Sequence[Record]) -> None:
    """Look closely at the store when an order has another key than the twin holds under its id.

    An increment arrives with one question, and a backup that was put back says the same of itself
    as before; its new orders take the ids of those that were lost.

    Raises:
        StoreChangedError: it went back, or is another. Nothing of these records was written.
    """
    if resource.name != "orders":
        return
    told = {record.remote_id: order_key(record.document) for record in records}
    async with context.transaction() as tx:
        shelf = context.shelf(resource)
        rows = await tx.fetch_all(Q.list_order_keys, shelf.params(ids=list(told)))
        if all(told[row["remote_id"]] in (None, row["order_key"]) for row in rows):
            return
        found = await connections.every(tx)
    connection = next(one for one in found if one.id == context.run.connection_id)
    await confirm_identity(context, connection, may_lack=False)


async def confirm_identity(context: RunContext, connection: Connection, *, may_lack: bool) -> None:
    """Make sure at the beginning of a run that the store is the one that was trusted.

    The first run remembers which one it is; later ones remember what it says anew.

    Raises:
        StoreChangedError: it is not. Nothing was written.
        RetryableError: it does not answer.
    """
    looker = Looker(context.database, context.client, context.routes, connection, may_lack)
    look = await looker.look()
    if not look.judgement.is_trusted:
        raise changed(connection, look.judgement)
    identity = trusted(looker.remembered, look.seen)
    if identity != looker.remembered:
        async with context.transaction() as tx:
            await connections.keep_identity(tx, connection.id, identity)
