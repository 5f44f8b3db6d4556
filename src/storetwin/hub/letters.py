"""The verbs about dead letters: list, retry and discard them, singly, some, or all that match."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all
from storetwin.connections.doubts import ConnectionPausedError
from storetwin.connections.models import Connection
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.hub.asking import Asking
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConfigurationError, StoretwinError, UnknownNameError
from storetwin.runs import letters, repository
from storetwin.runs.asking import Asked
from storetwin.runs.letters import Matching
from storetwin.runs.models import RunKind, Stage
from storetwin.runs.queued import QueueFullError
from storetwin.staging.models import Chosen as Meant
from storetwin.staging.models import Filter
from storetwin.tenancy.audit import DONE, Deed, record
from storetwin.tenancy.models import Principal

if TYPE_CHECKING:
    from storetwin.hub.staging import Staging

WAITING = "waiting"
MOST_RETRIED = 2_000  # with one call; the next one takes the others
RECORDS_A_RUN = 500
DISCARDED_AT_ONCE = 1_000
MOST_CAUSES = 100
EXPLAINED = "explain_discarding"


class NoReasonError(ConfigurationError):
    """Dead letters are to be discarded, and nobody says why."""

    code = "no_reason"
    default_remedy = "Write down why nobody needs these records."


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which waiting dead letters: those of these ids, or all that match.

    Args:
        ids: None: those that fit all of what follows, all for None.
        connection: its name or id.
        cause: as `Letters.causes` names it.
        run_id: the run that set them aside last.
        since: seen then or later.
    """

    ids: tuple[UUID, ...] | None = None
    connection: str | None = None
    resource: str | None = None
    cause: str | None = None
    run_id: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetryRun:
    """A run that asks a store once more for some records.

    Args:
        is_new: False where one that does the same waited already.
    """

    run_id: UUID
    connection: Connection
    records: int
    is_new: bool


