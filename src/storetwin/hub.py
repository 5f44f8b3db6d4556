"""The hub: what is built once and handed to every door, and the verbs the doors call."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for, catalogue_of_all, namespaces_of
from storetwin.connections.choices import Choices, choose, now_sealed
from storetwin.connections.doubts import StoreChangedError, if_it_moved, paused
from storetwin.connections.models import Connection, ConnectionState, Credentials
from storetwin.connections.probe import Probe, ProbeReport
from storetwin.connections.quiet import QuietHoursError, gate
from storetwin.connections.register import Register
from storetwin.db.database import Database, Row
from storetwin.http import RedirectedError
from storetwin.kernel.clock import Clock
from storetwin.kernel.errors import ConflictError, StoretwinError, UnknownNameError
from storetwin.mirror import repository as mirror
from storetwin.mirror.acceptance import pause_for_doubt, trust
from storetwin.mirror.context import Observer, RunContext
from storetwin.mirror.execute import (
    Retried,
    describe,
    execute_pull,
    execute_retry,
    execute_verify,
)
from storetwin.mirror.forget import forget
from storetwin.mirror.identity import Look, Looker, confirm_identity
from storetwin.mirror.models import Level
from storetwin.mirror.repository import Shelf
from storetwin.resources import Catalogue
from storetwin.runs import repository as runs
from storetwin.runs.models import DeadLetter, Run, RunState
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.routes import Routes

ClientFactory = Callable[[Connection, Credentials], StoreClient]


class RunInProgressError(ConflictError):
    """Another run of the same connection is at work."""

    default_remedy = "Wait for it: `storetwin runs` shows how far it is."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pull or a verification ended.

    Args:
        certificate: as every door shows it.
    """

    run_id: UUID
    certificate: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        """Say whether the twin has everything that the store has."""
        return bool(self.certificate["is_complete"])


