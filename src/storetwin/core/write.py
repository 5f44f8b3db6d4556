"""What stores say, into core: a batch of records in the caller's transaction.

One writer at a time in an organisation's core: whoever comes second waits for a batch, then sees what
the first has made. So nothing is made twice, and nobody waits for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from storetwin.core.changed import read_edits
from storetwin.core.decide import Step, decide, match
from storetwin.core.differences import between
from storetwin.core.finding import find, keys_of
from storetwin.core.guests import Given, Guests
from storetwin.core.links import Store, core_ids_of, links, read_said
from storetwin.core.merging import Folded, Said, fold
from storetwin.core.models import Action, Candidate, Cause, Incoming, Link, Origin, Outcome
from storetwin.core.records import Cells, Stand, read_stands
from storetwin.core.settling import Moved, is_unowned, settle
from storetwin.core.statements import Q, Tables, tables_of
from storetwin.core.storing import (
    Change,
    Writes,
    bury_links,
    restate_edits,
    write_changes,
    write_links,
    write_records,
)
from storetwin.core.targets import Surroundings, Target, named_by, target_of
from storetwin.core.values import pack
from storetwin.db.database import Transaction
from storetwin.kernel.errors import ConflictError, InvariantError
from storetwin.kernel.ids import new_id
from storetwin.mapping.models import Mapped, Noun, Row
from storetwin.mapping.nouns import NOUNS

MOST = 500
"""Records in one batch."""
_RESOURCES = {noun.name: noun.resource for noun in NOUNS.values()}


async def write_batch(
    tx: Transaction, noun: Noun, incoming: Sequence[Incoming], cause: Cause, now: datetime
) -> list[Outcome]:
    """Bring some records of stores into core, in the caller's transaction.

    The same again writes nothing. What is named and not in core yet is filled in when it comes.

    Args:
        incoming: at most :data:`MOST`, of this noun; of the same record the last one counts.

    Returns:
        What became of each, in the order in which they were given.

    Raises:
        ConflictError: a core record that is meant is not there, or not what it was taken for.
    """
    if len(incoming) > MOST:
        raise InvariantError(f"A batch has at most {MOST} records, not {len(incoming)}.")
    if not incoming:
        return []
    await hold(tx)
    unique = {one.origin: one for one in incoming}
    batch = _Batch(tx, noun, tables_of(noun), cause, now, unique, await links(tx, unique))
    outcomes = await batch.write()
    return [outcomes[one.origin] for one in incoming]


async def hold(tx: Transaction) -> None:
    """Wait until nobody else writes to the organisation's core, and keep it until the end."""
    await tx.fetch_one(Q.hold)


