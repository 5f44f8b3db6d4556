"""The verbs about webhooks: making and mending them in the store, applying what they told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storetwin.connections.models import Connection, ConnectionState
from storetwin.connections.quiet import gate
from storetwin.connections.webhooks import ReceivingEnd, health_of
from storetwin.connections.webhooks_health import USUAL_DELAY, Health
from storetwin.connections.webhooks_plan import TOLD, Plan, plan
from storetwin.db.database import Row
from storetwin.hub.mending import Mended, Mender
from storetwin.hub.probing import Probed, probe
from storetwin.hub.running import Runner
from storetwin.kernel.errors import ConflictError, RetryableError, StoretwinError
from storetwin.mirror import inbox
from storetwin.mirror.context import Observer
from storetwin.mirror.receive import Drained, execute_receive
from storetwin.runs.found import count_found
from storetwin.runs.models import RunKind, RunState
from storetwin.woocommerce.webhooks import list_webhooks

CHECK_EVERY = timedelta(minutes=5)  # so often the store is asked for its webhooks, at most


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything there is to say of a connection's webhooks.

    Args:
        end: None where none were ever made.
        plan: what would be done to mend them; None where that cannot be said: there were never
            any, no public URL is set here, or the store was not asked.
        others: webhooks in the store that are not ours; 0 where it was not asked.
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

    @property
    def _mender(self) -> Mender:
        return Mender(self.runner, self.public_url)

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
        return await self._mender.mend(name, allowed_ips=allowed_ips)

    async def repair(self, name: str, *, is_new: bool = False) -> Mended:
        """Make anew what is missing, disabled, paused, doubled, or leads elsewhere.

        Args:
            is_new: with a new delivery URL and a new secret.

        Raises:
            NoWebhooksError: there never were any. Else as :meth:`create`.
        """
        connection = await self.runner.register.get(name)
        await self._mender.end_of(connection)
        return await self._mender.mend(name, is_new=is_new)

    async def put(
        self, name: str, *, allowed_ips: Sequence[str] | None = None, is_new: bool = False
    ) -> Mended:
        """Make what is lacking in the store and mend what is not well; see :meth:`create`.

        Args:
            name: of the connection, or its id.
            is_new: with a new delivery URL and a new secret, as :meth:`repair`.
        """
        connection = await self.runner.register.named(name)
        return await self._mender.mend(connection.name, allowed_ips=allowed_ips, is_new=is_new)

    async def remove(self, name: str) -> int:
        """Delete our webhooks in the store, and let nothing in any more.

        Returns:
            How many were deleted.

        Raises:
            NoWebhooksError: there never were any.
            CredentialError, RetryableError: the store does not let us; the door is closed already.
        """
        connection = await self.runner.register.named(name)
        return await self._mender.remove(connection.name)

    async def check(self, name: str) -> Health:
        """Look whether the webhooks are well, and renew what is not; for the end of each increment.

        At most one request to the store in five minutes where all is well, none where no webhooks
        are wanted. What is not well is made anew, three times a day at most. Nothing that the
        store answers is raised.
        """
        runner, mender = self.runner, self._mender
        connection = await runner.register.get(name)
        end = await runner.register.receiving_ends.get(connection.id)
        now = runner.clock()
        if not self._is_due(connection, end, now):
            return self._health(end, now)
        assert end is not None
        upkeep = end.upkeep
        try:
            held = gate(connection, runner.clock)
            async with mender.alone(connection), mender.asking(connection) as client:
                client.hold(held)
                upkeep = await mender.renew(client, connection, end, now)
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

    async def known(self, name: str) -> Overview:
        """Say how the webhooks of a connection are doing, by what is known; no store is asked.

        Raises:
            UnknownConnectionError: there is no connection of this name or id.
        """
        connection = await self.runner.register.named(name)
        end = await self.runner.register.receiving_ends.get(connection.id)
        return await self._overview(connection, end)

    async def look(self, name: str) -> Overview:
        """Ask the store for its webhooks, and say how ours are doing; nothing is changed.

        Raises:
            CredentialError, RetryableError: the store does not answer.
        """
        connection = await self.runner.register.named(name)
        end = await self.runner.register.receiving_ends.get(connection.id)
        overview = await self._overview(connection, end)
        if end is None:
            return overview
        async with self._mender.asking(connection) as client:
            found = await list_webhooks(client)
        wanted = self._mender.wanted(connection, end, self.public_url or "")
        return replace(
            overview,
            plan=plan(wanted, found) if self.public_url else None,
            others=sum(1 for hook in found if not wanted.is_ours(hook)),
        )

    async def _overview(self, connection: Connection, end: ReceivingEnd | None) -> Overview:
        runner = self.runner
        async with runner.database.transaction(runner.organisation_id) as tx:
            told = await inbox.summary(tx, connection.id)
            latest = await inbox.latest(tx, connection.id)
        return Overview(
            health=self._health(end, runner.clock()),
            end=end,
            plan=None,
            others=0,
            waiting=told["waiting"],
            given_up=told["ignored"],
            oldest_at=told["oldest_at"],
            latest=latest,
        )

    async def allow(self, name: str, allowed_ips: Sequence[str]) -> None:
        """Say who may deliver; nothing is asked of the store.

        Args:
            allowed_ips: addresses and networks; empty lets everybody.

        Raises:
            NoWebhooksError: there never were any.
            ConfigurationError: an address is none.
        """
        connection = await self.runner.register.named(name)
        await self._mender.end_of(connection)
        await self.runner.register.receiving_ends.allow(connection.id, allowed_ips)

    async def test(self, name: str) -> Probed:
        """Send a harmless delivery to our own public URL, and see whether it was kept.

        Raises:
            NoPublicUrlError, NoWebhooksError: there is nothing to test.
        """
        public_url = self._mender.public_url_or_raise()
        connection = await self.runner.register.named(name)
        end = await self._mender.end_of(connection)
        nonce = secrets.token_hex(16)
        probed = await probe(end.url(public_url), end.secret, connection.url, nonce)
        if probed.status != 200:
            return probed
        async with self.runner.database.transaction(self.runner.organisation_id) as tx:
            is_kept = await inbox.find_delivery(tx, connection.id, nonce) is not None
        return replace(probed, is_kept=is_kept)

    # -- the parts ------------------------------------------------------------------------------

    def _health(self, end: ReceivingEnd | None, now: datetime) -> Health:
        return health_of(end, now, has_public_url=self.public_url is not None)

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
