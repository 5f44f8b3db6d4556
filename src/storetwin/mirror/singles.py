"""One record by its own address: the last word on whether it exists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from storetwin.db.database import Transaction
from storetwin.kernel.errors import RecordError
from storetwin.mirror import repository
from storetwin.mirror.context import RunContext
from storetwin.mirror.models import State
from storetwin.mirror.parts import has_route, listing_of, parts_of
from storetwin.mirror.writing import bury_records, write_records
from storetwin.resources import Resource
from storetwin.runs import repository as runs
from storetwin.runs.models import Why
from storetwin.woocommerce.errors import BadAnswerError, NotFoundError, RequestRefusedError
from storetwin.woocommerce.exchange import Single
from storetwin.woocommerce.records import Record, is_foreign, read_record


class Outcome(Enum):
    """What a single reading came to."""

    KEPT = "the store has it, and now the twin"
    PARTIAL = "the store has it and cannot show its meta_data"
    BURIED = "the store says that there is no such record"
    ABSENT = "there is no such record, and the twin had none"
    FAILED = "the store cannot show it"


@dataclass(frozen=True, slots=True)
class Reading:
    """An outcome, its reason in words, and whether the twin had to change.

    Args:
        record: what answered; with an outcome of ABSENT or BURIED another resource's.
        evidence: what was asked and answered, where that is why.
    """

    outcome: Outcome
    reason: str = ""
    is_new: bool = False
    record: Record | None = field(default=None, repr=False)
    evidence: str | None = field(default=None, repr=False)


Settle = Callable[[Transaction, Sequence[str]], Awaitable[None]]
"""Called with remote ids in the very transaction that keeps what became of them."""


@dataclass(slots=True)
class SingleReader:
    """Reads records of one resource one by one and keeps what it finds.

    Args:
        settle: see :data:`Settle`.
    """

    context: RunContext
    resource: Resource
    settle: Settle | None = None
    _containers: dict[str, bool] = field(default_factory=dict)

    async def read(
        self,
        remote_id: str,
        *,
        container: str | None = None,
        bury: bool = False,
        state: State | None = None,
    ) -> Reading:
        """Read one record by its own address.

        Args:
            container: its parent, where the address contains it; looked up in the twin if absent.
            bury: set a tombstone on a 404 of its own. Never on any other answer.
            state: how it is kept: LISTED by default; UNLISTED where no list shows it, which is
                what ``bury`` takes for granted.
        """
        state = state or (State.UNLISTED if bury else State.LISTED)
        container = container or await self._parent_of(remote_id)
        path = self.resource.address(remote_id, container)
        if path is None:
            return await self._without_address(remote_id, container, bury=bury)
        try:
            single = await self.context.client.get(path, {})
            record = read_record(
                self.resource,
                single.document,
                container=self._own(container),
                sealer=self.context.sealer,
            )
        except NotFoundError as error:
            return await self._not_found(error, remote_id, container, bury=bury)
        except (BadAnswerError, RequestRefusedError, RecordError) as error:
            await self.set_aside(remote_id, error.message, error.evidence)
            return Reading(Outcome.FAILED, error.message, evidence=error.evidence)
        if is_foreign(self.resource, record):
            return replace(await self._absent(remote_id, bury=bury), record=record)
        return await self._keep(record, single, state)

    async def _not_found(
        self, error: NotFoundError, remote_id: str, container: str | None, *, bury: bool
    ) -> Reading:
        """Find out of what a 404 speaks: of the route, of the record, or of what contains it."""
        if error.is_route_missing:
            return await self._without_route(remote_id, container, bury=bury)
        if await self._is_own(container):
            return await self._absent(remote_id, bury=bury)
        return Reading(
            Outcome.FAILED, f"what contains it ({container}) cannot be had", evidence=error.evidence
        )

    def _own(self, container: str | None) -> str | None:
        """The container counts only where the address names it."""
        return container if self.resource.single and "{parent}" in self.resource.single else None

    async def _parent_of(self, remote_id: str) -> str | None:
        if not self.resource.single or "{parent}" not in self.resource.single:
            return None
        if self.resource.is_named_below_parent:
            return self.resource.container_of(remote_id)
        async with self.context.transaction() as tx:
            shelf = self.context.shelf(self.resource)
            known = await repository.read_known(tx, shelf, [remote_id])
        return known[remote_id].parent_id if remote_id in known else None

    async def _is_own(self, container: str | None) -> bool:
        """Say whether a 404 speaks of the record and not of what contains it.

        A container that answers makes the 404 the record's own; so does one that the twin has
        already buried on its own 404.
        """
        if container is None or not self._own(container):
            return True
        return await self._is_settled(container)

    async def _is_settled(self, container: str) -> bool:
        """Say whether it is known that a container is there, or that it is not."""
        parent = self.resource.fallback_parent or self.resource.parent
        if parent is None:
            return True
        if container not in self._containers:
            containing = self.context.catalogue.named(parent)
            self._containers[container] = await self._container_settled(containing, container)
        return self._containers[container]

    async def _container_settled(self, parent: Resource, container: str) -> bool:
        async with self.context.transaction() as tx:
            known = await repository.read_known(tx, self.context.shelf(parent), [container])
        if container in known and known[container].state is State.GONE:
            return True
        address = parent.address(container, None)
        if address is None:  # what has no address exists while its list shows it
            return parent.single is None and container in known
        try:
            await self.context.client.get(address, {})
        except (NotFoundError, BadAnswerError, RequestRefusedError):
            return False
        return True

    async def _without_route(self, remote_id: str, container: str | None, *, bury: bool) -> Reading:
        """An id that the store's routes do not take says nothing; its list, read whole, does."""
        if not has_route(self.context, self.resource):
            return Reading(Outcome.FAILED, "the store has no route for it")
        if self.resource.is_paged and not self.resource.can_include:
            return Reading(Outcome.FAILED, "it cannot be asked for: it has no address")
        if self.resource.is_paged and (shown := await self._read_from_list(remote_id)):
            return shown
        if container is not None and not await self._is_settled(container):
            return Reading(Outcome.FAILED, f"what contains it ({container}) cannot be had")
        return await self._absent(remote_id, bury=bury)

    async def _without_address(
        self, remote_id: str, container: str | None, *, bury: bool
    ) -> Reading:
        """A record without an address of its own exists while its list shows it."""
        if self.resource.is_paged or self.resource.single is not None:
            shown = await self._read_from_list(remote_id)
            return shown or Reading(Outcome.FAILED, "nobody knows what contains it")
        if container is not None and not await self._is_settled(container):
            return Reading(Outcome.FAILED, f"what contains it ({container}) cannot be had")
        return await self._absent(remote_id, bury=bury)

    async def _read_from_list(self, remote_id: str) -> Reading | None:
        """Ask the list for this record alone: its address is below a record that nobody knows yet."""
        can_ask = self.resource.can_include and remote_id.isdecimal()
        for part in await parts_of(self.context, self.resource) if can_ask else ():
            listing = listing_of(self.context, self.resource, part)
            try:
                loaded = await listing.included([int(remote_id)])
            except (BadAnswerError, RequestRefusedError) as error:
                await self.set_aside(remote_id, error.message, error.evidence)
                return Reading(Outcome.FAILED, error.message, evidence=error.evidence)
            for record in loaded.records:
                single = Single(record.document, loaded.served_at)
                return await self._keep(record, single, State.LISTED)
        return None

    async def _absent(self, remote_id: str, *, bury: bool) -> Reading:
        context, shelf = self.context, self.context.shelf(self.resource)
        async with context.transaction() as tx:
            known = await repository.read_known(tx, shelf, [remote_id])
            if not bury or remote_id not in known or known[remote_id].state is State.GONE:
                await self._settle(tx, remote_id)
                return Reading(Outcome.ABSENT)
            now = context.clock()
            served_at = max(now, known[remote_id].read_at)
            await bury_records(tx, shelf, [remote_id], served_at=served_at, now=now)
            if context.following is not None:
                await context.following.buried(tx, self.resource, [remote_id])
            await self._settle(tx, remote_id)
        return Reading(Outcome.BURIED)

    async def _keep(self, record: Record, single: Single, state: State) -> Reading:
        context = self.context
        async with context.transaction() as tx:
            written = await write_records(
                tx,
                context.shelf(self.resource),
                [record],
                served_at=single.served_at,
                now=context.clock(),
                state=state,
            )
            if context.following is not None and written.changed:
                await context.following.changed(tx, self.resource, [record])
            await self._settle(tx, record.remote_id)
        is_new = bool(written.created or written.updated)
        if record.is_blank:
            reason = "its meta_data cannot be had"
            await self.set_aside(record.remote_id, reason)
            return Reading(Outcome.PARTIAL, reason, is_new, record)
        return Reading(Outcome.KEPT, is_new=is_new, record=record)

    async def set_aside(self, remote_id: str, reason: str, evidence: str | None = None) -> None:
        """Keep a dead letter for a record, which settles it as well."""
        async with self.context.transaction() as tx:
            await runs.add_dead_letter(
                tx,
                self.context.run,
                resource=self.resource.name,
                remote_id=remote_id,
                name=remote_id,
                reason=Why(reason, evidence),
                now=self.context.clock(),
            )
            await self._settle(tx, remote_id)

    async def _settle(self, tx: Transaction, remote_id: str) -> None:
        if self.settle is not None:
            await self.settle(tx, [remote_id])