@dataclass(slots=True)
class _Batch:
    """A batch on its way.

    Args:
        links: of those records that have one.
        core_ids: which core record each is that is written.
        made: those of them that are new.
    """

    tx: Transaction
    noun: Noun
    tables: Tables
    cause: Cause
    now: datetime
    incoming: Mapping[Origin, Incoming]
    links: Mapping[Origin, Link]
    core_ids: dict[Origin, UUID] = field(default_factory=dict)
    made: set[UUID] = field(default_factory=set)
    outcomes: dict[Origin, Outcome] = field(default_factory=dict)

    async def write(self) -> dict[Origin, Outcome]:
        """Decide, put together, compare and write."""
        noted = await self._choose()
        if self.core_ids:
            moved = await self._write_records(noted)
            await settle(self.tx, self.noun, self.tables, moved, self.cause, self.now)
        else:
            await self._write_links(noted)
        return self.outcomes

    # -- which core record each is ----------------------------------------------------------------

    async def _choose(self) -> list[Origin]:
        """Find out which core record each is; return those of which only a version is noted."""
        unknown: dict[Origin, Mapped] = {}
        noted = []
        for origin, one in self.incoming.items():
            link = self.links.get(origin)
            step = decide(one, link)
            if step in (Step.NOTHING, Step.NOTE):
                core_id = link.core_id if link else None
                self.outcomes[origin] = Outcome(origin, core_id, Action.UNCHANGED)
                if step is Step.NOTE:
                    noted.append(origin)
            elif step is Step.FIND and one.mapped is not None:
                unknown[origin] = one.mapped
            elif link is not None or one.core_id is not None:
                self.core_ids[origin] = link.core_id if link else self._given(one)
            else:
                self._make(origin)
        await self._match(unknown)
        return noted

    def _given(self, one: Incoming) -> UUID:
        if one.core_id is None or not self.noun.is_shared:
            raise ConflictError(
                f"{self.noun.label} {one.origin.remote_id} cannot be one that another store has.",
                remedy="Promote it as a new one.",
            )
        return one.core_id

    async def _match(self, unknown: Mapping[Origin, Mapped]) -> None:
        """Take the record that matches, or make a new one; what is not plain waits for a person."""
        if not unknown:
            return
        keys = await keys_of(self.tx, self.noun, unknown)
        found = await find(self.tx, self.noun, keys.values())
        for origin in unknown:
            key = keys.get(origin)
            candidates = found.get(key, []) if key else []
            chosen = match(origin.connection_id, candidates)
            if chosen.candidates:
                self.outcomes[origin] = Outcome(origin, None, Action.WAITING)
                continue
            if chosen.core_id is None:
                core_id, before = self._make(origin), frozenset[UUID]()
            else:
                core_id, before = chosen.core_id, candidates[0].connections
                self.core_ids[origin] = core_id
            if key:
                found[key] = [Candidate(core_id, before | {origin.connection_id})]

    def _make(self, origin: Origin) -> UUID:
        core_id = self.core_ids[origin] = new_id(self.now)
        self.made.add(core_id)
        return core_id

    # -- how each shall stand -----------------------------------------------------------------------

    async def _write_records(self, noted: Iterable[Origin]) -> Moved:
        """Write the records and their links; of ``noted`` only the links."""
        known = {core_id for core_id in self.core_ids.values() if core_id not in self.made}
        stands = await read_stands(self.tx, self.tables, list(known))
        if known - stands.keys():
            raise ConflictError(
                f"A core record that is meant is not there any more ({self.noun.name}).",
                remedy="Look at the records again, then promote them.",
            )
        targets, said = await self._targets(known, stands)
        writes = Writes()
        differing: dict[UUID, tuple[Action, tuple[str, ...]]] = {}
        sources = {core_id: origin.connection_id for origin, core_id in self.core_ids.items()}
        for core_id, target in targets.items():
            old = stands.get(core_id)
            source = sources[core_id]
            if old is None:
                writes.created.append(target)
                writes.changes.append(Change(core_id, Action.CREATED, None, source))
                differing[core_id] = (Action.CREATED, ())
                continue
            found = between(self.tables, old, target.stand)
            action = Action.UPDATED if found.fields else Action.UNCHANGED
            if target.stand.gone_at is not None and old.gone_at is None:
                action = Action.DELETED
            if found.fields:
                writes.changed.append((target, found))
                writes.changes.append(Change(core_id, action, found.fields, source))
            differing[core_id] = (action, tuple(found.fields))
        guests = Guests(self.tx, self.cause, self.now)
        given = await self._give(guests, writes)
        async with self.tx.pipelined():
            await guests.add(given)
            await write_records(self.tx, self.tables, writes, self.now)
            await restate_edits(self.tx, self.noun, {i: t.said for i, t in targets.items()}, said)
            await write_changes(self.tx, self.noun, writes.changes, self.cause, self.now)
            await guests.note(given)
            await self._write_links((*self.core_ids, *noted))
        for origin, core_id in self.core_ids.items():
            action, fields = differing[core_id]
            self.outcomes[origin] = Outcome(origin, core_id, action, fields)
        arrived = {o: core_id for o, core_id in self.core_ids.items() if o not in self.links}
        changed = frozenset(change.core_id for change in writes.changes)
        return Moved(stands, targets, changed, arrived, given)

    async def _give(self, guests: Guests, writes: Writes) -> Given:
        """Say of new orders whose they are before they are written: so they are written once."""
        if self.noun.name != "orders":
            return Given()
        return await guests.give(one.stand for one in writes.created if is_unowned(one))

    async def _targets(
        self, known: set[UUID], stands: Mapping[UUID, Stand]
    ) -> tuple[dict[UUID, Target], dict[UUID, Row]]:
        """Return how each record shall stand, and what of its edited columns was said so far."""
        edits, said_so_far = await read_edits(self.tx, self.noun, known)
        said = await self._said(known)
        folded = {core_id: fold(self.noun, every) for core_id, every in said.items()}
        around = Surroundings(
            self.noun,
            self.tables,
            await self._named(folded.values()),
            await self._locations(said.values()),
            _RESOURCES,
            self.now,
        )
        targets = {
            core_id: target_of(
                around, core_id, every, folded[core_id], edits.get(core_id, {}), stands.get(core_id)
            )
            for core_id, every in said.items()
        }
        for core_id in known - said.keys():  # one store's own record, and that store has it no more
            old = stands[core_id]
            stand = Stand(core_id, old.row, old.parts, gone_at=old.gone_at or self.now)
            targets[core_id] = Target(stand)
        return targets, said_so_far

    async def _said(self, known: set[UUID]) -> dict[UUID, list[Said]]:
        """Return what every store says of each record, this batch included."""
        said: dict[UUID, dict[Origin, Said]] = {}
        connected: dict[UUID, datetime] = {}
        if self.noun.is_shared:
            said = await read_said(self.tx, self.noun, known) if known else {}
            ids = list({origin.connection_id for origin in self.core_ids})
            rows = await self.tx.fetch_all(Q.read_connections, {"ids": ids})
            connected = {row["id"]: row["created_at"] for row in rows}
        for origin, core_id in self.core_ids.items():
            mapped = self.incoming[origin].mapped
            every = said.setdefault(core_id, {}) if mapped or self.noun.is_shared else {}
            before = every.get(origin)
            at = connected.get(origin.connection_id, self.now)
            if mapped is not None:
                every[origin] = Said(at, origin.connection_id, origin.remote_id, False, mapped)
            elif before is not None:
                every[origin] = Said(
                    at, origin.connection_id, origin.remote_id, True, before.mapped
                )
        return {core_id: list(every.values()) for core_id, every in said.items()}

    async def _named(self, folded: Iterable[Folded]) -> dict[Store, dict[str, UUID]]:
        """Return which core records those are that some records name."""
        found = await core_ids_of(self.tx, named_by(self.noun, folded, _RESOURCES))
        for origin, core_id in self.core_ids.items():
            store = (origin.connection_id, origin.resource)
            found.setdefault(store, {})[origin.remote_id] = core_id
        return found

    async def _locations(self, said: Iterable[Sequence[Said]]) -> dict[UUID, UUID]:
        """Return where the stock of each connection lies; a place is made with the first product."""
        if not self.noun.levels:
            return {}
        ids = list({one.connection_id for every in said for one in every})
        rows = await self.tx.fetch_all(Q.read_locations, {"ids": ids})
        found = {row["connection_id"]: row["id"] for row in rows}
        for connection_id in sorted(set(ids) - found.keys()):
            found[connection_id] = new_id(self.now)
            values = {"id": found[connection_id], "connection_id": connection_id, "now": self.now}
            await self.tx.execute(Q.add_location, values)
        return found

    async def _write_links(self, origins: Iterable[Origin]) -> None:
        rows, buried = [], {}
        for origin in origins:
            one = self.incoming[origin]
            if one.mapped is None:
                buried[origin] = one.version
            else:
                rows.append(self._link(one, one.mapped))
        await write_links(self.tx, self.noun, rows, self.cause, self.now)
        await bury_links(self.tx, buried, self.cause, self.now)

    def _link(self, one: Incoming, mapped: Mapped) -> Cells:
        link = self.links.get(one.origin)
        return {
            "connection_id": one.origin.connection_id,
            "resource": one.origin.resource,
            "remote_id": one.origin.remote_id,
            "core_id": link.core_id if link else self.core_ids[one.origin],
            "snapshot_version": one.version,
            "values_hash": mapped.hash.hex(),
            "mapped": pack(mapped) if self.noun.is_shared else None,
            "definition_id": one.definition_id,
            "definition_version": one.definition_version,
        }
