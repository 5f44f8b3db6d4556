"""How core records shall stand: what the stores say, folded, with what people changed: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.merging import Folded, Named, Said, edited
from storetwin.core.models import Origin
from storetwin.core.records import Cells, Stand, by_key
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
        core_ids: which core record each record that is named is, where that is known.
        locations: where the stock of each connection lies.
        resources: by the noun that a reference names, the resource of its records.
    """

    noun: Noun
    tables: Tables
    core_ids: Mapping[Origin, UUID]
    locations: Mapping[UUID, UUID]
    resources: Mapping[str, str]
    now: datetime


def named_by(noun: Noun, folded: Iterable[Folded], resources: Mapping[str, str]) -> set[Origin]:
    """Return every record that some records name."""
    found: set[Origin] = set()
    below = [(part.table, one) for part in noun.parts for one in part.references]
    for one in folded:
        for reference in noun.references:
            if named := one.references.get(reference.name):
                found.add(_origin(named, reference, resources))
        for table, reference in below:
            for row in one.parts.get(table, ()):
                remote_id = row.get(reference.remote)
                if isinstance(remote_id, str):
                    named = Named(one.sources[table], remote_id)
                    found.add(_origin(named, reference, resources))
    return found


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
    if noun.derive is not None:
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
        _point(around, target, around.tables.row, row, reference, named, old.row if old else {})
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
            for key, row in put.items():
                remote_id = row.get(reference.remote)
                named = Named(source, remote_id) if isinstance(remote_id, str) else None
                _point(around, target, table, row, reference, named, known.get(key, {}))


def _point(
    around: Surroundings,
    target: Target,
    table: Table,
    row: Cells,
    reference: Reference,
    named: Named | None,
    old: Cells,
) -> None:
    """Fill in both columns of a reference; what is not in core yet is waited for."""
    remote_id = named.remote_id if named else None
    core_id: Any = None
    if named is not None:
        origin = _origin(named, reference, around.resources)
        core_id = around.core_ids.get(origin)
        if core_id is None:
            place = f"{table.name}.{reference.name}"
            target.pending.append(Pending(origin, place, target.stand.core_id))
    if core_id is None and old.get(reference.remote) == remote_id:
        core_id = old.get(reference.name)
    row[reference.remote], row[reference.name] = remote_id, core_id


def _levels(around: Surroundings, said: Iterable[Said]) -> Iterable[Cells]:
    for one in said:
        if not one.is_gone and one.connection_id in around.locations:
            yield {
                "key": str(one.connection_id),
                "position": 0,
                LOCATION: around.locations[one.connection_id],
                **one.mapped.level,
            }


def _origin(named: Named, reference: Reference, resources: Mapping[str, str]) -> Origin:
    resource = resources.get(reference.noun, reference.noun)
    return Origin(named.connection_id, resource, named.remote_id)
