"""Connecting a store by its own page: the link to it, and the keys that it sends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from storetwin.connections import authorisations as rows
from storetwin.connections.authorisation import (
    Asked,
    Authorisation,
    UnknownAuthorisationError,
    authorise_url,
    check_public_url,
    check_return_url,
    new_state,
)
from storetwin.connections.authorities import check_ca
from storetwin.connections.models import Connection, Credentials, check_name, normalise_url
from storetwin.connections.register import ConnectionExistsError, NewConnection
from storetwin.hub.connecting import Connecting
from storetwin.kernel.errors import ConfigurationError, StoretwinError

TEST_SECONDS = 40.0  # WooCommerce waits 60 for the answer to its keys
LONGEST = 200  # characters of a state; ours have 64


class TooSlowError(ConfigurationError):
    """The store did not answer our test in the time that it waits for us itself."""

    code = "too_slow"


@dataclass(frozen=True, slots=True)
class Begun:
    """An authorisation, and where a person goes on with it.

    Args:
        authorise_url: the store's page; it names the state, so it is told once.
    """

    authorisation: Authorisation
    authorise_url: str


@dataclass(frozen=True, slots=True)
class Authorising:
    """The verbs about keys that stores send.

    Args:
        connecting: of the organisation that asks; for keys that come, of any.
        public_url: where stores reach this hub.
    """

    connecting: Connecting
    public_url: str | None

    async def begin(self, asked: Asked) -> Begun:
        """Return the address of a store's page that makes keys for us and sends them here.

        Raises:
            NoPublicUrlError: the store could not reach this hub.
            ConnectionExistsError: name or store belong to another connection.
            ConfigurationError: name, URL, certificate or return_url cannot be used.
            TooManyWaitingError: too many wait already.
        """
        public_url = check_public_url(self.public_url)
        checked = replace(
            asked,
            name=check_name(asked.name),
            url=normalise_url(asked.url),
            ca=check_ca(asked.ca, is_tls_insecure=asked.is_tls_insecure),
            return_url=check_return_url(asked.return_url) if asked.return_url else None,
        )
        await self._existing(checked.name, checked.url)
        state, runner = new_state(), self.connecting.runner
        async with runner.database.transaction(runner.organisation_id) as tx:
            begun = await rows.begin(tx, runner.organisation_id, checked, state, runner.clock())
        return Begun(begun, authorise_url(checked, state, public_url))

    async def get(self, authorisation_id: UUID) -> Authorisation:
        """Return how an authorisation stands.

        Raises:
            UnknownAuthorisationError: there is no such one.
        """
        runner = self.connecting.runner
        async with runner.database.transaction(runner.organisation_id) as tx:
            return await rows.read(tx, authorisation_id)

    async def owner(self, state: str) -> tuple[UUID, UUID]:
        """Return (organisation_id, authorisation_id) of what a store sends back with its keys.

        Raises:
            UnknownAuthorisationError: it is nobody's.
        """
        found = None
        if 0 < len(state) <= LONGEST:
            found = await rows.find(self.connecting.runner.database, state)
        if found is None:
            raise UnknownAuthorisationError
        return found

    async def take(self, authorisation_id: UUID, credentials: Credentials) -> Connection:
        """Take the keys that a store sent, if they open the store that was asked.

        They are tried against its address, so nobody can send those of another one.

        Raises:
            UnknownAuthorisationError: it is over, or other keys are being tried.
            ConfigurationError: the keys do not work; why stands at the authorisation, too.
        """
        runner = self.connecting.runner
        async with runner.database.transaction(runner.organisation_id) as tx:
            claimed = await rows.claim(tx, authorisation_id, runner.clock())
        try:
            async with asyncio.timeout(TEST_SECONDS):
                connection = await self._connect(claimed, credentials)
        except TimeoutError:
            slow = TooSlowError(
                f"The store at {claimed.url} did not answer within {TEST_SECONDS:.0f} seconds.",
                remedy="Look whether it answers, then approve once more.",
            )
            await self._refuse(claimed, slow)
            raise slow from None
        except StoretwinError as error:
            await self._refuse(claimed, error)
            raise
        async with runner.database.transaction(runner.organisation_id) as tx:
            await rows.settle(tx, authorisation_id, connection.id, runner.clock())
        return connection

    async def _connect(self, claimed: Authorisation, credentials: Credentials) -> Connection:
        existing = await self._existing(claimed.name, claimed.url)
        if existing is not None:
            return (await self.connecting.renew(existing.name, credentials)).connection
        new = NewConnection(
            claimed.name,
            claimed.url,
            credentials,
            ca=claimed.ca,
            is_tls_insecure=claimed.is_tls_insecure,
            created_by=claimed.created_by,
        )
        return (await self.connecting.add(new)).connection

    async def _existing(self, name: str, url: str) -> Connection | None:
        """Return the connection that is of this name and leads there; None where neither is taken.

        Raises:
            ConnectionExistsError: one of both belongs to another.
        """
        known = await self.connecting.runner.register.every()
        found = [other for other in known if name == other.name or url == other.url]
        if not found:
            return None
        if (found[0].name, found[0].url) == (name, url):
            return found[0]
        raise ConnectionExistsError(
            f"{found[0].name} leads to {found[0].url} already.",
            remedy="Choose another name, or connect that one anew by its name and its address.",
        )

    async def _refuse(self, claimed: Authorisation, error: StoretwinError) -> None:
        runner = self.connecting.runner
        async with runner.database.transaction(runner.organisation_id) as tx:
            await rows.refuse(tx, claimed.authorisation_id, error.message, error.remedy)
