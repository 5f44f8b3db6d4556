"""Runs that are asked for: they wait in the database for a worker, and can be stopped and repeated.

The row of a run is its place in the queue: it is written once, and a worker that dies with it at
work leaves it behind for the next one, which goes on in the same run.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.doubts import paused
from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row, Transaction
from storetwin.hub.holding import ending_of, wait_until
from storetwin.hub.partial import read_address
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConflictError, UnknownNameError
from storetwin.kernel.moments import read_moment
from storetwin.runs import listing, queued
from storetwin.runs import repository as runs
from storetwin.runs.asking import Asked, NotAskableError, NotRepeatableError, check
from storetwin.runs.estimating import Estimate, Past, estimate
from storetwin.runs.listing import Wanted
from storetwin.runs.models import RunKind, RunState, Stage
from storetwin.runs.repository import Ending
from storetwin.runs.schedules import BUSY

PROOFS: Final = 3  # runs that are looked at for how much the store has


class UnknownRunError(UnknownNameError):
    """There is no run of this id."""

    code = "unknown_run"


class RunEndedError(ConflictError):
    """The run has ended already."""

    code = "run_ended"


@dataclass(frozen=True, slots=True)
class Due:
    """A run whose turn it is."""

    run_id: UUID
    connection: Connection
    asked: Asked


@dataclass(frozen=True, slots=True)
class Asking:
    """Puts runs of one organisation's connections into the queue, and takes them out."""

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock

    # -- what a person does ---------------------------------------------------------------------

    async def ask(
        self, connection: str | None, asked: Asked, *, retry_of: UUID | None = None
    ) -> tuple[UUID, bool]:
        """Put a run into the queue; a worker begins it when no other of the connection is at work.

        One that does the same and waits already is enough: its id is returned.

        Args:
            connection: its name or id; the default one for None.

        Returns:
            The run's id, and whether it is a new one.

        Raises:
            UnknownNameError: there is no such connection or resource.
            ConnectionPausedError: it is not read at all.
            NotAskableError: what is asked for does not go together.
            QueueFullError: too many of the connection wait.
        """
        check(asked)
        found = await (self.register.named(connection) if connection else self.register.get())
        if found.state is ConnectionState.PAUSED:
            raise paused(found)
        fitted = _fitted(found, asked)
        async with self._transaction() as tx:
            owner = (self.organisation_id, found.id)
            return await queued.queue_run(tx, owner, fitted, now=self.clock(), retry_of=retry_of)

    async def cancel(self, run_id: UUID) -> Row:
        """Stop a run: at once where it waits; else its process hears of it within two seconds.

        What it has committed stays, and the next run goes on there.

        Raises:
            UnknownRunError: there is none.
            RunEndedError: it has ended already.
        """
        async with self._transaction() as tx:
            now, ending = self.clock(), Ending("Cancelled.", "run_cancelled")
            is_stopped = await queued.end_queued(tx, run_id, RunState.CANCELLED, ending, now=now)
            is_stopped = is_stopped or await queued.ask_to_stop(tx, run_id, now=now)
            run = await self._find(tx, run_id)
        if not is_stopped:
            raise RunEndedError(f"The run has ended already: {run['state']}.")
        return run

    async def retry(self, run_id: UUID) -> tuple[UUID, bool]:
        """Ask for a run once more, with the same options; return as :meth:`ask`.

        Raises:
            UnknownRunError: there is none.
            NotRepeatableError: it has not ended, or is of a kind that nobody can ask for.
        """
        async with self._transaction() as tx:
            run = await self._find(tx, run_id)
        if not RunState(run["state"]).has_ended:
            raise NotRepeatableError("The run has not ended yet.", remedy="Wait, or cancel it.")
        asked = Asked.of_run(RunKind(run["kind"]), json.loads(run["options"]))
        return await self.ask(str(run["connection_id"]), asked, retry_of=run_id)

    # -- what a door shows ----------------------------------------------------------------------

    async def every(self, connection: str | None, wanted: Wanted) -> list[Row]:
        """Return a page of runs, newest first.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        if connection is not None:
            found = await self.register.named(connection)
            wanted = replace(wanted, connection_id=found.id)
        async with self._transaction() as tx:
            return await listing.list_runs(tx, wanted)

    async def show(self, run_id: UUID) -> tuple[Row, list[Row], list[Row], Any]:
        """Return a run, its progress, the records that it set aside, and what else it found.

        Raises:
            UnknownRunError: there is none.
        """
        async with self._transaction() as tx:
            run = await self._find(tx, run_id)
            result = await listing.read_result(tx, run_id)
            progress = await runs.list_progress(tx, run_id)
            letters = await listing.letters_of_run(tx, run_id)
        return run, progress, letters, json.loads(result) if result else None

    async def planned(self, run: Row) -> list[str]:
        """Return the names of the resources that a run goes through, in their order.

        Raises:
            UnknownConnectionError: its connection was removed meanwhile.
        """
        options = json.loads(run["options"])
        if RunKind(run["kind"]) is RunKind.PROMOTE:
            return list(options.get("resources", []))
        if named := options.get("records"):
            return list(dict.fromkeys(address.partition("/")[0] for address in named))
        found = await self.register.named(str(run["connection_id"]))
        return [r.name for r in catalogue_for(found.options).ordered(options.get("resources", []))]

    async def estimate(self, connection: str | None, asked: Asked) -> Estimate:
        """Return what a run would take, judged by those before it; nothing is asked of the store.

        Raises:
            UnknownNameError: there is no such connection or resource.
            NotAskableError: what is asked for does not go together.
        """
        check(asked)
        found = await (self.register.named(connection) if connection else self.register.get())
        fitted = _fitted(found, asked)
        like = Wanted(
            connection_id=found.id, kinds=[asked.run_kind], states=[RunState.DONE], limit=20
        )
        proving = replace(like, kinds=[RunKind.PULL, RunKind.VERIFY], limit=PROOFS)
        held: dict[str, int] = {}
        async with self._transaction() as tx:
            rows = await listing.list_runs(tx, like)
            for run in await listing.list_runs(tx, proving):
                for line in await runs.list_progress(tx, run["run_id"]):
                    if line["stage"] == Stage.VERIFY:  # a whole walk, whatever was read before it
                        held.setdefault(line["resource"], line["records"])
        everything = {r.name for r in catalogue_for(found.options).ordered([])}
        return estimate(fitted, held, [_past(row, everything) for row in rows])

    async def certificates(
        self,
        connection: str | None,
        *,
        is_complete: bool | None,
        behind: UUID | None,
        limit: int,
    ) -> list[Row]:
        """Return a page of certificates, newest first.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        found = await self.register.named(connection) if connection else None
        async with self._transaction() as tx:
            return await listing.list_certificates(
                tx,
                connection_id=found.id if found else None,
                is_complete=is_complete,
                behind=behind,
                limit=limit,
            )

    async def certificate(self, certificate_id: UUID) -> Row:
        """Return one certificate, with its document as JSON text.

        Raises:
            UnknownNameError: there is none.
        """
        async with self._transaction() as tx:
            found = await listing.read_certificate(tx, certificate_id)
        if found is None:
            raise UnknownNameError(f"There is no certificate {certificate_id}.")
        return found

    # -- what a worker does ---------------------------------------------------------------------

    async def next(self, connection_id: UUID) -> Due | None:
        """Return the run of a connection whose turn it is, if one waits."""
        connections = {c.id: c for c in await self.register.every()}
        async with self._transaction() as tx:
            row = await queued.next_queued(tx, connection_id, now=self.clock())
        connection = connections.get(connection_id)
        if row is None or connection is None or connection.state is ConnectionState.PAUSED:
            return None
        asked = Asked.of_run(RunKind(row["kind"]), json.loads(row["options"]))
        return Due(row["run_id"], connection, asked)

    async def put_off(self, run_id: UUID, error: Exception) -> None:
        """Let a run wait: for a moment where another is at work, longer in quiet hours."""
        now = self.clock()
        until = wait_until(error, now)
        async with self._transaction() as tx:
            await queued.put_off(
                tx,
                run_id,
                pause=BUSY if until is None else until - now,
                is_quiet=until is not None,
            )

    async def give_up(self, run_id: UUID, error: Exception) -> None:
        """End a run that could not even begin; does nothing where it did."""
        async with self._transaction() as tx:
            ending = ending_of(error)
            await queued.end_queued(tx, run_id, RunState.FAILED, ending, now=self.clock())

    async def _find(self, tx: Transaction, run_id: UUID) -> Row:
        found = await listing.list_runs(tx, Wanted(run_ids=[run_id], limit=1))
        if not found:
            raise UnknownRunError(f"There is no run {run_id}.", remedy="List them: GET /runs.")
        return found[0]

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.database.transaction(self.organisation_id)


