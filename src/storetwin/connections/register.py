"""The register of connections: add, look up, rename, renew, pause, probe, remove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import msgspec
from pydantic import SecretStr

from storetwin.connections import repository
from storetwin.connections.authorities import check_ca
from storetwin.connections.models import (
    AuthScheme,
    Connection,
    ConnectionState,
    Credentials,
    check_name,
    doubts_about,
    doubts_about_scheme,
    normalise_url,
)
from storetwin.connections.options import Options
from storetwin.connections.probe import Probe, ProbeReport, Watch
from storetwin.connections.webhooks import ReceivingEnds
from storetwin.db import Database, UniqueViolationError
from storetwin.kernel.errors import (
    ConfigurationError,
    InvariantError,
    StoretwinError,
    UnknownNameError,
)
from storetwin.kernel.ids import new_id
from storetwin.security import Sealer, Vault


class ConnectionExistsError(ConfigurationError):
    """The organisation has a connection of this name, or to this store, already."""

    code = "connection_exists"


class UnknownConnectionError(UnknownNameError):
    """There is no connection of this name, or none at all."""

    code = "unknown_connection"


@dataclass(frozen=True, slots=True)
class NewConnection:
    """What a person gives to add a connection.

    Attributes:
        url: in any spelling `normalise_url` takes.
        ca: PEM text of an extra certificate authority.
        created_by: who gives it; None at the machine itself.
    """

    name: str
    url: str
    credentials: Credentials
    auth: AuthScheme = AuthScheme.AUTO
    ca: str | None = None
    is_tls_insecure: bool = False
    created_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """A connection that was added, and what looks odd about it."""

    connection: Connection
    warnings: tuple[str, ...]


class Register:
    """The connections of one organisation."""

    __slots__ = ("_database", "_organisation_id", "_vault")

    def __init__(self, database: Database, vault: Vault, organisation_id: UUID) -> None:
        self._database = database
        self._vault = vault
        self._organisation_id = organisation_id

    def of(self, organisation_id: UUID) -> Register:
        """Return the register of another organisation on the same database."""
        return Register(self._database, self._vault, organisation_id)

    async def add(self, new: NewConnection, now: datetime) -> Added:
        """Check, seal and keep a connection; nothing is asked of the store.

        Raises:
            ConfigurationError: name, URL or certificate cannot be used.
            ConnectionExistsError: name or store are taken.
        """
        connection = self.draft(new, now)
        kept = await self.keep(connection)
        return Added(kept, doubts_about(new.credentials) + doubts_about_scheme(kept))

    def draft(self, new: NewConnection, now: datetime) -> Connection:
        """Return a connection as it would be kept; nothing is written.

        Raises:
            ConfigurationError: name, URL or certificate cannot be used.
        """
        connection_id = new_id(now)
        return Connection(
            id=connection_id,
            organisation_id=self._organisation_id,
            name=check_name(new.name),
            url=normalise_url(new.url),
            auth=new.auth,
            ca=check_ca(new.ca, is_tls_insecure=new.is_tls_insecure),
            is_tls_insecure=new.is_tls_insecure,
            sealed_credentials=self._seal(connection_id, new.credentials),
            created_at=now,
            created_by=new.created_by,
        )

    async def keep(self, draft: Connection) -> Connection:
        """Keep a new connection.

        Raises:
            ConnectionExistsError: name or store are taken.
        """
        try:
            return await self._insert(draft)
        except UniqueViolationError as error:
            if error.constraint != "connections_one_default":
                raise _exists(draft, error.constraint) from error
            return await self._insert(draft)  # another process added the first one just now

    async def check_free(self, draft: Connection) -> None:
        """Check that nothing stands in the way of a new connection; another may still be faster.

        Raises:
            ConnectionExistsError: name or store are taken.
        """
        await self.check_name_free(draft.name)
        for other in await self.every():
            if other.url == draft.url:
                raise _exists(draft, "connections_url_key")

    async def _insert(self, connection: Connection) -> Connection:
        async with self._database.transaction(self._organisation_id) as transaction:
            return await repository.insert(transaction, connection)

    async def every(self) -> list[Connection]:
        """Return all connections, the default first, then by name."""
        async with self._database.transaction(self._organisation_id) as transaction:
            return await repository.every(transaction)

    async def check_name_free(self, name: str) -> None:
        """Check that no connection is called like this.

        Raises:
            ConfigurationError: nothing could be.
            ConnectionExistsError: one is.
        """
        check_name(name)
        if any(other.name == name for other in await self.every()):
            raise _name_taken(name)

    async def after(self, name: str | None, limit: int) -> list[Connection]:
        """Return so many connections by name: those after this one, or the first."""
        async with self._database.transaction(self._organisation_id) as transaction:
            return await repository.after(transaction, name, limit)

    async def get(self, name: str | None = None) -> Connection:
        """Return a connection by its name; the default one for None.

        Raises:
            UnknownConnectionError: there is none; names those there are.
        """
        async with self._database.transaction(self._organisation_id) as transaction:
            found = await repository.by_name(transaction, name)
            known = [] if found else [c.name for c in await repository.every(transaction)]
        if found is None:
            raise _unknown(name, known)
        return found

    async def named(self, text: str) -> Connection:
        """Return a connection by its id or by its name; should both be somebody's, the id counts.

        Raises:
            UnknownConnectionError: this organisation has none; names those it has.
        """
        connection_id = _read_id(text)
        if connection_id is not None:
            async with self._database.transaction(self._organisation_id) as transaction:
                found = await repository.by_id(transaction, connection_id)
            if found is not None:
                return found
        return await self.get(text)

    async def rename(self, name: str, new_name: str) -> Connection:
        """Give a connection another name.

        Raises:
            UnknownConnectionError, ConnectionExistsError, ConfigurationError: as `add` and `get`.
        """
        connection = await self.get(name)
        try:
            async with self._database.transaction(self._organisation_id) as transaction:
                renamed = await repository.rename(transaction, name, check_name(new_name))
        except UniqueViolationError as error:
            raise _name_taken(new_name) from error
        return renamed or _vanished(connection)

    async def renew(self, name: str, credentials: Credentials) -> Connection:
        """Replace the keys of a connection, and resume it if it was paused.

        Raises:
            UnknownConnectionError: there is none.
        """
        connection = await self.get(name)
        sealed = self._seal(connection.id, credentials)
        async with self._database.transaction(self._organisation_id) as transaction:
            renewed = await repository.keep_credentials(transaction, connection.id, sealed)
        return renewed or _vanished(connection)

    async def make_default(self, name: str) -> Connection:
        """Let a connection be meant where none is named.

        Raises:
            UnknownConnectionError: there is none.
        """
        connection = await self.get(name)
        async with self._database.transaction(self._organisation_id) as transaction:
            kept = await repository.make_default(transaction, connection.id)
        return kept or _vanished(connection)

    async def at(self, connection: Connection, url: str) -> Connection:
        """Return a connection as it would be at another address; nothing is written.

        Raises:
            ConfigurationError: the URL cannot be used.
            ConnectionExistsError: another connection leads there.
        """
        there = replace(connection, url=normalise_url(url), detected=None)
        taken = [other.id for other in await self.every() if other.url == there.url]
        if taken not in ([], [connection.id]):
            raise _exists(there, "connections_url_key")
        return there if there.url != connection.url else connection

    async def pause(self, name: str, reason: str) -> Connection:
        """Let no run use a connection until a person resumes it.

        Raises:
            UnknownConnectionError: there is none.
        """
        return await self._set_state(name, ConnectionState.PAUSED, reason)

    async def resume(self, name: str) -> Connection:
        """Let runs use a connection again. Which store it leads to is looked at again by the next.

        Raises:
            UnknownConnectionError: there is none.
        """
        return await self._set_state(name, ConnectionState.ACTIVE, None)

    async def _set_state(self, name: str, state: ConnectionState, reason: str | None) -> Connection:
        connection = await self.get(name)
        async with self._database.transaction(self._organisation_id) as transaction:
            kept = await repository.keep_state(transaction, connection.id, state, reason)
        return kept or _vanished(connection)

    async def configure(self, name: str, options: Options) -> Connection:
        """Replace what a person chose for a connection.

        Raises:
            UnknownConnectionError: there is none.
        """
        connection = await self.get(name)
        async with self._database.transaction(self._organisation_id) as transaction:
            kept = await repository.keep_options(transaction, connection.id, options)
        return kept or _vanished(connection)

    async def remove(self, name: str) -> None:
        """Remove a connection with all its snapshots, versions, runs and certificates.

        Raises:
            UnknownConnectionError: there is none.
        """
        connection = await self.get(name)
        async with self._database.transaction(self._organisation_id) as transaction:
            is_gone = await repository.delete(transaction, name)
        if not is_gone:
            _vanished(connection)

    def credentials(self, connection: Connection) -> Credentials:
        """Return the keys of a connection, unsealed.

        Raises:
            WrongEncryptionKeyError, SealBrokenError: they cannot be opened.
        """
        opened = self._vault.open(connection.sealed_credentials, bound_to=_place(connection.id))
        key, secret = msgspec.json.decode(opened, type=tuple[str, str])
        return Credentials(SecretStr(key), SecretStr(secret))

    async def probe(
        self, connection: Connection, probe: Probe, now: datetime, watch: Watch | None = None
    ) -> tuple[Connection, ProbeReport]:
        """Test a connection, telling `watch` of each check; keep and return what was found.

        Raises:
            UnknownConnectionError: it was removed meanwhile.
        """
        report = await probe(connection, self.credentials(connection), watch=watch)
        return await self.keep_report(connection, report, now), report

    async def keep_report(
        self, connection: Connection, report: ProbeReport, now: datetime
    ) -> Connection:
        """Keep what a test of a connection found.

        Raises:
            UnknownConnectionError: it was removed meanwhile.
        """
        text = msgspec.json.encode(report, enc_hook=_code_of).decode()
        async with self._database.transaction(self._organisation_id) as transaction:
            kept = await repository.keep_report(
                transaction, connection.id, text, report.scheme, report.store, now
            )
        return kept or _vanished(connection)

    @property
    def receiving_ends(self) -> ReceivingEnds:
        """Return where the stores of these connections deliver to."""
        return ReceivingEnds(self._database, self._vault, self._organisation_id)

    def sealer(self, connection: Connection) -> Sealer:
        """Return what seals the secrets in records pulled through a connection."""
        return Sealer(self._vault, f"mirror/{connection.id}")

    def _seal(self, connection_id: UUID, credentials: Credentials) -> bytes:
        pair = (credentials.key.get_secret_value(), credentials.secret.get_secret_value())
        return self._vault.seal(msgspec.json.encode(pair), bound_to=_place(connection_id))


def _read_id(text: str) -> UUID | None:
    """Return the id that a text is in its usual spelling; None where it is none."""
    if len(text) != 36:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


def _code_of(error: object) -> str:
    """Return what is kept of an error in a report: its message is there as a finding."""
    assert isinstance(error, StoretwinError)
    return error.code


def _place(connection_id: UUID) -> str:
    return f"connections/{connection_id}/credentials"


def _exists(connection: Connection, constraint: str) -> ConnectionExistsError:
    if constraint == "connections_url_key":
        return ConnectionExistsError(
            f"There is a connection to {connection.url} already.",
            remedy="See storetwin connection list.",
        )
    if constraint == "connections_name_key":
        return _name_taken(connection.name)
    raise InvariantError(f"A new connection violates {constraint}.")


def _name_taken(name: str) -> ConnectionExistsError:
    return ConnectionExistsError(
        f"There is a connection {name!r} already.",
        remedy="Choose another name, or remove that one (storetwin connection remove).",
    )


def _unknown(name: str | None, known: list[str]) -> UnknownConnectionError:
    wanted = "no default connection" if name is None else f"no connection {name!r}"
    if known:
        return UnknownConnectionError(
            f"There is {wanted}.", remedy=f"Use one of: {', '.join(known)}."
        )
    return UnknownConnectionError(
        f"There is {wanted}.",
        remedy="Add one: storetwin connection add NAME --url https://… --key ck_… --secret cs_…",
    )


def _vanished(connection: Connection) -> NoReturn:
    raise UnknownConnectionError(
        f"The connection {connection.name!r} was removed meanwhile.",
        remedy="See storetwin connection list.",
    )
