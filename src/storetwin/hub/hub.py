"""The hub: what is built once and handed to every door, and the verbs the doors call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from storetwin.hub.outcome import Outcome
from storetwin.runs.models import RunKind, RunState

if TYPE_CHECKING:
    from storetwin.connections.choices import Choices
    from storetwin.connections.models import Connection
    from storetwin.connections.probe import ProbeReport, Watch
    from storetwin.connections.register import Register
    from storetwin.db.database import Database
    from storetwin.hub.asking import Asking
    from storetwin.hub.authorising import Authorising
    from storetwin.hub.board import Board
    from storetwin.hub.connecting import Connecting
    from storetwin.hub.core import Core
    from storetwin.hub.deliveries import Deliveries
    from storetwin.hub.exports import Exports
    from storetwin.hub.history import History
    from storetwin.hub.identities import Identities
    from storetwin.hub.letters import Letters
    from storetwin.hub.mappings import Mappings
    from storetwin.hub.partial import Partial
    from storetwin.hub.people import People
    from storetwin.hub.persons import Persons
    from storetwin.hub.queries import Queries
    from storetwin.hub.records import Records
    from storetwin.hub.reports import Reports
    from storetwin.hub.running import Revive, Runner
    from storetwin.hub.schedules import Schedules
    from storetwin.hub.staging import Staging
    from storetwin.hub.standings import Standings
    from storetwin.hub.stores import Stores
    from storetwin.hub.syncing import Synced, Syncing
    from storetwin.hub.vaults import Vaults
    from storetwin.hub.webhooks import Webhooks
    from storetwin.kernel.clock import Clock
    from storetwin.mirror.context import Observer, RunContext
    from storetwin.mirror.execute import Retried
    from storetwin.mirror.models import Level
    from storetwin.runs.models import DeadLetter
    from storetwin.runs.queued import Queued
    from storetwin.security import Vault
    from storetwin.tenancy.doorkeeper import Doorkeeper


@dataclass(frozen=True, slots=True)
class Hub:
    """Everything a door needs. Built by :func:`storetwin.bootstrap.open_hub`.

    A verb's module is loaded when it is first asked for: a command pays for what it does.

    Args:
        organisation_id: whose rows this hub sees.
        stores: how stores are reached.
        vault: seals what must stay secret.
        public_url: where stores reach this hub; None: they cannot.
        session_lifetime: after which a session ends that is not used.
        revive: starts the database server again, where it is ours to start.
        queued: the run from the queue that the next verb opens, instead of a new one.
    """

    database: Database
    register: Register
    organisation_id: UUID
    clock: Clock
    stores: Stores
    vault: Vault = field(repr=False)
    public_url: str | None = None
    proxy_header: str | None = None
    session_lifetime: timedelta = timedelta(days=30)
    revive: Revive | None = None
    queued: Queued | None = None

    @property
    def runner(self) -> Runner:
        """Return what opens runs."""
        from storetwin.hub.running import Runner

        own = (self.database, self.register, self.organisation_id, self.clock)
        return Runner(*own, self.stores, self.revive, queued=self.queued, follow=self._follow)

    async def _follow(self, connection_id: UUID) -> None:
        await self.staging.follow(connection_id)

    @property
    def identities(self) -> Identities:
        """Return the verbs about which store it is."""
        from storetwin.hub.identities import Identities

        return Identities(self.runner)

    @property
    def partial(self) -> Partial:
        """Return the verbs that pull less than everything."""
        from storetwin.hub.partial import Partial

        return Partial(self.runner)

    @property
    def reports(self) -> Reports:
        """Return what tells what has happened."""
        from storetwin.hub.reports import Reports

        return Reports(self.database, self.register, self.organisation_id, self.clock)

    @property
    def records(self) -> Records:
        """Return what tells what the twin holds."""
        from storetwin.hub.records import Records

        return Records(self.database, self.register, self.organisation_id)

    @property
    def letters(self) -> Letters:
        """Return the verbs about dead letters."""
        from storetwin.hub.letters import Letters

        return Letters(self.database, self.register, self.organisation_id, self.clock, self.staging)

    @property
    def history(self) -> History:
        """Return what tells what the twin held, and when."""
        from storetwin.hub.history import History

        return History(self.database, self.register, self.organisation_id, self.clock)

    @property
    def schedules(self) -> Schedules:
        """Return the verbs about when connections are read by themselves."""
        from storetwin.hub.schedules import Schedules

        return Schedules(self.database, self.register, self.organisation_id, self.clock)

    @property
    def webhooks(self) -> Webhooks:
        """Return the verbs about webhooks."""
        from storetwin.hub.webhooks import Webhooks

        return Webhooks(self.runner, self.public_url)

    @property
    def deliveries(self) -> Deliveries:
        """Return the verbs about single deliveries of webhooks."""
        from storetwin.hub.deliveries import Deliveries

        return Deliveries(self.database, self.register, self.organisation_id, self.clock)

    @property
    def connecting(self) -> Connecting:
        """Return the verbs about connections themselves."""
        from storetwin.hub.connecting import Connecting

        return Connecting(self.runner, self.webhooks)

    @property
    def authorising(self) -> Authorising:
        """Return the verbs about keys that stores send."""
        from storetwin.hub.authorising import Authorising

        return Authorising(self.connecting, self.public_url)

    @property
    def board(self) -> Board:
        """Return the order board, and the other tables."""
        from storetwin.hub.board import Board

        return Board(self.database, self.register, self.organisation_id)

    @property
    def staging(self) -> Staging:
        """Return the staging explorer."""
        from storetwin.hub.staging import Staging

        return Staging(self.runner)

    @property
    def mappings(self) -> Mappings:
        """Return the verbs about import mappings."""
        from storetwin.hub.mappings import Mappings

        return Mappings(self.runner)

    @property
    def standings(self) -> Standings:
        """Return what tells how the connections are doing."""
        from storetwin.hub.standings import Standings

        return Standings(
            self.database, self.register, self.organisation_id, self.clock, self.public_url
        )

    @property
    def asking(self) -> Asking:
        """Return the verbs about runs that are asked for and wait for a worker."""
        from storetwin.hub.asking import Asking

        return Asking(self.database, self.register, self.organisation_id, self.clock)

    @property
    def queries(self) -> Queries:
        """Return what answers questions from the twin."""
        from storetwin.hub.queries import Queries

        return Queries(self.database, self.register, self.organisation_id, self.clock)

    @property
    def persons(self) -> Persons:
        """Return the verbs about people whose data the twins hold."""
        from storetwin.hub.persons import Persons

        return Persons(self.database, self.register, self.vault, self.organisation_id, self.clock)

    @property
    def vaults(self) -> Vaults:
        """Return the verbs about the vault's keys."""
        from storetwin.hub.vaults import Vaults

        return Vaults(self.database, self.register, self.vault, self.clock)

    @property
    def core(self) -> Core:
        """Return the verbs about the back office's own records."""
        from storetwin.hub.core import Core

        return Core(self.database, self.register, self.organisation_id, self.clock)

    @property
    def exports(self) -> Exports:
        """Return what takes records away in bulk."""
        from storetwin.hub.exports import Exports

        return Exports(self.database, self.register, self.organisation_id, self.clock)

    @property
    def people(self) -> People:
        """Return the verbs about organisations and people."""
        from storetwin.hub.people import People, Premises

        return People(
            Premises(
                self.database, self.vault, self.organisation_id, self.clock, self.session_lifetime
            )
        )

    @property
    def doorkeeper(self) -> Doorkeeper:
        """Return what knows who asks."""
        from storetwin.tenancy.doorkeeper import Doorkeeper

        return Doorkeeper(self.database, self.vault, self.clock)

    def of(self, organisation_id: UUID) -> Self:
        """Return the hub of another organisation on the same database."""
        register = self.register.of(organisation_id)
        return replace(self, register=register, organisation_id=organisation_id)

    async def test_connection(self, name: str, watch: Watch | None = None) -> ProbeReport:
        """Look at the store and keep what was learned.

        Args:
            watch: is told of each check as soon as it is known.
        """
        connection = await self.register.get(name)
        _, report = await self.register.probe(connection, self.stores.probe, self.clock(), watch)
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
        from storetwin.connections.choices import choose, now_sealed
        from storetwin.mirror.forget import forget

        connection = await self.register.get(name)
        async with self.runner.none_running(connection):
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
        from storetwin.mirror.execute import begin_anew, describe, execute_pull

        chosen = (await self.reports.catalogue(name)).ordered(resources)
        asked = {"resources": [r.name for r in chosen], "full": full, "bury": bury_many, "now": now}
        async with self.runner.running(name, RunKind.PULL, asked, observe) as context:
            context.is_patient = patient
            fitted = context.catalogue.ordered(resources)
            if full:
                await self.runner.lasting(context, lambda: begin_anew(context, fitted))
            certificate = await self.runner.lasting(
                context, lambda: execute_pull(context, fitted, bury_many=bury_many)
            )
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
        from storetwin.mirror.execute import describe, execute_verify

        chosen = (await self.reports.catalogue(name)).ordered(resources)
        options = {"resources": [r.name for r in chosen], "level": level.value, "bury": bury_many}
        options["now"] = now
        async with self.runner.running(name, RunKind.VERIFY, options, observe) as context:
            fitted = context.catalogue.ordered(resources)
            certificate = await self.runner.lasting(
                context, lambda: execute_verify(context, fitted, level, bury_many=bury_many)
            )
            return await self._end(context, describe(certificate), certificate.is_complete)

    async def sync(
        self, name: str, resources: Sequence[str], *, observe: Observer, now: bool = False
    ) -> Synced:
        """Bring the twin of a store in step; see :meth:`Syncing.sync`."""
        return await self._syncing.sync(name, resources, observe=observe, now=now)

    async def sweep(
        self,
        name: str,
        resources: Sequence[str],
        *,
        observe: Observer,
        bury_many: bool = False,
        now: bool = False,
    ) -> Synced:
        """Find what no date shows; see :meth:`Syncing.sweep`."""
        return await self._syncing.sweep(
            name, resources, observe=observe, bury_many=bury_many, now=now
        )

    async def retry_dead_letters(
        self, name: str, letters: Sequence[DeadLetter], *, now: bool = False
    ) -> Retried:
        """Ask the store once more for the records that wait, due or not."""
        from storetwin.mirror.execute import execute_retry

        options = {"letters": [str(letter.dead_letter_id) for letter in letters], "now": now}
        async with self.runner.running(name, RunKind.RETRY, options, lambda _: None) as context:
            retried = await execute_retry(context, letters)
            await self.runner.close(
                context, RunState.INCOMPLETE if retried.failed else RunState.DONE
            )
            return retried

    @property
    def _syncing(self) -> Syncing:
        from storetwin.hub.syncing import Syncing

        return Syncing(self.runner)

    async def _end(
        self, context: RunContext, certificate: dict[str, Any], is_complete: bool
    ) -> Outcome:
        await self.runner.close(context, RunState.DONE if is_complete else RunState.INCOMPLETE)
        return Outcome(context.run.run_id, certificate)
