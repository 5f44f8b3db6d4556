"""Import mappings as they are kept: several a connection, one active, every version that ever was.

Whoever maps records in order to write something about them holds the mapping meanwhile
(:func:`hold_active`); switching waits for those, so that nothing is written by a mapping that is not
active any more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from storetwin.db.database import Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import ConflictError, UnknownNameError
from storetwin.mapping.definition import Rules, compile_rules
from storetwin.mapping.documents import read
from storetwin.mapping.models import Noun
from storetwin.mapping.nouns import NOUNS

Q = load_queries(__package__)
Names = tuple[UUID, UUID]
"""Organisation and connection."""


class MappingNameTakenError(ConflictError):
    """The connection has another import mapping of that name."""

    code = "mapping_name_taken"
    default_remedy = "Choose another name."


class MappingActiveError(ConflictError):
    """The import mapping is active."""

    code = "mapping_active"
    default_remedy = "Activate another one first, or none: storetwin mapping deactivate."


class UnknownMappingError(UnknownNameError):
    """There is no such import mapping."""

    code = "unknown_mapping"
    default_remedy = "See which there are: storetwin mapping list."


@dataclass(frozen=True, slots=True)
class ActiveMapping:
    """The version of an import mapping by which records are mapped."""

    definition_id: UUID
    version: int
    document: str

    def rules_for(self, noun: Noun) -> Rules:
        """Return its rules for a noun, compiled once in a process."""
        return compiled(self.document, noun.name)


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """An import mapping with what its latest version says.

    Args:
        version: the latest; a draft unless it is the active one.
        active_version: by which records are promoted; None for none of this mapping.
        document: as JSON text.
    """

    id: UUID
    connection_id: UUID
    name: str
    version: int
    active_version: int | None
    document: str
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    activated_at: datetime | None

    @property
    def is_active(self) -> bool:
        """Say whether one of its versions is active."""
        return self.active_version is not None

    @property
    def has_draft(self) -> bool:
        """Say whether its latest version is not the active one."""
        return self.version != self.active_version


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes a mapping, and when."""

    now: datetime
    user_id: UUID | None = None


@lru_cache(maxsize=256)
def compiled(document: str, noun: str) -> Rules:
    """Return the rules of a document for a noun."""
    return compile_rules(read(document), NOUNS[noun])


async def hold_active(tx: Transaction, owner: Names) -> ActiveMapping | None:
    """Return the import mapping that is active; it stays so until the transaction ends."""
    await tx.execute(Q.hold_mapping, {"connection_id": owner[1]})
    return await read_active(tx, owner)


async def read_active(tx: Transaction, owner: Names) -> ActiveMapping | None:
    """Return the import mapping that is active now; None where there is none."""
    row = await tx.fetch_one(Q.read_active_mapping, _own(owner))
    return None if row is None else ActiveMapping(row["id"], row["version"], row["document"])


async def list_mappings(
    tx: Transaction, organisation_id: UUID, connection_id: UUID | None = None
) -> list[ImportMapping]:
    """Return the import mappings of a connection, or of all."""
    of = {"organisation_id": organisation_id, "connection_id": connection_id}
    return [_mapping(row) for row in await tx.fetch_all(Q.list_mappings, of)]


async def read_version(
    tx: Transaction, owner: Names, mapping_id: UUID, version: int
) -> ActiveMapping | None:
    """Return what a version says, also of a mapping that was removed; None where it never was."""
    of = _own(owner) | {"id": mapping_id, "version": version}
    row = await tx.fetch_one(Q.read_mapping_version, of)
    return None if row is None else ActiveMapping(mapping_id, row["version"], row["document"])


async def insert_mapping(
    tx: Transaction, owner: Names, made: ImportMapping, author: Author
) -> None:
    """Add an import mapping.

    Raises:
        MappingNameTakenError: there is one of that name.
    """
    of = _own(owner) | _author(author) | {"id": made.id, "name": made.name}
    if await tx.fetch_one(Q.insert_mapping, of) is None:
        raise _taken(made.name)
    await tx.execute(Q.put_mapping_version, of | {"version": 1, "document": made.document})


