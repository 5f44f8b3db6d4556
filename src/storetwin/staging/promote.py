"""A promotion at work: the records that were given to it, into core.

A transaction brings some hundred records into core, writes down that they are in sync, and how far
the run has come: all of it or nothing. So it may be killed at any instruction: what it has brought is
in sync, and the rest is still its own. What a record names comes before it, in transactions before.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from storetwin.core.models import Action, Cause, Incoming, Origin, Outcome
from storetwin.core.read import candidates
from storetwin.core.write import write_batch
from storetwin.db.database import Database, Transaction
from storetwin.db.errors import DatabaseBusyError
from storetwin.db.queries import load_queries
from storetwin.kernel.clock import Clock
from storetwin.kernel.cost import Cost
from storetwin.kernel.errors import ConflictError, InvariantError, RecordError
from storetwin.mapping.models import Noun
from storetwin.runs import repository as runs
from storetwin.runs.models import Progress, Run, Stage
from storetwin.runs.repository import RunTakenOverError
from storetwin.staging.copies import (
    Copy,
    Store,
    in_order,
    known_noun,
    read_ahead,
    read_copies,
    renew,
)
from storetwin.staging.models import State
from storetwin.staging.named import left_alone, named_by, new_among
from storetwin.staging.refusals import Refusal, why_unclear
from storetwin.staging.repository import keep_out

Q = load_queries(__package__)
Ahead = TypeVar("Ahead")

AT_ONCE = 250  # records in one transaction
DEEPEST = 40  # records that name others that name others
PATIENCE = "500ms"
MOST_TRIES = 20
MOST_ROUNDS = 10_000  # over the records of one resource
LETTER = "promotion of {}"
"""What the dead letter of a record is called: beside one that says that it could not be had."""


@dataclass(frozen=True, slots=True)
class Portion:
    """Some records that a promotion has still to bring.

    Args:
        copies: of those that are there; the others have gone since they were taken.
        companions: what comes along with them, by resource.
    """

    ids: Sequence[str]
    copies: Sequence[Copy]
    companions: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Promotion:
    """A run that brings records into core.

    Args:
        user_id: who asked for it.
        observe: called with the progress of a resource whenever it moved.
        regain: takes hold of the run again after the database was away.
    """

    run: Run
    database: Database
    store: Store
    clock: Clock
    observe: Callable[[Progress], None]
    user_id: UUID | None = None
    progress: dict[str, Progress] = field(default_factory=dict)
    tried: set[Origin] = field(default_factory=set)

    @property
    def refused(self) -> int:
        """Return how many records could not be promoted."""
        return sum(progress.unreadable for progress in self.progress.values())

    async def work(self) -> None:
        """Bring everything that was given to the run.

        Raises:
            RunTakenOverError: another process goes on in its place.
        """
        async with self._transaction() as tx:
            rows = await tx.fetch_all(Q.count_taken, self._own())
        counts = {row["resource"]: row["n"] for row in rows}
        for resource in in_order(list(counts)):
            await self._begin(resource, counts[resource])
            await self._work_off(resource)
        for progress in self.progress.values():
            progress.state = "done"
            async with self._transaction() as tx:
                await self._note(tx, progress)

    async def _work_off(self, resource: str) -> None:
        """Bring the records of one resource; what changes meanwhile is read anew."""
        for _ in range(MOST_ROUNDS):
            if not await self._round(resource):
                return
        raise InvariantError(f"A promotion of {resource} does not come to its end.")

    async def _round(self, resource: str) -> bool:
        """Bring the records of one resource once; say whether there were any.

        While PostgreSQL writes some of them, the next ones are read and mapped, and it is known what
        comes along with those.
        """
        noun = known_noun(resource)
        portion = await self._portion(noun, "")
        found = bool(portion.ids)
        while portion.ids:
            if len(portion.copies) < len(portion.ids):
                await self._forget(noun, portion)
            await self._bring_all(portion.companions, 0)
            portion = await _beside(
                self._write(noun, portion.copies), self._portion(noun, portion.ids[-1])
            )
        return found

    async def _portion(self, noun: Noun, after: str) -> Portion:
        """Return some records that are still to be brought, and what they come to."""
        of = {"resource": noun.resource, "after": after, "most": AT_ONCE}
        async with self.database.transaction(self.run.organisation_id) as tx:
            rows = await tx.fetch_all(Q.read_taken, self._own() | of)
        ids = [row["remote_id"] for row in rows]
        self.tried |= {self.store.origin(noun.resource, remote_id) for remote_id in ids}
        copies = await read_ahead(self.database, self.store, noun.resource, ids)
        return Portion(ids, copies, await self._named_by(noun, copies))

    async def _forget(self, noun: Noun, portion: Portion) -> None:
        """Let go of records that are not there any more."""
        there = {copy.origin.remote_id for copy in portion.copies}
        async with self._transaction() as tx:
            await self._let_go(tx, noun, set(portion.ids) - there)

    async def _bring(self, resource: str, ids: Sequence[str], depth: int) -> None:
        """Bring some records, after those that come along with them."""
        noun = known_noun(resource)
        async with self._transaction() as tx:
            copies = await read_copies(tx, self.store, resource, ids)
        if depth < DEEPEST:
            await self._bring_all(await self._named_by(noun, copies), depth)
        await self._write(noun, copies)

    async def _named_by(self, noun: Noun, copies: Sequence[Copy]) -> dict[str, list[str]]:
        """Return what is new and comes along with some records, by resource; each is returned once."""
        named = named_by(self.store, noun, copies) - self.tried
        self.tried |= named
        if not named:
            return {}
        async with self.database.transaction(self.run.organisation_id) as tx:
            return await new_among(tx, self.store, named)

    async def _bring_all(self, companions: Mapping[str, Sequence[str]], depth: int) -> None:
        """Bring what comes along, before those that name it."""
        for resource in in_order(list(companions)):
            for piece in pieces(companions[resource]):
                await self._begin(resource, None)
                await self._bring(resource, piece, depth + 1)

    # -- writing --------------------------------------------------------------------------------

    async def _write(self, noun: Noun, copies: Sequence[Copy]) -> None:
        """Write some records; where they cannot be written together, those that can alone."""
        try:
            await self._patiently(noun, copies)
        except RunTakenOverError:
            raise
        except (RecordError, ConflictError, InvariantError) as error:
            if len(copies) > 1:
                middle = len(copies) // 2
                await self._write(noun, copies[:middle])
                await self._write(noun, copies[middle:])
                return
            async with self._transaction() as tx:
                await keep_out(tx, self.store)
                await self._let_go(tx, noun, [copy.origin.remote_id for copy in copies])
                refused = [Refusal(copy.origin, error.message) for copy in copies]
                await self._refuse(tx, noun, refused)

    async def _patiently(self, noun: Noun, copies: Sequence[Copy]) -> None:
        """Write in one transaction; where others hold the records, let go and try again."""
        before = replace(self.progress[noun.resource])
        for left in reversed(range(MOST_TRIES)):
            try:
                await self._write_once(noun, copies, PATIENCE if left else None)
            except BaseException as error:
                self.progress[noun.resource] = replace(before)
                if not isinstance(error, DatabaseBusyError) or not left:
                    raise
            else:
                return

    async def _write_once(self, noun: Noun, copies: Sequence[Copy], patience: str | None) -> None:
        async with self._transaction() as tx:
            if patience is not None:
                await tx.set_local("lock_timeout", patience)
            current = await renew(tx, self.store, copies)
            await self._write_batch(tx, noun, current)

    async def _write_batch(self, tx: Transaction, noun: Noun, copies: Sequence[Copy]) -> None:
        params = self.store.params(noun.resource)
        ids = {"ids": [copy.origin.remote_id for copy in copies]}
        held = {row["remote_id"]: row for row in await tx.fetch_all(Q.hold_records, params | ids)}
        await keep_out(tx, self.store)
        ready, refused, settled = [], [], []
        for copy in copies:
            row = held.get(copy.origin.remote_id)
            if row is None or (row["version"], row["is_gone"]) != (copy.version, copy.is_gone):
                continue  # gone, or changed meanwhile: read anew
            settled.append(copy.origin.remote_id)
            if not State(row["state"]).is_promotable:
                continue
            if copy.problem is not None:
                refused.append(Refusal(copy.origin, copy.problem))
            else:
                ready.append(copy)
        alone = await left_alone(tx, self.store, noun, ready)
        refused += alone
        lonely = {one.origin for one in alone}
        ready = [copy for copy in ready if copy.origin not in lonely]
        outcomes = await write_batch(
            tx,
            noun,
            [self._incoming(copy) for copy in ready],
            Cause(self.run.run_id, self.user_id),
            self.clock(),
        )
        refused += await self._unclear(tx, noun, ready, outcomes)
        async with tx.pipelined():
            await self._note_promoted(tx, noun, outcomes)
            await self._let_go(tx, noun, settled)
        await self._refuse(tx, noun, refused)
        await self._note(tx, self.progress[noun.resource])

    async def _let_go(self, tx: Transaction, noun: Noun, ids: Iterable[str]) -> None:
        """Take from the run what it has brought, or has nothing to do with any more."""
        of = {"resource": noun.resource, "ids": list(ids)}
        if of["ids"]:
            await tx.execute(Q.let_go, self._own() | of)

    def _incoming(self, copy: Copy) -> Incoming:
        active = self.store.active
        return Incoming(
            copy.origin,
            copy.version,
            copy.core_id,
            copy.mapped,
            copy.is_anew,
            active.definition_id,
            active.version,
        )

    async def _unclear(
        self, tx: Transaction, noun: Noun, copies: Sequence[Copy], outcomes: Sequence[Outcome]
    ) -> list[Refusal]:
        """Return the records that may be one of several, with which."""
        waiting = {one.origin for one in outcomes if one.action is Action.WAITING}
        if not waiting:
            return []
        mapped = {
            copy.origin: copy.mapped
            for copy in copies
            if copy.origin in waiting and copy.mapped is not None
        }
        found = await candidates(tx, noun, mapped)
        return [
            Refusal(
                origin,
                why_unclear(noun, len(found.get(origin, ()))),
                tuple(one.core_id for one in found.get(origin, ())),
            )
            for origin in mapped
        ]

    async def _note_promoted(
        self, tx: Transaction, noun: Noun, outcomes: Sequence[Outcome]
    ) -> None:
        params = self.store.params(noun.resource)
        done = [one for one in outcomes if one.core_id is not None]
        if done:
            ids = [one.origin.remote_id for one in done]
            promoted = {"ids": ids, "core_ids": [one.core_id for one in done]}
            active = {"definition_id": self.store.active.definition_id}
            await tx.execute(Q.note_promoted, params | promoted | active)
            await runs.resolve_dead_letters(
                tx,
                self.store.connection_id,
                noun.resource,
                [LETTER.format(one) for one in ids],
                now=self.clock(),
            )
        nothing = [
            one.origin.remote_id
            for one in outcomes
            if one.core_id is None and one.action is not Action.WAITING
        ]
        if nothing:
            await tx.execute(Q.drop_unlinked, params | {"ids": nothing})
        progress = self.progress[noun.resource]
        actions = [one.action for one in outcomes if one.action is not Action.WAITING]
        progress.records += len(actions)
        progress.created += actions.count(Action.CREATED)
        progress.updated += actions.count(Action.UPDATED)
        progress.buried += actions.count(Action.DELETED)

    async def _refuse(self, tx: Transaction, noun: Noun, refused: Iterable[Refusal]) -> None:
        """Set records aside that cannot be promoted, each with its reason."""
        progress = self.progress[noun.resource]
        for one in refused:
            why = {"remote_id": one.origin.remote_id, "why": one.reason}
            candidates_of = {"candidates": list(one.candidates)}
            params = self.store.params(noun.resource)
            await tx.execute(Q.note_refused, params | why | candidates_of)
            await runs.add_dead_letter(
                tx,
                self.run,
                resource=noun.resource,
                remote_id=one.origin.remote_id,
                name=LETTER.format(one.origin.remote_id),
                reason=one.reason,
                now=self.clock(),
                stage=Stage.PROMOTE,
            )
            progress.records += 1
            progress.unreadable += 1

    # -- reporting ------------------------------------------------------------------------------

    async def _begin(self, resource: str, expected: int | None) -> None:
        if resource in self.progress:
            return
        carried = self.run.carried.progress.get((Stage.PROMOTE.value, resource))
        if expected is not None and carried is not None:
            expected += carried.records
        progress = Progress(Stage.PROMOTE, resource, self.clock(), expected=expected)
        self.progress[resource] = progress
        async with self._transaction() as tx:
            await self._note(tx, progress)

    async def _note(self, tx: Transaction, progress: Progress) -> None:
        await runs.save_progress(tx, self.run, progress, now=self.clock())
        self.observe(progress)

    def _own(self) -> dict[str, object]:
        return {"organisation_id": self.store.organisation_id, "run_id": self.run.run_id}

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction that writes only while the run is still ours."""
        async with self.database.transaction(self.run.organisation_id) as tx:
            await runs.fence(tx, self.run, Cost())
            yield tx


async def _beside(first: Awaitable[None], second: Coroutine[Any, Any, Ahead]) -> Ahead:
    """Do two things at once; return what came of the second. Where the first fails it is not awaited."""
    reading = asyncio.create_task(second)
    try:
        await first
    except BaseException:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        raise
    return await reading


def pieces(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Return some ids in portions of a transaction each."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
