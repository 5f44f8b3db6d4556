"""Making and mending our webhooks in a store, one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.models import Connection
from storetwin.connections.webhooks import ReceivingEnd
from storetwin.connections.webhooks_health import Upkeep
from storetwin.connections.webhooks_plan import (
    MOST_RENEWALS,
    Hook,
    Plan,
    Wanted,
    mark_of,
    may_renew,
    plan,
    recent,
    topics_for,
)
from storetwin.hub.running import Runner
from storetwin.kernel.errors import ConfigurationError, ConflictError
from storetwin.woocommerce.errors import RequestRefusedError
from storetwin.woocommerce.webhooks import create_webhook, delete_webhook, list_webhooks

if TYPE_CHECKING:
    from storetwin.woocommerce.client import StoreClient


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
class Mender:
    """Puts the webhooks of one organisation's connections in order.

    Args:
        public_url: where stores reach this hub; None: they cannot.
    """

    runner: Runner
    public_url: str | None

    async def mend(
        self, name: str, *, allowed_ips: Sequence[str] | None = None, is_new: bool = False
    ) -> Mended:
        """Make what is lacking in the store, and delete what is not needed.

        Args:
            allowed_ips: who may deliver; None leaves it as it is, empty lets everybody.
            is_new: with a new delivery URL and a new secret.

        Raises:
            NoPublicUrlError: nobody could deliver.
            CredentialError: the keys may not write.
            BeingMendedError: somebody else is at it.
            RetryableError: the store does not answer; what was made so far stays.
        """
        public_url = self.public_url_or_raise()
        connection = await self.runner.register.get(name)
        now = self.runner.clock()
        async with self.alone(connection), self.asking(connection) as client:
            found = await list_webhooks(client)  # before anything is written: it may not answer
            ends = self.runner.register.receiving_ends
            end = await ends.ensure(connection, now, allowed_ips=allowed_ips, is_new=is_new)
            wanted = self.wanted(connection, end, public_url)
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
        end = await self.end_of(connection)
        await self.runner.register.receiving_ends.close(connection.id)
        wanted = replace(self.wanted(connection, end, self.public_url or ""), topics=())
        async with self.alone(connection), self.asking(connection) as client:
            ours = plan(wanted, await list_webhooks(client)).delete
            for hook in ours:
                await delete_webhook(client, hook.hook_id)
        return len(ours)

    async def renew(
        self, client: StoreClient, connection: Connection, end: ReceivingEnd, now: datetime
    ) -> Upkeep:
        """Make anew what is not well, if that was not done too often; return what there is then.

        Args:
            client: of the store; the caller is :meth:`alone` with it.
        """
        wanted = self.wanted(connection, end, self.public_url_or_raise())
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

    def public_url_or_raise(self) -> str:
        """Return where stores reach this hub.

        Raises:
            NoPublicUrlError: they cannot.
        """
        if self.public_url is None:
            raise NoPublicUrlError(
                "Stores cannot deliver webhooks: no public URL is set, so the hub only asks."
            )
        return self.public_url

    async def end_of(self, connection: Connection) -> ReceivingEnd:
        """Return where a store delivers to.

        Raises:
            NoWebhooksError: no webhooks were ever made for it.
        """
        end = await self.runner.register.receiving_ends.get(connection.id)
        if end is None:
            raise NoWebhooksError(
                f"No webhooks were made for {connection.name} yet.",
                remedy=f"Make them: storetwin webhook create {connection.name}",
            )
        return end

    def wanted(self, connection: Connection, end: ReceivingEnd, public_url: str) -> Wanted:
        """Return which webhooks the store of a connection should have."""
        catalogue = catalogue_for(connection.options)
        read = {r.name for r in catalogue.resources if r.name not in catalogue.left_out}
        return Wanted(mark_of(connection.id), end.url(public_url), topics_for(read))

    @asynccontextmanager
    async def alone(self, connection: Connection) -> AsyncIterator[None]:
        """Be the only one at the webhooks of a connection.

        Raises:
            BeingMendedError: somebody else is.
        """
        async with self.runner.database.lock(f"webhooks:{connection.id}") as is_ours:
            if not is_ours:
                raise BeingMendedError(f"Somebody else is at the webhooks of {connection.name}.")
            yield

    @asynccontextmanager
    async def asking(self, connection: Connection) -> AsyncIterator[StoreClient]:
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
