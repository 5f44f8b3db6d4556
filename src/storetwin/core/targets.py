"""How core records shall stand: what the stores say, folded, with what people changed: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
        place = _Place(around, around.tables.row, reference, named.connection_id if named else None)
        row[reference.remote] = named.remote_id if named else None
        place.point(target, row, old.row if old else {})
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
            place = _Place(around, table, reference, source)
            for key, row in put.items():
                place.point(target, row, known.get(key, {}))


@dataclass(slots=True)
class _Place:
    """A reference, as it stands in the rows of one record.

    Args:
        connection_id: of the store in whose words records are named there.
    """

    around: Surroundings
    table: Table
    reference: Reference
    connection_id: UUID | None
    resource: str = ""
    known: Mapping[str, UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        noun = self.reference.noun
        self.resource = self.around.resources.get(noun, noun)
        if self.connection_id is not None:
            store = (self.connection_id, self.resource)
            self.known = self.around.core_ids.get(store, {})

    def point(self, target: Target, row: Cells, old: Cells) -> None:
        """Fill in the core id of what a row names; what is not in core yet is waited for."""
        name, remote = self.reference.name, self.reference.remote
        remote_id = row.get(remote)
        core_id: Cell = self.known.get(remote_id) if isinstance(remote_id, str) else None
        if core_id is None:
            if isinstance(remote_id, str) and self.connection_id is not None:
                origin = Origin(self.connection_id, self.resource, remote_id)
                pending = Pending(origin, f"{self.table.name}.{name}", target.stand.core_id)
                target.pending.append(pending)
            if old.get(remote) == remote_id:
                core_id = old.get(name)
        row[name] = core_id


def _levels(around: Surroundings, said: Iterable[Said]) -> Iterable[Cells]:
    for one in said:
        if not one.is_gone and one.connection_id in around.locations:
            yield {
                "key": str(one.connection_id),
                "position": 0,
                LOCATION: around.locations[one.connection_id],
                **one.mapped.level,
            }