@dataclass(frozen=True, slots=True)
class Hub:
    """Everything a door needs. Built by :func:`storetwin.bootstrap.open_hub`.

    Args:
        organisation_id: whose rows this hub sees.
        ahead: pages of one store that are asked for, in flight or waiting for their turn.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    make_client: ClientFactory
    probe: Probe
    ahead: int

    async def test_connection(self, name: str) -> ProbeReport:
        """Look at the store and keep what was learned."""
        connection = await self.register.get(name)
        _, report = await self.register.probe(connection, self.probe, self.clock())
        return report

    async def configure(self, name: str, choices: Choices) -> tuple[Connection, list[str]]:
        """Change what is pulled through a connection, and how gently.

        Returns:
            The connection, and the resources whose records were dropped from the twin: they held
            in the open what is to be sealed from now on. The next pull brings them again.

        Raises:
            ConfigurationError: a choice cannot be used.
            RunInProgressError: a run of the connection is at work.
        """
        connection = await self.register.get(name)
        async with self.database.lock(f"run:{connection.id}") as is_ours:
            if not is_ours:
                raise RunInProgressError(f"A run of {name} is already at work.")
            options = choose(connection.options, choices)
            forgotten = now_sealed(connection.options, options)
            async with self.database.transaction(self.organisation_id) as tx:
                await forget(tx, connection, forgotten)
            return await self.register.configure(name, options), list(forgotten)

    # -- runs -----------------------------------------------------------------------------------

    async def pull(
        self,
        name: str,
        resources: Sequence[str],
        *,
        full: bool,
        bury_many: bool,
        observe: Observer,
        patient: bool = False,
        now: bool = False,
    ) -> Outcome:
        """Bring the twin of a store up to date and prove that nothing is missing.

        Args:
            full: read every page again from the beginning.
            bury_many: a person said that the store really lost that many records.
            patient: nobody waits for it: dead letters are asked for only when they are due.
            now: do not mind quiet hours; else they end the run (QuietHoursError), nothing is lost.
        """
        chosen = (await self.catalogue(name)).ordered(resources)
        asked = {"resources": [r.name for r in chosen], "full": full, "bury": bury_many, "now": now}
        async with self.running(name, "pull", asked, observe) as context:
            context.is_patient = patient
            fitted = context.catalogue.ordered(resources)
            certificate = await execute_pull(context, fitted, full=full, bury_many=bury_many)
            return await self._end(context, describe(certificate), certificate.is_complete)

    async def verify(
        self,
        name: str,
        resources: Sequence[str],
        level: Level,
        *,
        bury_many: bool,
        observe: Observer,
        now: bool = False,
    ) -> Outcome:
        """Walk the store once more and state, resource by resource, what the twin has of it."""
        chosen = (await self.catalogue(name)).ordered(resources)
        options = {"resources": [r.name for r in chosen], "level": level.value, "bury": bury_many}
        options["now"] = now
        async with self.running(name, "verify", options, observe) as context:
            fitted = context.catalogue.ordered(resources)
            certificate = await execute_verify(context, fitted, level, bury_many=bury_many)
            return await self._end(context, describe(certificate), certificate.is_complete)

    async def retry_dead_letters(
        self, name: str, letters: Sequence[DeadLetter], *, now: bool = False
    ) -> Retried:
        """Ask the store once more for the records that wait, due or not."""
        options = {"letters": [str(letter.dead_letter_id) for letter in letters], "now": now}
        async with self.running(name, "retry", options, lambda _: None) as context:
            retried = await execute_retry(context, letters)
            await self.close_run(context, RunState.INCOMPLETE if retried.failed else RunState.DONE)
            return retried

    @asynccontextmanager
    async def running(
        self, name: str, kind: str, options: Mapping[str, Any], observe: Observer
    ) -> AsyncIterator[RunContext]:
        """Open a run under the connection's lock, and close it however it ends."""
        connection = await self.register.get(name)
        if connection.state is ConnectionState.PAUSED:
            raise paused(connection)
        held = gate(connection, self.clock, is_open=bool(options.get("now")))
        credentials = self.register.credentials(connection)
        async with self.database.lock(f"run:{connection.id}") as is_ours:
            if not is_ours:
                raise RunInProgressError(f"A run of {name} is already at work.")
            run = await self._open_run(connection, kind, options)
            client = self.make_client(connection, credentials)
            client.hold(held)
            try:
                catalogue = catalogue_for(connection.options)
                routes = await self._first_question(client, connection, credentials, catalogue)
                context = RunContext(
                    run=run,
                    database=self.database,
                    client=client,
                    routes=routes,
                    catalogue=catalogue.fitted(routes),
                    sealer=self.register.sealer(connection),
                    clock=self.clock,
                    ahead=connection.options.at_once or self.ahead,
                    observe=observe,
                )
                await confirm_identity(context, connection, may_lack=bool(options.get("bury")))
                yield context
            except BaseException as error:
                await self._fail(run, connection, client, error)
                raise
            finally:
                await client.close()

    async def _first_question(
        self,
        client: StoreClient,
        connection: Connection,
        credentials: Credentials,
        catalogue: Catalogue,
    ) -> Routes:
        """Return what the store's routes take; where that fails, test the connection to say why."""
        try:
            return await client.capabilities(namespaces_of(catalogue))
        except StoretwinError as error:
            report = await self.probe(connection, credentials)
            trouble = report.trouble or error
            if isinstance(trouble, RedirectedError) and connection.identity is not None:
                trouble.remedy = if_it_moved(connection, trouble.target)
            raise trouble from error

    async def _open_run(self, connection: Connection, kind: str, options: Mapping[str, Any]) -> Run:
        async with self.database.transaction(self.organisation_id) as tx:
            return await runs.start_run(
                tx,
                connection_id=connection.id,
                organisation_id=self.organisation_id,
                kind=kind,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                options=dict(options),
                now=self.clock(),
            )

    async def _fail(
        self, run: Run, connection: Connection, client: StoreClient, error: BaseException
    ) -> None:
        """Close a run that did not come to its end; where that fails too, the next run closes it."""
        message = str(error) if isinstance(error, Exception) else "Stopped by a person."
        stopped = isinstance(error, QuietHoursError) or not isinstance(error, Exception)
        state = RunState.INTERRUPTED if stopped else RunState.FAILED
        try:
            async with self.database.transaction(self.organisation_id) as tx:
                if isinstance(error, StoreChangedError):
                    state = RunState.PAUSED
                    await pause_for_doubt(tx, connection, error)
                await runs.end_run(
                    tx, run, state, requests=client.requests, now=self.clock(), error=message
                )
        except Exception as second:  # noqa: BLE001 - the first error is the one to tell
            error.add_note(f"The run could not be closed either: {second}")

    async def _end(
        self, context: RunContext, certificate: dict[str, Any], is_complete: bool
    ) -> Outcome:
        await self.close_run(context, RunState.DONE if is_complete else RunState.INCOMPLETE)
        return Outcome(context.run.run_id, certificate)

    async def close_run(self, context: RunContext, state: RunState = RunState.DONE) -> None:
        """Close a run that came to its end."""
        async with context.transaction() as tx:
            await runs.end_run(
                tx, context.run, state, requests=context.client.requests, now=self.clock()
            )

    async def catalogue(self, name: str | None) -> Catalogue:
        """Return the resources of a connection; for None those of any."""
        if name is not None:
            return catalogue_for((await self.register.get(name)).options)
        return catalogue_of_all(c.options for c in await self.register.every())

    # -- which store it is ----------------------------------------------------------------------

    async def look(self, name: str) -> tuple[Connection, Look]:
        """Ask the store which one it is and compare it with the twin; nothing is written.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        connection = await self.register.get(name)
        return connection, await self._look(connection)

    async def accept(
        self,
        name: str,
        *,
        url: str | None = None,
        is_restored: bool = False,
        is_replaced: bool = False,
    ) -> tuple[Connection, Look]:
        """Trust the store as it is now, and resume the connection.

        Args:
            url: where the shop is from now on; the same store has to answer there.
            is_restored: it went back or was emptied: everything is read again.
            is_replaced: another store took its place: every record of the twin gets a tombstone.

        Raises:
            NotAcceptableError: something else is there than what is accepted.
            RunInProgressError: a run of the connection is at work.
            ConnectionExistsError: another connection leads to this address.
        """
        connection = await self.register.get(name)
        if url is not None:
            connection = await self.register.at(connection, url)
        async with self.database.lock(f"run:{connection.id}") as is_ours:
            if not is_ours:
                raise RunInProgressError(f"A run of {name} is already at work.")
            look = await self._look(connection)
            await trust(
                self.database,
                connection,
                look,
                self.clock(),
                is_restored=is_restored,
                is_replaced=is_replaced,
            )
        return await self.register.get(name), look

    async def _look(self, connection: Connection) -> Look:
        credentials = self.register.credentials(connection)
        client = self.make_client(connection, credentials)
        try:
            catalogue = catalogue_for(connection.options)
            routes = await self._first_question(client, connection, credentials, catalogue)
            return await Looker(self.database, client, routes, connection).look()
        finally:
            await client.close()

    # -- reading --------------------------------------------------------------------------------

    async def runs(self, *, limit: int = 20) -> list[Row]:
        """Return the latest runs."""
        async with self.database.transaction(self.organisation_id) as tx:
            return await runs.list_runs(tx, connection_id=None, limit=limit)

    async def run(self, prefix: str) -> tuple[Row, list[Row]]:
        """Return a run by the beginning of its id, and its progress.

        Raises:
            UnknownNameError: no run begins like that, or more than one does.
        """
        async with self.database.transaction(self.organisation_id) as tx:
            found = await runs.find_runs(tx, prefix.lower())
            if len(found) != 1:
                what = "No run begins" if not found else "More than one run begins"
                raise UnknownNameError(
                    f"{what} with {prefix!r}.", remedy="`storetwin runs` lists the latest."
                )
            return found[0], await runs.list_progress(tx, found[0]["run_id"])

    async def dead_letters(
        self, *, connection: str | None = None, resource: str | None = None, state: str = "waiting"
    ) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        connection_id = (await self.register.get(connection)).id if connection else None
        name = (await self.catalogue(connection)).named(resource).name if resource else None
        async with self.database.transaction(self.organisation_id) as tx:
            return await runs.list_dead_letters(
                tx, connection_id=connection_id, resource=name, state=state
            )

    async def discard_dead_letters(self, letters: Sequence[DeadLetter]) -> int:
        """Discard dead letters; the records stay named in certificates while they are lacking."""
        async with self.database.transaction(self.organisation_id) as tx:
            ids = [letter.dead_letter_id for letter in letters]
            return await runs.discard_dead_letters(tx, ids, now=self.clock())

    async def record(self, connection: str, resource: str, remote_id: str) -> tuple[Row, list[Row]]:
        """Return one record with its exact text, and its earlier versions.

        Raises:
            UnknownNameError: the twin has no such record.
        """
        chosen = await self.register.get(connection)
        found = catalogue_for(chosen.options).named(resource)
        shelf = Shelf(self.organisation_id, chosen.id, found.name)
        async with self.database.transaction(self.organisation_id) as tx:
            row = await mirror.show_record(tx, shelf, remote_id)
            if row is None:
                raise UnknownNameError(
                    f"The twin of {connection} has no {found.name} {remote_id}.",
                    remedy=f"`storetwin pull {connection}` brings it, if the store has it.",
                )
            return row, await mirror.list_versions(tx, shelf, remote_id)

    async def status(self) -> dict[str, list[Row] | dict[UUID, Row]]:
        """Return counts by connection and resource, the latest certificates and runs."""
        async with self.database.transaction(self.organisation_id) as tx:
            return {
                "records": await mirror.count_records(tx),
                "certificates": await runs.latest_certificates(tx),
                "runs": await runs.list_runs(tx, connection_id=None, limit=200),
            }