@dataclass(slots=True)
class Retrying:
    """What becomes of dead letters that are to be retried.

    Args:
        without_id: counts letters of a gap or a whole list: the next pull settles these.
        refused: connection → why its letters are not retried now.
        has_more: more letters match than one call takes.
    """

    runs: list[RetryRun] = field(default_factory=list)
    without_id: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters of one organisation.

    Args:
        staging: brings those into core again that core could not take.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    staging: Staging | None = None

    async def page(
        self,
        chosen: Chosen,
        state: str = WAITING,
        *,
        behind: UUID | None = None,
        limit: int,
    ) -> list[Row]:
        """Return dead letters, those first seen last first.

        Raises:
            UnknownNameError: there is no such connection or resource.
        """
        matching = await self._matching(chosen)
        async with self._transaction() as tx:
            return await letters.page_letters(tx, matching, state, behind=behind, limit=limit)

    async def causes(
        self, chosen: Chosen, state: str = WAITING, *, limit: int = MOST_CAUSES
    ) -> list[Row]:
        """Return dead letters by what caused them, those with the most first.

        Causes that differ in numbers alone are one: ``cause`` has a dot mark in their place.

        Raises:
            UnknownNameError: there is no such connection or resource.
        """
        matching = await self._matching(chosen)
        async with self._transaction() as tx:
            return await letters.causes(tx, matching, state, limit=limit)

    async def one(self, letter_id: UUID) -> Row:
        """Return a dead letter; its ``evidence`` is what was asked and answered, None where not kept.

        Raises:
            UnknownNameError: there is none of this id.
        """
        async with self._transaction() as tx:
            found = await letters.find_letters(tx, self.organisation_id, [letter_id])
        if not found:
            raise UnknownNameError(f"There is no dead letter {letter_id}.")
        kept = found[0]["evidence"]
        return found[0] | {"evidence": json.loads(kept) if kept else None}

    async def of_run(
        self,
        run_id: UUID,
        *,
        needle: str | None = None,
        before: tuple[datetime, UUID] | None = None,
        limit: int,
    ) -> list[Row]:
        """Return what a run set aside and no later one did, the latest first.

        Args:
            needle: what its line has to hold.
            before: only what was earlier.
        """
        async with self._transaction() as tx:
            return await letters.asides_of_run(
                tx, self.organisation_id, run_id, needle=needle, before=before, limit=limit
            )

    async def count_of_run(self, run_id: UUID, *, needle: str | None = None) -> int:
        """Return how many records a run set aside that no later one did."""
        async with self._transaction() as tx:
            return await letters.count_asides(tx, self.organisation_id, run_id, needle=needle)

    async def counts(self) -> list[Row]:
        """Return how many wait, by connection and resource."""
        async with self._transaction() as tx:
            return await letters.count_waiting_letters(tx, self.organisation_id)

    async def retry(self, chosen: Chosen) -> Retrying:
        """Let runs ask once more for the records of waiting letters; those settled are left alone.

        Raises:
            UnknownNameError: there is no such connection or resource.
            ConnectionPausedError, QueueFullError: none of them can be retried now.
        """
        rows = await self._waiting(chosen, MOST_RETRIED + 1)
        retrying = Retrying(has_more=len(rows) > MOST_RETRIED)
        by_connection: dict[UUID, list[str]] = {}
        of_core: dict[str, list[tuple[UUID, str]]] = {}
        for row in rows[:MOST_RETRIED]:
            if row["remote_id"] is None:
                retrying.without_id += 1
                continue
            if row["stage"] == Stage.PROMOTE and self.staging is not None:
                named = (row["connection_id"], row["remote_id"])
                of_core.setdefault(row["resource"], []).append(named)
                continue
            records = by_connection.setdefault(row["connection_id"], [])
            records.append(f"{row['resource']}/{row['remote_id']}")
        connections = {c.id: c for c in await self.register.every()}
        trouble: StoretwinError | None = None
        for connection_id, records in by_connection.items():
            connection = connections[connection_id]
            try:
                await self._ask(connection, records, retrying)
            except (ConnectionPausedError, QueueFullError, UnknownNameError) as error:
                trouble = error
                retrying.refused[connection.name] = error.message
        for resource, named_ones in of_core.items():
            trouble = await self._promote(resource, named_ones, retrying) or trouble
        if trouble is not None and not retrying.runs:
            raise trouble
        return retrying

    async def _ask(
        self, connection: Connection, records: Sequence[str], retrying: Retrying
    ) -> None:
        asking = Asking(self.database, self.register, self.organisation_id, self.clock)
        known = {resource.name for resource in catalogue_for(connection.options).resources}
        left = iter(sorted(r for r in records if r.partition("/")[0] in known))
        for piece in _pieces(left, RECORDS_A_RUN):
            asked = Asked(RunKind.PULL, records=piece)
            run_id, is_new = await asking.ask(str(connection.id), asked)
            retrying.runs.append(RetryRun(run_id, connection, len(piece), is_new))

    async def _promote(
        self, resource: str, named: Sequence[tuple[UUID, str]], retrying: Retrying
    ) -> StoretwinError | None:
        """Let a promotion of each store try records again; return why it cannot, if so."""
        assert self.staging is not None
        meant = Meant(Filter(resource), tuple(named))
        try:
            asked = await self.staging.promote(meant)
        except (ConnectionPausedError, QueueFullError, UnknownNameError) as error:
            retrying.refused[resource] = error.message
            return error
        retrying.runs += [
            RetryRun(one.run_id, one.connection, one.records, is_new=True) for one in asked
        ]
        return None

    async def discard_because(self, chosen: Chosen, reason: str, by: Principal) -> int:
        """Discard waiting letters, and keep in the audit log why a person wanted it.

        Raises:
            NoReasonError: no reason is given.
        """
        if not reason.strip():
            raise NoReasonError("Say why they are discarded: it is kept in the history.")
        discarded = await self.discard(chosen)
        detail = {"reason": reason.strip(), "discarded": discarded, "cause": chosen.cause}
        deed = Deed(
            by.actor,
            by.via,
            EXPLAINED,
            actor_id=by.user_id,
            outcome=DONE,
            detail={name: value for name, value in detail.items() if value is not None},
        )
        await record(self.database, self.organisation_id, deed, self.clock())
        return discarded

    async def discard(self, chosen: Chosen) -> int:
        """Discard waiting letters; certificates go on naming the records while they are lacking.

        Returns:
            How many; those that were settled or discarded already count for nothing.
        """
        if chosen.ids is not None:
            async with self._transaction() as tx:
                return await repository.discard_dead_letters(tx, chosen.ids, now=self.clock())
        matching = await self._matching(chosen)
        total = 0
        while True:
            async with self._transaction() as tx:
                discarded = await letters.discard_matching(
                    tx, matching, limit=DISCARDED_AT_ONCE, now=self.clock()
                )
            total += discarded
            if discarded < DISCARDED_AT_ONCE:
                return total

    async def _waiting(self, chosen: Chosen, limit: int) -> list[Row]:
        if chosen.ids is None:
            return await self.page(chosen, limit=limit)
        async with self._transaction() as tx:
            found = await letters.find_letters(tx, self.organisation_id, chosen.ids)
        return [row for row in found if row["state"] == WAITING]

    async def _matching(self, chosen: Chosen) -> Matching:
        connections = await self.register.every()
        connection_id = None
        if chosen.connection is not None:
            connections = [await self.register.named(chosen.connection)]
            connection_id = connections[0].id
        resource = chosen.resource
        if resource is not None:
            resource = catalogue_of_all(c.options for c in connections).named(resource).name
        return Matching(
            self.organisation_id,
            connection_id,
            resource,
            chosen.cause,
            chosen.run_id,
            chosen.since,
        )

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _pieces(records: Iterator[str], size: int) -> Iterator[tuple[str, ...]]:
    while piece := tuple(islice(records, size)):
        yield piece