def _past(row: Row, everything: set[str]) -> Past:
    """Return what a run tells of the next; one that named every resource named none."""
    kept = json.loads(row["options"])
    options = {n: v for n, v in kept.items() if v not in (None, False, []) and n != "now"}
    if everything.issubset(options.get("resources", ())):
        options.pop("resources")
    seconds = (row["ended_at"] - row["started_at"]).total_seconds()
    return Past(json.dumps(options, sort_keys=True), row["records"], row["requests"], seconds)


def _fitted(connection: Connection, asked: Asked) -> Asked:
    """Return what is asked for with the names that the connection's catalogue has.

    Raises:
        UnknownNameError: it has no such resource.
        NotAskableError: a time cannot be read.
    """
    catalogue = catalogue_for(connection.options)
    for text in (asked.since, asked.until):
        if text is not None:
            read_moment(text)
    addresses = [read_address(address) for address in asked.records]
    records = [f"{catalogue.named(resource).name}/{n}" for resource, n in addresses]
    names: Sequence[str] = [r.name for r in catalogue.ordered(asked.resources)]
    if asked.since and asked.until and read_moment(asked.since) >= read_moment(asked.until):
        raise NotAskableError(
            f"The span ends ({asked.until}) before it begins ({asked.since}).",
            remedy="Give since the earlier time; until itself is excluded.",
        )
    return replace(
        asked,
        resources=tuple(names) if asked.resources else (),
        records=tuple(dict.fromkeys(records)),
    )
