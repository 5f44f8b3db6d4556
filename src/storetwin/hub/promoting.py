"""Promotions: what one would do, asking for one, and doing it in a run of its connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from uuid import UUID

from storetwin.connections.doubts import paused
from storetwin.connections.models import Connection, ConnectionState
from storetwin.core.models import Origin
from storetwin.core.read import candidates, links
from storetwin.db.database import Transaction
from storetwin.hub.holding import undisturbed
from storetwin.hub.running import Runner
from storetwin.kernel.cost import Cost
from storetwin.mapping.nouns import NOUNS
from storetwin.mirror.context import Observer
from storetwin.runs import repository as runs
from storetwin.runs.models import RunKind, RunState
from storetwin.runs.queued import queue_promotion
from storetwin.runs.repository import Ending
from storetwin.staging import plan, repository
from storetwin.staging.copies import Copy, Store, known_noun, open_store, read_copies
from storetwin.staging.models import Chosen, Preview, State
from storetwin.staging.named import companions_of
from storetwin.staging.promote import Promotion, pieces

LOOKED_AT = 1_000
"""Records that a preview looks at closely."""


@dataclass(frozen=True, slots=True)
class AskedPromotion:
    """A run that brings records of one store into core.

    Args:
        records: that were given to it.
    """

    run_id: UUID
    connection: Connection
    records: int


@dataclass(frozen=True, slots=True)
class Promoting:
    """The promotions of one organisation."""

    runner: Runner

    async def preview(self, chosen: Chosen, connections: Sequence[Connection]) -> Preview:
        """Say what a promotion would do; it does nothing."""
        ids = [connection.id for connection in connections]
        own = self.runner.organisation_id
        noun = known_noun(chosen.filter.resource)
        async with self._transaction(is_steady=True) as tx:
            states = await repository.count_meant(tx, own, chosen, ids)
            changed = await repository.count_changed(tx, own, chosen, ids)
            sample = await repository.sample_meant(tx, own, chosen, ids, LOOKED_AT)
            closely = plan.Closely(looked_at=len(sample))
            for connection in connections:
                of = [remote_id for owner, remote_id in sample if owner == connection.id]
                if of:
                    store = await open_store(tx, own, connection.id)
                    closely = await self._look(tx, store, chosen.filter.resource, of, closely)
        return plan.summarise(states, closely, plan.labels_of(noun, changed))

    async def ask(
        self, chosen: Chosen, connections: Sequence[Connection], user_id: UUID | None = None
    ) -> list[AskedPromotion]:
        """Give what is meant to promotions, a run of each store; a worker does them.

        Returns:
            None where nothing that is meant may change core.

        Raises:
            ConnectionPausedError: a store that is meant is not read at all.
            QueueFullError: too many runs of a store wait already.
        """
        asked = []
        for connection in connections:
            options = {"resources": [chosen.filter.resource], "user_id": user_id and str(user_id)}
            owner = (self.runner.organisation_id, connection.id)
            async with self._transaction() as tx:
                states = await repository.count_meant(
                    tx, owner[0], _of_connection(chosen, connection), [connection.id]
                )
                if not any(state.is_promotable for state in states):
                    continue
                if connection.state is ConnectionState.PAUSED:
                    raise paused(connection)
                run_id = await queue_promotion(tx, owner, options, now=self.runner.clock())
                records = await repository.take(tx, owner, chosen, run_id)
            asked.append(AskedPromotion(run_id, connection, records))
        return asked

    async def work(self, name: str, observe: Observer) -> RunState:
        """Do a promotion that was asked for: the runner's queued one.

        Raises:
            RunInProgressError: another promotion of the store is at work.
            RunGoneError: it does not wait any more.
            RunCancelledError: somebody asked it to stop; what it has not brought stays selected.
        """
        runner = self.runner
        connection = await runner.register.named(name)
        async with runner.at_work(connection, RunKind.PROMOTE, {}) as (run, _):
            try:
                async with runner.beating(run):
                    async with self._transaction() as tx:
                        store = await open_store(tx, run.organisation_id, connection.id)
                        user_id = await repository.read_asker(tx, run.organisation_id, run.run_id)
                    promotion = Promotion(
                        run, runner.database, store, runner.clock, observe, user_id
                    )
                    await promotion.work()
                    state = RunState.INCOMPLETE if promotion.refused else RunState.DONE
                    async with self._transaction() as tx:
                        result = Ending(result={"refused": promotion.refused})
                        await runs.end_run(
                            tx, run, state, cost=Cost(), now=runner.clock(), ending=result
                        )
            except BaseException as error:
                await undisturbed(runner.fail(run, connection, Cost(), error))
                raise
        return state

    # -- looking closely ------------------------------------------------------------------------

    async def _look(
        self, tx: Transaction, store: Store, resource: str, ids: Sequence[str], so_far: plan.Closely
    ) -> plan.Closely:
        noun = known_noun(resource)
        found, left_out, along = so_far.found, list(so_far.left_out), set(so_far.along)
        seen = {store.origin(resource, remote_id) for remote_id in ids}
        for piece in pieces(ids):
            copies = await read_copies(tx, store, resource, piece)
            fresh = {
                copy.origin: copy.mapped
                for copy in copies
                if copy.mapped is not None and copy.core_id is None and copy.problem is None
            }
            those = await candidates(tx, noun, fresh)
            some, behind = plan.look(copies, those)
            found += some
            left_out += behind
            stays = {one.remote_id for one in behind}
            going = [copy for copy in copies if copy.origin.remote_id not in stays]
            along |= await self._along(tx, store, going, seen)
        return replace(so_far, found=found, left_out=left_out, along=frozenset(along))

    async def _along(
        self, tx: Transaction, store: Store, going: Sequence[Copy], seen: set[Origin]
    ) -> set[Origin]:
        """Return what comes along with some records: new records that they name, and what these name.

        Args:
            seen: what was looked at already.
        """
        found: set[Origin] = set()
        while going:
            named = {
                store.origin(*companion)
                for copy in going
                if copy.mapped is not None
                for companion in companions_of(known_noun(copy.origin.resource), copy.mapped)
            } - seen
            seen |= named
            missing = named - (await links(tx, named)).keys()
            going = []
            for other in sorted({origin.resource for origin in missing}):
                ids = [origin.remote_id for origin in missing if origin.resource == other]
                states = await repository.read_states(tx, store, other, ids)
                new = [name for name, state in states.items() if state is State.NEW]
                found |= {store.origin(other, name) for name in new}
                going += await read_copies(tx, store, other, new)
        return found

    def _transaction(self, *, is_steady: bool = False) -> AbstractAsyncContextManager[Transaction]:
        own = self.runner.organisation_id
        return self.runner.database.transaction(own, is_steady=is_steady)


def _of_connection(chosen: Chosen, connection: Connection) -> Chosen:
    ids = tuple(one for one in chosen.ids if one[0] == connection.id)
    if chosen.ids and not ids:  # names records of other stores only: of this one, none
        return replace(chosen, ids=((connection.id, ""),))
    return replace(chosen, ids=ids)


RESOURCES = tuple(noun.resource for noun in NOUNS.values() if noun.resource)
"""Resources with tables of their own in core, in the order in which they are promoted."""