async def change_mapping(
    tx: Transaction,
    owner: Names,
    mapping_id: UUID,
    change: Callable[[str, str], tuple[str, str]],
    author: Author,
) -> None:
    """Change the name of an import mapping, or what it says: of a draft, else as a new draft.

    Args:
        change: takes name and document, and returns both as they shall be.

    Raises:
        UnknownMappingError: there is none any more.
        MappingNameTakenError: another one is called so.
    """
    own = _own(owner) | {"id": mapping_id}
    row = await _locked(tx, own)
    name, document = change(row["name"], row["document"])
    version = row["version"]
    if document != row["document"] and row["activated_at"] is not None:
        version += 1
    of = own | _author(author) | {"name": name, "version": version}
    if name != row["name"] and await tx.fetch_one(Q.is_mapping_name_taken, of):
        raise _taken(name)
    if document != row["document"]:
        await tx.execute(Q.put_mapping_version, of | {"document": document})
    await tx.execute(Q.update_mapping, of)


async def switch(
    tx: Transaction, owner: Names, mapping_id: UUID | None, author: Author
) -> ActiveMapping | None:
    """Let the latest version of a mapping be the active one, None: no mapping; return what was.

    It waits for whoever works with the one that is active. Linked records are to be compared by the
    new one: that is written down until it is done (:func:`read_switch`).

    Raises:
        UnknownMappingError: there is none any more.
    """
    own = _own(owner) | _author(author)
    await tx.execute(Q.switch_mapping, own)
    before = await read_active(tx, owner)
    if mapping_id is None:
        await tx.execute(Q.deactivate_mappings, own)
        if before is not None:
            await tx.execute(Q.put_switch, own)
        return before
    own["id"] = mapping_id
    row = await _locked(tx, own)
    if before is not None and (before.definition_id, before.version) == (row["id"], row["version"]):
        return before
    await tx.execute(Q.deactivate_mappings, own)
    await tx.execute(Q.activate_mapping, own)
    await tx.execute(Q.note_mapping_activated, own | {"version": row["version"]})
    await tx.execute(Q.put_switch, own)
    return before


async def remove_mapping(tx: Transaction, owner: Names, mapping_id: UUID, author: Author) -> None:
    """Take an import mapping away; its versions stay, for links name them.

    Raises:
        UnknownMappingError: there is none any more.
        MappingActiveError: it is active.
    """
    own = _own(owner) | _author(author) | {"id": mapping_id}
    row = await _locked(tx, own)
    if row["active_version"] is not None:
        raise MappingActiveError(f"The import mapping {row['name']} is active.")
    await tx.execute(Q.remove_mapping, own)


async def read_switch(tx: Transaction, owner: Names) -> datetime | None:
    """Return when the mapping was switched, where linked records are still to be marked."""
    row = await tx.fetch_one(Q.read_switch, _own(owner))
    return row["switched_at"] if row else None


async def drop_switch(tx: Transaction, owner: Names, switched_at: datetime) -> None:
    """Note that all linked records are marked, unless it was switched again meanwhile."""
    await tx.execute(Q.drop_switch, _own(owner) | {"switched_at": switched_at})


async def _locked(tx: Transaction, own: Row) -> Row:
    row = await tx.fetch_one(Q.lock_mapping, own)
    if row is None:
        raise UnknownMappingError("There is no such import mapping any more.")
    return row


def _taken(name: str) -> MappingNameTakenError:
    return MappingNameTakenError(f"The connection has an import mapping {name!r} already.")


def _own(owner: Names) -> Row:
    return {"organisation_id": owner[0], "connection_id": owner[1]}


def _author(author: Author) -> Row:
    return {"now": author.now, "user_id": author.user_id}


def _mapping(row: Row) -> ImportMapping:
    return ImportMapping(**row)
