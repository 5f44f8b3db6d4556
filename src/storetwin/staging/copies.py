"""The twin's copies of records, and what they come to in core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from storetwin.core.definitions import hold_active
from storetwin.core.models import Origin
from storetwin.db.database import Database, Row, Transaction
from storetwin.db.queries import load_queries
from storetwin.kernel.errors import RecordError
from storetwin.mapping.documents import read
from storetwin.mapping.mapper import Definition, Mapper, compile_mapper
from storetwin.mapping.models import Mapped, Noun, Site
from storetwin.mapping.nouns import NOUNS, noun_of
from storetwin.staging.models import State

Q = load_queries(__package__)

CURRENCY = "general/woocommerce_currency"
WEIGHT_UNIT = "products/woocommerce_weight_unit"
DIMENSION_UNIT = "products/woocommerce_dimension_unit"
GONE = "gone"
PARTIAL = "partial"
_ORDER = {noun.resource: place for place, noun in enumerate(NOUNS.values()) if noun.resource}


@dataclass(frozen=True, slots=True)
class Active:
    """The import mapping of a connection that is active."""

    definition_id: UUID | None = None
    version: int | None = None
    of: Callable[[Noun], Definition | None] = field(default=lambda _: None, compare=False)


@dataclass
class Store:
    """A connection's records, and how they are mapped.

    Args:
        organisation_id: whose it is.
    """

    organisation_id: UUID
    connection_id: UUID
    site: Site = field(default_factory=Site)
    active: Active = field(default_factory=Active)

    def origin(self, resource: str, remote_id: str) -> Origin:
        """Return the name of one of its records."""
        return Origin(self.connection_id, resource, remote_id)

    def params(self, resource: str | None = None) -> dict[str, Any]:
        """Return what each statement is about."""
        own = {"organisation_id": self.organisation_id, "connection_id": self.connection_id}
        return own | {"resource": resource}

    @cached_property
    def mappers(self) -> dict[str, Mapper]:
        """Return what was compiled so far."""
        return {}

    def mapper(self, noun: Noun) -> Mapper:
        """Return what maps the records of a resource."""
        found = self.mappers.get(noun.resource)
        if found is None:
            found = compile_mapper(noun, self.active.of(noun), self.site)
            self.mappers[noun.resource] = found
        return found


BREATH = 3
"""Records that are mapped before others may go on."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A record as staging has it, with what it comes to.

    Args:
        mapped: None where the store has it no more, or the twin has no copy.
        problem: why it cannot be promoted as it is.
        active: the import mapping by which it was mapped.
    """

    origin: Origin
    state: State
    is_gone: bool
    is_anew: bool
    version: int
    core_id: UUID | None
    mapped: Mapped | None
    problem: str | None = None
    active: Active = field(default_factory=Active)


async def open_store(
    tx: Transaction, organisation_id: UUID, connection_id: UUID, active: Active | None = None
) -> Store:
    """Return a connection's records with what its settings say of them.

    Args:
        active: the import mapping they are mapped by; None: the active one, which stays so until
            the transaction ends.
    """
    if active is None:
        active = await hold(tx, organisation_id, connection_id)
    params = {"organisation_id": organisation_id, "connection_id": connection_id}
    ids = [CURRENCY, WEIGHT_UNIT, DIMENSION_UNIT]
    rows = await tx.fetch_all(Q.read_site, params | {"ids": ids})
    said = {row["remote_id"]: row["value"] or None for row in rows}
    site = Site(said.get(CURRENCY), said.get(WEIGHT_UNIT), said.get(DIMENSION_UNIT))
    return Store(organisation_id, connection_id, site, active)


async def hold(tx: Transaction, organisation_id: UUID, connection_id: UUID) -> Active:
    """Return the import mapping that is active; it stays so until the transaction ends."""
    found = await hold_active(tx, (organisation_id, connection_id))
    return (
        Active() if found is None else Active(found.definition_id, found.version, found.rules_for)
    )


async def renew(tx: Transaction, store: Store, copies: Sequence[Copy]) -> Sequence[Copy]:
    """Return copies as the active import mapping maps them: read again if it is another one by now."""
    active = await hold(tx, store.organisation_id, store.connection_id)
    if active != store.active:
        store.active = active
        store.mappers.clear()
    if all(copy.active == active for copy in copies):
        return copies
    ids = [copy.origin.remote_id for copy in copies]
    return await read_copies(tx, store, copies[0].origin.resource, ids)


async def read_copies(
    tx: Transaction, store: Store, resource: str, ids: Sequence[str]
) -> list[Copy]:
    """Return some records with what they come to; those that are not there are left out."""
    noun = known_noun(resource)
    return [_copy_of(store, noun, row) for row in await _read(tx, store, resource, ids)]


async def read_ahead(
    database: Database, store: Store, resource: str, ids: Sequence[str]
) -> list[Copy]:
    """Return the same, and let others go on in between: there is time."""
    noun = known_noun(resource)
    async with database.transaction(store.organisation_id) as tx:
        rows = await _read(tx, store, resource, ids)
    copies = []
    for number, row in enumerate(rows, 1):
        copies.append(_copy_of(store, noun, row))
        if number % BREATH == 0:
            await asyncio.sleep(0)
    return copies


async def _read(tx: Transaction, store: Store, resource: str, ids: Sequence[str]) -> list[Row]:
    return await tx.fetch_all(Q.read_copies, store.params(resource) | {"ids": list(ids)})


def known_noun(resource: str) -> Noun:
    """Return what the records of a resource become.

    Raises:
        RecordError: nobody knows the resource any more.
    """
    noun = noun_of(resource)
    if noun is None:
        raise RecordError(f"There is no resource {resource!r} any more.")
    return noun


def in_order(resources: Sequence[str]) -> list[str]:
    """Return resources so that what is named comes before what names it."""
    return sorted(resources, key=lambda resource: (_ORDER.get(resource, len(_ORDER)), resource))


def _copy_of(store: Store, noun: Noun, row: Row) -> Copy:
    mapped, problem = None, None
    if not row["is_gone"]:
        mapped, problem = _map(store, noun, row)
    return Copy(
        origin=store.origin(noun.resource, row["remote_id"]),
        state=State(row["state"]),
        is_gone=row["is_gone"],
        is_anew=row["is_anew"],
        version=row["version"],
        core_id=row["core_id"],
        mapped=mapped,
        problem=problem,
        active=store.active,
    )


def _map(store: Store, noun: Noun, row: Row) -> tuple[Mapped | None, str | None]:
    """Return what a record comes to, or why that is nothing that could be promoted."""
    document = row["payload"] if row["payload"] is not None else row["raw"]
    if document is None:
        return None, "The twin has no copy of it: pull again."
    if row["twin_state"] == PARTIAL:
        return (
            None,
            "The store does not show its custom fields: promoted as it is it would lose them.",
        )
    container = row["parent_id"] if row["parent_id"] not in ("", "0") else None
    try:
        mapped = store.mapper(noun).map(read(document), container)
    except RecordError as error:
        return None, error.message
    fatal = [problem.message for problem in mapped.problems if problem.is_fatal]
    return mapped, fatal[0] if fatal else None
