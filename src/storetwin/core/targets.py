"""How core records shall stand: what the stores say, folded, with what people changed: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.links import Store
from storetwin.core.merging import Folded, Said, edited
from storetwin.core.models import Origin
from storetwin.core.records import Cell, Cells, Stand, by_key
from storetwin.core.statements import CONNECTION, EXTRA, LEVELS, LOCATION, Table, Tables
from storetwin.mapping.models import Noun, Reference, Row, Value

PATH = "slug_path"
"""A column that core keeps by itself, from the records above: see paths.py."""
GUEST = "is_guest"


@dataclass(frozen=True, slots=True)
class Pending:
    """A reference that names a record which is not in core yet.

    Args:
        place: table and column.
    """

    origin: Origin
    place: str
    core_id: UUID


@dataclass(slots=True)
class Target:
    """How a record shall stand.

    Args:
        said: what the stores say of the columns that people changed.
    """

    stand: Stand
    said: Row = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the records of a batch are put together with.

    Args:
        core_ids: which core record each record that is named is, where that is known, by store,
            resource and id.
        locations: where the stock of each connection lies.
        resources: by the noun that a reference names, the resource of its records.
    """

    noun: Noun
    tables: Tables
    core_ids: Mapping[Store, Mapping[str, UUID]]
    locations: Mapping[UUID, UUID]
    resources: Mapping[str, str]
    now: datetime
    places: dict[tuple[str, str, UUID], _Place] = field(default_factory=dict)

    def place(self, table: Table, reference: Reference, connection_id: UUID) -> _Place:
        """Return a reference in the words of a store; worked out once."""
        key = (table.name, reference.name, connection_id)
        found = self.places.get(key)
        if found is None:
            resource = self.resources.get(reference.noun, reference.noun)
            found = self.places[key] = _Place(
                f"{table.name}.{reference.name}",
                reference.name,
                reference.remote,
                connection_id,
                resource,
                self.core_ids.get((connection_id, resource), {}),
            )
        return found


def named_by(
    noun: Noun, folded: Iterable[Folded], resources: Mapping[str, str]
) -> dict[Store, set[str]]:
    """Return the ids of every record that some records name, by store and resource."""
    found: dict[Store, set[str]] = {}
    own = [(one.name, resources.get(one.noun, one.noun)) for one in noun.references]
    below = [
        (part.table, one.remote, resources.get(one.noun, one.noun))
        for part in noun.parts
        for one in part.references
    ]
    for one in folded:
        for name, resource in own:
            if named := one.references.get(name):
                found.setdefault((named.connection_id, resource), set()).add(named.remote_id)
        for table, remote, resource in below:
            if rows := one.parts.get(table):
                ids = found.setdefault((one.sources[table], resource), set())
                ids.update(str(row[remote]) for row in rows if row.get(remote) is not None)
    return {store: ids for store, ids in found.items() if ids}


def target_of(
    around: Surroundings,
    core_id: UUID,
    said: Sequence[Said],
    folded: Folded,
    edits: Mapping[str, Value],
    old: Stand | None,
) -> Target:
    """Return how a record shall stand.

    Args:
        said: what every store says of it, one at least.
        folded: the same, folded.
        edits: what people changed of it, by column.
        old: how it stands; None of a new one.
    """
    noun, columns = around.noun, around.tables.row.columns
    values = edited(folded.values, edits)
    if noun.derive is not None and (edits or len(said) > 1):  # else the mapper has done it
        values = {**values, **noun.derive(values, folded.parts)}
    row: Cells = dict(values)
    if PATH in columns:
        row[PATH] = old.row.get(PATH) if old else None
    if GUEST in columns:
        row[GUEST] = False
    row |= noun.constants
    row[EXTRA] = folded.extra
    if CONNECTION in columns:
        row[CONNECTION] = said[0].connection_id
    gone_at = (old and old.gone_at) or around.now
    target = Target(
        Stand(core_id, row, gone_at=gone_at if folded.is_gone else None),
        {name: folded.values.get(name) for name in edits},
    )
    for reference in noun.references:
        named = folded.references.get(reference.name)
        row[reference.remote] = named.remote_id if named else None
        if named:
            place = around.place(around.tables.row, reference, named.connection_id)
            place.point(target, row, old.row if old else {})
        else:
            kept = old is not None and old.row.get(reference.remote) is None
            row[reference.name] = old.row.get(reference.name) if old and kept else None
    _add_parts(around, target, folded, old)
    if noun.levels:
        target.stand.parts[LEVELS] = by_key(_levels(around, said))
    return target


def _add_parts(around: Surroundings, target: Target, folded: Folded, old: Stand | None) -> None:
    for name, rows in folded.parts.items():
        if not rows:
            continue
        table, source = around.tables.parts[name], folded.sources[name]
        known = old.parts.get(name, {}) if old else {}
        put = target.stand.parts[name] = by_key(rows)
        for reference in table.references:
            place = around.place(table, reference, source)
            for key, row in put.items():
                place.point(target, row, known.get(key, {}))


@dataclass(slots=True)
class _Place:
    """A reference in the words of one store, wherever it stands.

    Args:
        name: of the column with the core id; ``remote`` of the one beside it.
        connection_id: of the store.
        known: which core record each record that is named is.
    """

    path: str
    name: str
    remote: str
    connection_id: UUID
    resource: str
    known: Mapping[str, UUID]

    def point(self, target: Target, row: Cells, old: Cells) -> None:
        """Fill in the core id of what a row names; what is not in core yet is waited for."""
        remote_id: Any = row.get(self.remote)
        if remote_id is None:
            row[self.name] = None
            return
        core_id: Cell = self.known.get(remote_id)
        if core_id is None:
            origin = Origin(self.connection_id, self.resource, remote_id)
            target.pending.append(Pending(origin, self.path, target.stand.core_id))
            if old.get(self.remote) == remote_id:
                core_id = old.get(self.name)
        row[self.name] = core_id


def _levels(around: Surroundings, said: Iterable[Said]) -> Iterable[Cells]:
    for one in said:
        if not one.is_gone and one.connection_id in around.locations:
            yield {
                "key": str(one.connection_id),
                "position": 0,
                LOCATION: around.locations[one.connection_id],
                **one.mapped.level,
            }
