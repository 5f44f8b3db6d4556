"""Import mappings: what people write, which one is active, and what it makes of records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.core import definitions
from storetwin.core.definitions import ActiveMapping, Author, ImportMapping, UnknownMappingError
from storetwin.db.database import Transaction
from storetwin.hub.mapping_trials import MappingTrials
from storetwin.hub.running import Runner
from storetwin.hub.staging import Staging
from storetwin.kernel.errors import ConfigurationError
from storetwin.kernel.ids import new_id
from storetwin.mapping import documents
from storetwin.mapping.definition import check
from storetwin.mapping.flaws import MappingFlawedError
from storetwin.mapping.written import is_text
from storetwin.staging import repository as staging_repository
from storetwin.staging.copies import Store
from storetwin.staging.models import State

LONGEST_NAME = 100
MOST_MAPPINGS = 100  # of one connection
RESERVED = frozenset({"active", "suggestion", "steps"})
LARGEST = 1_000_000  # characters of a document
AT_ONCE = 20_000
"""Linked records that are marked before activating answers; a worker marks more than that."""


@dataclass(frozen=True, slots=True)
class Activated:
    """What activating came to.

    Args:
        before: the version that was active until now.
        linked: records that are compared with core again.
    """

    mapping: ImportMapping | None
    before: ActiveMapping | None
    linked: int


@dataclass(frozen=True, slots=True)
class Mappings:
    """The import mappings of one organisation."""

    runner: Runner

    @property
    def trials(self) -> MappingTrials:
        """Return the verbs that try a mapping on records."""
        return MappingTrials(self.runner)

    # -- looking --------------------------------------------------------------------------------

    async def list(self, connection: str | None = None) -> list[tuple[Connection, ImportMapping]]:
        """Return the import mappings of a connection, or of all, the oldest first.

        Raises:
            UnknownConnectionError: there is no such connection.
        """
        register = self.runner.register
        chosen = [await register.named(connection)] if connection else await register.every()
        by_id = {one.id: one for one in chosen}
        only = chosen[0].id if connection else None
        async with self._transaction() as tx:
            found = await definitions.list_mappings(tx, self.runner.organisation_id, only)
        return [(by_id[one.connection_id], one) for one in found if one.connection_id in by_id]

    async def one(self, connection: str | None, mapping: str) -> ImportMapping:
        """Return an import mapping by its name or id; by its id alone without a connection.

        Raises:
            UnknownConnectionError: there is no such connection.
            UnknownMappingError: it has no such mapping.
        """
        for _, one in await self.list(connection):
            if mapping == str(one.id) or (connection is not None and mapping == one.name):
                return one
        raise UnknownMappingError(f"There is no import mapping {mapping!r}.")

    async def active(self, connection: str) -> tuple[ImportMapping, ActiveMapping] | None:
        """Return the import mapping that is active, with the version that is; None for none."""
        chosen = await self.runner.register.named(connection)
        async with self._transaction() as tx:
            active = await definitions.read_active(tx, self._owner(chosen))
        if active is None:
            return None
        return await self.one(connection, str(active.definition_id)), active

    async def required_active(self, connection: str) -> tuple[ImportMapping, ActiveMapping]:
        """Return the import mapping that is active.

        Raises:
            UnknownMappingError: none is.
        """
        found = await self.active(connection)
        if found is None:
            raise UnknownMappingError(
                "No import mapping is active.", remedy="Activate one: storetwin mapping activate."
            )
        return found

    def check(self, document: Any) -> None:
        """Let no document pass that has a flaw.

        Raises:
            MappingFlawedError: says everything that is wrong with it.
        """
        checked(document)

    async def version(self, connection: str, mapping: str, version: int) -> ActiveMapping:
        """Return what a version of an import mapping says.

        Raises:
            UnknownMappingError: there is no such mapping, or it never had that version.
        """
        found = await self.one(connection, mapping)
        owner = (self.runner.organisation_id, found.connection_id)
        async with self._transaction() as tx:
            read = await definitions.read_version(tx, owner, found.id, version)
        if read is None:
            raise UnknownMappingError(f"{found.name} has no version {version}.")
        return read

    # -- writing --------------------------------------------------------------------------------

    async def create(
        self, connection: str, name: str, document: Any, user_id: UUID | None = None
    ) -> ImportMapping:
        """Add an import mapping; it is not active.

        Raises:
            MappingFlawedError: says everything that is wrong with the document.
            MappingNameTakenError: the connection has one of that name.
            ConfigurationError: the name cannot be used, or there are too many.
        """
        chosen = await self.runner.register.named(connection)
        _check_name(name)
        text = checked(document)
        now = self.runner.clock()
        made = ImportMapping(
            new_id(now), chosen.id, name.strip(), 1, None, text, now, user_id, now, user_id, None
        )
        async with self._transaction() as tx:
            known = await definitions.list_mappings(tx, self.runner.organisation_id, chosen.id)
            if len(known) >= MOST_MAPPINGS:
                raise ConfigurationError(
                    f"The connection has {MOST_MAPPINGS} import mappings already.",
                    remedy="Remove one that is not needed any more.",
                )
            author = Author(now, user_id)
            await definitions.insert_mapping(tx, self._owner(chosen), made, author)
        return made

    async def change(
        self,
        connection: str | None,
        mapping: str,
        *,
        name: str | None = None,
        document: Any = None,
        user_id: UUID | None = None,
    ) -> ImportMapping:
        """Change an import mapping: what is active stays so, the change is a draft until activated.

        Raises:
            UnknownMappingError: there is no such mapping.
            MappingFlawedError: says everything that is wrong with the document.
            MappingNameTakenError: another mapping of the connection is called so.
        """
        before = await self.one(connection, mapping)
        if name is not None:
            _check_name(name)
        text = None if document is None else checked(document)

        def put(old_name: str, old_document: str) -> tuple[str, str]:
            return name.strip() if name else old_name, text or old_document

        owner = (self.runner.organisation_id, before.connection_id)
        author = Author(self.runner.clock(), user_id)
        async with self._transaction() as tx:
            await definitions.change_mapping(tx, owner, before.id, put, author)
        return await self.one(connection, str(before.id))

    async def activate(
        self, connection: str, mapping: str | None, user_id: UUID | None = None
    ) -> Activated:
        """Let the latest version of a mapping be the active one; None: no mapping any more.

        What was promoted is compared with core again, by the new one.

        Raises:
            UnknownMappingError: there is no such mapping.
        """
        chosen = await self.runner.register.named(connection)
        wanted = await self.one(connection, mapping) if mapping is not None else None
        owner, author = self._owner(chosen), Author(self.runner.clock(), user_id)
        async with self._transaction() as tx:
            before = await definitions.switch(tx, owner, wanted.id if wanted else None, author)
            is_switched = await definitions.read_switch(tx, owner) is not None
            if is_switched:
                await staging_repository.make_one_stale(tx, Store(*owner))
        staging = Staging(self.runner)
        linked = 0
        if is_switched:
            counts = await staging.counts(connections=[chosen.id])
            compared = (State.IN_SYNC, State.UPDATED, State.STALE)
            linked = sum(one.records for one in counts if one.state in compared)
            if linked <= AT_ONCE:
                await staging.mapped_anew(chosen)
        after = await self.one(connection, str(wanted.id)) if wanted else None
        return Activated(after, before, linked)

    async def remove(
        self, connection: str | None, mapping: str, user_id: UUID | None = None
    ) -> None:
        """Take an import mapping away.

        Raises:
            UnknownMappingError: there is no such mapping.
            MappingActiveError: it is active.
        """
        found = await self.one(connection, mapping)
        owner = (self.runner.organisation_id, found.connection_id)
        author = Author(self.runner.clock(), user_id)
        async with self._transaction() as tx:
            await definitions.remove_mapping(tx, owner, found.id, author)

    # -- inside ---------------------------------------------------------------------------------

    def _owner(self, connection: Connection) -> tuple[UUID, UUID]:
        return self.runner.organisation_id, connection.id

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.runner.database.transaction(self.runner.organisation_id)


def checked(document: Any) -> str:
    """Return a document as it is kept.

    Raises:
        MappingFlawedError: says everything that is wrong with it.
    """
    flaws = check(document)
    if flaws:
        raise MappingFlawedError(flaws)
    text = documents.written(_exact(document))
    if len(text) > LARGEST:
        raise ConfigurationError(
            f"The import mapping has more than {LARGEST:,} characters.",
            remedy="Make its tables smaller.",
        )
    return text


def plain(document: str) -> Mapping[str, Any]:
    """Return a document as JSON values."""
    read: dict[str, Any] = json.loads(document)
    return read


def _exact(value: Any) -> Any:
    """Return a document with its numbers as they were written."""
    if isinstance(value, float):
        return documents.read(f'{{"n": {value!r}}}')["n"]
    if isinstance(value, dict):
        return {name: _exact(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return value


def _check_name(name: str) -> None:
    bare = name.strip()
    if not bare or len(bare) > LONGEST_NAME or not is_text(bare):
        raise ConfigurationError(
            f"The name of an import mapping has 1 to {LONGEST_NAME} characters.",
            remedy="Choose another name.",
        )
    if bare in RESERVED:
        raise ConfigurationError(
            f"No import mapping is called {bare!r}: it means something else here.",
            remedy="Choose another name.",
        )
