"""The register of connections: add, look up, rename, renew, pause, probe, remove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn
from uuid import UUID

import msgspec
from cryptography import x509
from pydantic import SecretStr

from storetwin.connections import repository
from storetwin.connections.models import (
    AuthScheme,
    Connection,
    ConnectionState,
    Credentials,
    check_name,
    doubts_about,
    normalise_url,
)
from storetwin.connections.options import Options
from storetwin.connections.probe import Probe, ProbeReport
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
    """

    name: str
    url: str
    credentials: Credentials
    auth: AuthScheme = AuthScheme.AUTO
    ca: str | None = None
    is_tls_insecure: bool = False


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
        connection_id = new_id(now)
        connection = Connection(
            id=connection_id,
            organisation_id=self._organisation_id,
            name=check_name(new.name),
            url=normalise_url(new.url),
            auth=new.auth,
            ca=_check_ca(new),
            is_tls_insecure=new.is_tls_insecure,
            sealed_credentials=self._seal(connection_id, new.credentials),
            created_at=now,
        )
        try:
            kept = await self._insert(connection)
        except UniqueViolationError as error:
            if error.constraint != "connections_one_default":
                raise _exists(connection, error.constraint) from error
            kept = await self._insert(connection)  # another process added the first one just now
        return Added(kept, doubts_about(new.credentials) + _doubts_about_scheme(kept))

    async def _insert(self, connection: Connection) -> Connection:
        async with self._database.transaction(self._organisation_id) as transaction:
            return await repository.insert(transaction, connection)

    async def every(self) -> list[Connection]:
        """Return all connections, the default first, then by name."""
        async with self._database.transaction(self._organisation_id) as transaction:
            return await repository.every(transaction)

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
            raise ConnectionExistsError(
                f"There is a connection {new_name!r} already.", remedy="Choose another name."
            ) from error
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
        self, connection: Connection, probe: Probe, now: datetime
    ) -> tuple[Connection, ProbeReport]:
        """Test a connection, keep what was found, and return it with the report.

        Raises:
            UnknownConnectionError: it was removed meanwhile.
        """
        report = await probe(connection, self.credentials(connection))
        text = msgspec.json.encode(report, enc_hook=_code_of).decode()
        async with self._database.transaction(self._organisation_id) as transaction:
            kept = await repository.keep_report(
                transaction, connection.id, text, report.scheme, report.store, now
            )
        return kept or _vanished(connection), report

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


def _check_ca(new: NewConnection) -> str | None:
    """Return the certificate's text if TLS can use it."""
    if new.ca is None:
        return None
    if new.is_tls_insecure:
        raise ConfigurationError(
            "A certificate authority is of no use when certificates are not checked.",
            remedy="Give either --ca or --insecure-tls.",
        )
    try:
        x509.load_pem_x509_certificates(new.ca.encode())
    except ValueError as error:
        raise ConfigurationError(
            "The certificate authority is not a certificate in PEM.",
            remedy="Give a file that has a line -----BEGIN CERTIFICATE-----.",
        ) from error
    return new.ca


def _doubts_about_scheme(connection: Connection) -> tuple[str, ...]:
    """WooCommerce reads Basic and query keys over https only (measured: docs/explanation/how-a-store-behaves.md)."""
    is_plain = connection.url.startswith("http://")
    if is_plain and connection.auth in {AuthScheme.BASIC, AuthScheme.QUERY}:
        return (f"WooCommerce ignores {connection.auth.value} keys over plain http; use oauth1.",)
    return ()


def _exists(connection: Connection, constraint: str) -> ConnectionExistsError:
    if constraint == "connections_url_key":
        return ConnectionExistsError(
            f"There is a connection to {connection.url} already.",
            remedy="See storetwin connection list.",
        )
    if constraint == "connections_name_key":
        return ConnectionExistsError(
            f"There is a connection {connection.name!r} already.",
            remedy="Choose another name, or remove that one (storetwin connection remove).",
        )
    raise InvariantError(f"A new connection violates {constraint}.")


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
