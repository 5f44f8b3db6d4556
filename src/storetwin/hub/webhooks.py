"""The verbs about webhooks: making and mending them in the store, applying what they told."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.quiet import gate
from storetwin.connections.webhooks import ReceivingEnd
from storetwin.connections.webhooks_health import USUAL_DELAY, Health, Traffic, Upkeep, health
from storetwin.connections.webhooks_plan import (
    MOST_RENEWALS,
    TOLD,
    Hook,
    Plan,
    Wanted,
    mark_of,
    may_renew,
    plan,
    recent,
    topics_for,
)
from storetwin.db.database import Row
from storetwin.hub.probing import Probed, probe
from storetwin.hub.running import Runner
from storetwin.kernel.errors import (
    ConfigurationError,
    ConflictError,
    RetryableError,
    StoretwinError,
)
from storetwin.mirror import inbox
from storetwin.mirror.context import Observer
from storetwin.mirror.receive import Drained, execute_receive
from storetwin.runs.found import count_found
from storetwin.runs.models import RunKind, RunState
from storetwin.woocommerce.client import StoreClient
from storetwin.woocommerce.errors import RequestRefusedError
from storetwin.woocommerce.webhooks import create_webhook, delete_webhook, list_webhooks

CHECK_EVERY = timedelta(minutes=5)  # so often the store is asked for its webhooks, at most


class NoPublicUrlError(ConfigurationError):
    """Stores cannot reach this hub."""

    code = "no_public_url"
    default_remedy = "Set STORETWIN_PUBLIC_URL to where stores reach `storetwin serve`."


class NoWebhooksError(ConfigurationError):
    """No webhooks were ever made for the connection."""

    code = "no_webhooks"


class BeingMendedError(ConflictError):
    """Somebody else is at the webhooks of the same connection."""

    default_remedy = "Try again in a moment."


@dataclass(frozen=True, slots=True)
class Mended:
    """What was done so that the store has exactly the webhooks that it should have.

    Args:
        created: topic → why it needed a new webhook.
        deleted: webhooks of ours that were not needed (any more).
        kept: topics whose webhook was well.
        refused: topic → why the store does not take it.
    """

    created: dict[str, str]
    deleted: int
    kept: tuple[str, ...]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything there is to say of a connection's webhooks.

    Args:
        end: None where none were ever made.
        plan: what would be done to mend them; None where the store was not asked.
        others: webhooks in the store that are not ours.
        waiting, given_up: deliveries that wait, that name no record or were given up.
        oldest_at: since when the oldest of them waits.
        latest: what came last, without its body.
    """

    health: Health
    end: ReceivingEnd | None
    plan: Plan | None
    others: int
    waiting: int
    given_up: int
    oldest_at: datetime | None
    latest: Row | None


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The webhooks of one organisation's connections.

    Args:
        public_url: where stores reach this hub; None: they cannot.
    """

    runner: Runner
    public_url: str | None

    # -- in the store ---------------------------------------------------------------------------

    async def create(self, name: str, *, allowed_ips: Sequence[str] | None = None) -> Mended:
        """Make what is lacking in the store, and want webhooks from now on.

        Args:
            allowed_ips: who may deliver; None leaves it as it is, empty lets everybody.

        Raises:
            NoPublicUrlError: nobody could deliver.
            CredentialError: the keys may not write.
            BeingMendedError: somebody else is at it.
            RetryableError: the store does not answer; what was made so far stays.
        """
        return await self._mend(name, allowed_ips=allowed_ips)

    async def repair(self, name: str, *, is_new: bool = False) -> Mended:
        """Make anew what is missing, disabled, paused, doubled, or leads elsewhere.

        Args:
            is_new: with a new delivery URL and a new secret.

        Raises:
            NoWebhooksError: there never were any. Else as :meth:`create`.
        """
        connection = await self.runner.register.get(name)
        await self._end_of(connection)
        return await self._mend(name, is_new=is_new)

    async def _mend(
        self, name: str, *, allowed_ips: Sequence[str] | None = None, is_new: bool = False
    ) -> Mended:
        public_url = self._public_url()
        connection = await self.runner.register.get(name)
        now = self.runner.clock()
        async with self._alone(connection), self._asking(connection) as client:
            found = await list_webhooks(client)  # before anything is written: it may not answer
            ends = self.runner.register.receiving_ends
            end = await ends.ensure(connection, now, allowed_ips=allowed_ips, is_new=is_new)
            wanted = self._wanted(connection, end, public_url)
            todo = _all_anew(wanted, found) if is_new else plan(wanted, found)
            return await self._carry_out(client, wanted, end, todo, Upkeep())

    async def remove(self, name: str) -> int:
        """Delete our webhooks in the store, and let nothing in any more.

        Returns:
            How many were deleted.

        Raises:
            CredentialError, RetryableError: the store does not let us; the door is closed already.
        """
        connection = await self.runner.register.get(name)
        end = await self._end_of(connection)
        await self.runner.register.receiving_ends.close(connection.id)
        wanted = replace(self._wanted(connection, end, self.public_url or ""), topics=())
        async with self._alone(connection), self._asking(connection) as client:
            ours = plan(wanted, await list_webhooks(client)).delete
            for hook in ours:
                await delete_webhook(client, hook.hook_id)
        return len(ours)

    async def check(self, name: str) -> Health:
        """Look whether the webhooks are well, and renew what is not; for the end of each increment.

        At most one request to the store in five minutes where all is well, none where no webhooks
        are wanted. What is not well is made anew, three times a day at most. Nothing that the
        store answers is raised.
        """
        runner = self.runner
        connection = await runner.register.get(name)
        end = await runner.register.receiving_ends.get(connection.id)
        now = runner.clock()
        if not self._is_due(connection, end, now):
            return self._health(end, now)
        assert end is not None
        upkeep = end.upkeep
        try:
            held = gate(connection, runner.clock)
            async with self._alone(connection), self._asking(connection) as client:
                client.hold(held)
                upkeep = await self._renew(client, connection, end, now)
        except (RetryableError, ConflictError):
            return self._health(end, now)
        except StoretwinError as error:
            upkeep = replace(end.upkeep, trouble=error.message, remedy=error.remedy)
        missed = await self._missed(end, now)
        await runner.register.receiving_ends.keep_upkeep(
            connection.id, upkeep, missed=missed, now=now
        )
        return self._health(await runner.register.receiving_ends.get(connection.id), now)

    def _is_due(self, connection: Connection, end: ReceivingEnd | None, now: datetime) -> bool:
        if end is None or not end.is_wanted or self.public_url is None:
            return False
        if connection.state is ConnectionState.PAUSED:
            return False
        return end.checked_at is None or now - end.checked_at >= CHECK_EVERY

    async def _renew(
        self, client: StoreClient, connection: Connection, end: ReceivingEnd, now: datetime
    ) -> Upkeep:
        """Make anew what is not well, if that was not done too often; return what there is then."""
        wanted = self._wanted(connection, end, self._public_url())
        todo = plan(wanted, await list_webhooks(client))
        renewals = recent(end.upkeep.renewals, now)
        if todo.create and not may_renew(renewals, now):
            return Upkeep(
                active=tuple(todo.kept),
                lacking=dict(todo.create),
                renewals=renewals,
                trouble=f"The webhooks were made anew {MOST_RENEWALS} times within a day, and are "
                "disabled or gone again.",
                remedy="Look whether the store reaches this hub (storetwin webhook test NAME), then "
                "repair them: storetwin webhook repair NAME",
            )
        if todo.create:
            renewals = (*renewals, now)
        before = Upkeep(renewals=renewals)
        await self._carry_out(client, wanted, end, todo, before)
        after = await self.runner.register.receiving_ends.get(connection.id)
        return after.upkeep if after else before

    async def _carry_out(
        self, client: StoreClient, wanted: Wanted, end: ReceivingEnd, todo: Plan, upkeep: Upkeep
    ) -> Mended:
        """Make the new ones, then delete the old ones; whoever dies in between leaves doubles."""
        known = {hook.hook_id for hook in (*todo.delete, *todo.kept.values())}
        created: dict[str, str] = {}
        refused: dict[str, str] = {}
        for topic, why in todo.create.items():
            hook = Hook(0, wanted.name_of(topic), topic, "active", wanted.url)
            try:
                made = await create_webhook(client, hook, end.secret, known)
            except RequestRefusedError as error:
                refused[topic] = error.message
            else:
                known.add(made.hook_id)
                created[topic] = why
        for old in todo.delete:
            await delete_webhook(client, old.hook_id)
        kept = tuple(todo.kept)
        upkeep = replace(upkeep, active=(*kept, *created), lacking=refused)
        await self.runner.register.receiving_ends.keep_upkeep(
            end.connection_id, upkeep, missed=end.traffic.missed, now=self.runner.clock()
        )
        return Mended(created, len(todo.delete), kept, refused)

    # -- what they told -------------------------------------------------------------------------

    async def drain(self, name: str, observe: Observer = lambda _: None) -> Drained:
        """Apply the deliveries of a connection that are due. Costs nothing where none is.

        Raises:
            RunInProgressError: they are being applied already.
            QuietHoursError, CredentialError, RetryableError: as any run; they wait.
        """
        runner = self.runner
        connection = await runner.register.get(name)
        async with runner.database.transaction(runner.organisation_id) as tx:
            if not await inbox.has_waiting(tx, connection.id, runner.clock()):
                return Drained()
        async with runner.running(name, RunKind.RECEIVE, {}, observe) as context:
            drained = await execute_receive(context)
            state = RunState.INCOMPLETE if drained.failed else RunState.DONE
            await runner.close(context, state)
        return drained

    # -- how they are ---------------------------------------------------------------------------

    async def standing(self) -> dict[UUID, Health]:
        """Return how the webhooks of each connection are doing; no store is asked."""
        ends = await self.runner.register.receiving_ends.every()
        now = self.runner.clock()
        return {
            connection.id: self._health(ends.get(connection.id), now)
            for connection in await self.runner.register.every()
        }

    async def look(self, name: str) -> Overview:
        """Ask the store for its webhooks, and say how ours are doing; nothing is changed.

        Raises:
            CredentialError, RetryableError: the store does not answer.
        """
        runner = self.runner
        connection = await runner.register.get(name)
        end = await runner.register.receiving_ends.get(connection.id)
        found: list[Hook] = []
        if end is not None:
            async with self._asking(connection) as client:
                found = await list_webhooks(client)
        async with runner.database.transaction(runner.organisation_id) as tx:
            told = await inbox.summary(tx, connection.id)
            latest = await inbox.latest(tx, connection.id)
        wanted = self._wanted(connection, end, self.public_url or "") if end else None
        return Overview(
            health=self._health(end, runner.clock()),
            end=end,
            plan=plan(wanted, found) if wanted else None,
            others=sum(1 for hook in found if wanted and not wanted.is_ours(hook)),
            waiting=told["waiting"],
            given_up=told["ignored"],
            oldest_at=told["oldest_at"],
            latest=latest,
        )

    async def test(self, name: str) -> Probed:
        """Send a harmless delivery to our own public URL, and see whether it was kept.

        Raises:
            NoPublicUrlError, NoWebhooksError: there is nothing to test.
        """
        public_url = self._public_url()
        connection = await self.runner.register.get(name)
        end = await self._end_of(connection)
        nonce = secrets.token_hex(16)
        probed = await probe(end.url(public_url), end.secret, connection.url, nonce)
        if probed.status != 200:
            return probed
        async with self.runner.database.transaction(self.runner.organisation_id) as tx:
            is_kept = await inbox.find_delivery(tx, connection.id, nonce) is not None
        return replace(probed, is_kept=is_kept)

    # -- the parts ------------------------------------------------------------------------------

    def _public_url(self) -> str:
        if self.public_url is None:
            raise NoPublicUrlError(
                "Stores cannot deliver webhooks: no public URL is set, so the hub only asks."
            )
        return self.public_url

    async def _end_of(self, connection: Connection) -> ReceivingEnd:
        end = await self.runner.register.receiving_ends.get(connection.id)
        if end is None:
            raise NoWebhooksError(
                f"No webhooks were made for {connection.name} yet.",
                remedy=f"Make them: storetwin webhook create {connection.name}",
            )
        return end

    def _wanted(self, connection: Connection, end: ReceivingEnd, public_url: str) -> Wanted:
        catalogue = catalogue_for(connection.options)
        read = {r.name for r in catalogue.resources if r.name not in catalogue.left_out}
        return Wanted(mark_of(connection.id), end.url(public_url), topics_for(read))

    def _health(self, end: ReceivingEnd | None, now: datetime) -> Health:
        return health(
            end.upkeep if end else Upkeep(),
            end.traffic if end else Traffic(now),
            has_public_url=self.public_url is not None,
            is_wanted=end is not None and end.is_wanted,
            now=now,
        )

    async def _missed(self, end: ReceivingEnd, now: datetime) -> int:
        """Count the changes that increments found, and that webhooks should have told by now."""
        async with self.runner.database.transaction(self.runner.organisation_id) as tx:
            return await count_found(
                tx,
                end.organisation_id,
                end.connection_id,
                TOLD,
                since=end.traffic.last_delivery_at or end.traffic.created_at,
                until=now - USUAL_DELAY,
            )

    @asynccontextmanager
    async def _alone(self, connection: Connection) -> AsyncIterator[None]:
        """Be the only one at the webhooks of a connection.

        Raises:
            BeingMendedError: somebody else is.
        """
        async with self.runner.database.lock(f"webhooks:{connection.id}") as is_ours:
            if not is_ours:
                raise BeingMendedError(f"Somebody else is at the webhooks of {connection.name}.")
            yield

    @asynccontextmanager
    async def _asking(self, connection: Connection) -> AsyncIterator[StoreClient]:
        """Lend a client of the store."""
        credentials = self.runner.register.credentials(connection)
        client = self.runner.stores.make_client(connection, credentials)
        try:
            yield client
        finally:
            await client.close()


def _all_anew(wanted: Wanted, found: Sequence[Hook]) -> Plan:
    """Return the plan where every webhook of ours has the wrong secret."""
    ours = tuple(hook for hook in found if wanted.is_ours(hook))
    return Plan(create=dict.fromkeys(wanted.topics, "it has an old secret"), delete=ours)
